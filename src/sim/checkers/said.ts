/**
 * What one server said on its links, and what may be expected of it for that. A hello is held against what the lives
 * before it said; a server whose disk lies or is damaged is not held to it.
 */
import type { ByteReader } from '../../lib/bytes.ts';
import { readTable } from '../../replication/epoch-table.ts';

export type Said = {
  /** The newest version that it called durable, in all its lives: what was acknowledged counted on that. */
  everDurable: number;
  /** The same since its directory was last new, and the epoch that it keeps: what it must remember. */
  durable: number;
  epoch: number;
  /** What its last hello told: durable when it is ready, and no sooner. */
  last: number;
  recovered: number;
  /** The newest version that this life of the broker heard it call durable; whether its last hello had less. */
  heard: number;
  isShort: boolean;
  /** Whether what it said is over, and what still comes was said before: its directory was wiped. */
  isWiped: boolean;
  /** Whether its last hello told of damage, and it was not let in since: epochs that were decided before may come after. */
  isKept: boolean;
  /** Whether it can be held to it. */
  isTrusted: boolean;
  /** Whether its disk ever lost something. */
  hasLost: boolean;
  /** Whether its life of now recovered, and when it was told of an epoch then, counted in frames and tables. */
  isRecovered: boolean;
  toldAt: number;
  /** When it was last heard of. */
  heardMs: number;
  /** Who of the others, as long as it is heard, was the first after that to say that it had synced something, and when. */
  outdone: { readonly by: Said; readonly atMs: number } | null;
  /** Since when the broker was seen to say that there is none; null: it does not. */
  downMs: number | null;
};

/** Of a server that said nothing yet. */
export function newSaid(): Said {
  return {
    everDurable: 0,
    durable: 0,
    epoch: 0,
    last: 0,
    recovered: 0,
    heard: 0,
    isShort: false,
    isWiped: false,
    isKept: false,
    isTrusted: true,
    hasLost: false,
    isRecovered: false,
    toldAt: Number.POSITIVE_INFINITY,
    heardMs: 0,
    outdone: null,
    downMs: null,
  };
}

/** It remembers nothing. */
export function forget(said: Said): void {
  said.durable = 0;
  said.epoch = 0;
  said.last = 0;
  said.recovered = 0;
  said.heard = 0;
  said.isShort = false;
}

/** It calls everything up to a version durable. */
export function sayDurable(said: Said, version: number): void {
  if (!said.isWiped) said.durable = Math.max(said.durable, version);
  said.everDurable = Math.max(said.everDurable, version);
}

/** What a server remembers must be what it said; `reader` is behind the kind byte of its hello. Answers what is not. */
export function sayHello(said: Said, server: number, reader: ByteReader): string | null {
  reader.f64();
  const last = reader.f64();
  reader.f64();
  reader.f64();
  reader.u8();
  const corrupt = reader.sizedText();
  const epoch = reader.remaining > 0 ? readTable(reader).epoch : 0;
  // It was on its way when the directory was wiped.
  if (said.isWiped && epoch > 0) return null;
  said.isRecovered = false;
  said.toldAt = Number.POSITIVE_INFINITY;
  const problem = said.isTrusted ? brokenBy(said, `s${server + 1}`, { last, epoch, corrupt }) : null;
  said.isWiped = false;
  said.isKept = corrupt !== '';
  if (epoch === 0 || corrupt !== '') said.heard = 0;
  said.isShort = last < said.heard;
  said.last = corrupt === '' ? last : 0;
  said.recovered = corrupt === '' ? epoch : 0;
  // Less than it had said, by leave: its disk was hurt.
  said.durable = Math.min(said.durable, said.last);
  said.epoch = Math.min(said.epoch, said.recovered);
  return problem;
}

function brokenBy(
  said: Said,
  name: string,
  { last, epoch, corrupt }: { last: number; epoch: number; corrupt: string },
): string | null {
  if (corrupt !== '') return `${name} finds its directory damaged, and nothing damaged it: ${corrupt}`;
  if (last < said.durable) return `${name} has everything up to ${last}, and had said that ${said.durable} is durable`;
  return epoch < said.epoch ? `${name} remembers epoch ${epoch}, and had confirmed ${said.epoch}` : null;
}
