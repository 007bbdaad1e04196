/**
 * What the port of a joined server answers: reads, from its own copies, asked past the broker on the broker's link with
 * request numbers that no broker gives. An answer may lag behind the cluster's. Writes have their order from the
 * broker alone and are refused.
 */
import { presentAt } from '../src/document/expiring.ts';
import { candidates } from '../src/document/path.ts';
import { ByteReader, ByteWriter } from '../src/lib/bytes.ts';
import { type Command, type CommandPort, type Found, NO_NOTES, type Path, type Reply } from '../src/model/commands.ts';
import type { KvError } from '../src/model/errors.ts';
import { FRAME, OUTCOME, OWN_REQUESTS } from '../src/model/frames.ts';
import type { Version } from '../src/model/ids.ts';
import { DEADLINE_MS, SCAN_KEYS_MAX } from '../src/model/limits.ts';

type ReadCommand = Extract<Command, { kind: 'get' | 'query' | 'queryMany' }>;
type ScanCommand = Extract<Command, { kind: 'scan' }>;

/** One key that a path may mean. The first of a path's asks whose key exists decides (row E-06). */
type Ask = { readonly path: number; found: Found; keyExists: boolean };

type Read = {
  readonly command: ReadCommand;
  readonly asks: readonly Ask[];
  readonly reply: (reply: Reply) => void;
  readonly deadlineMs: number;
  waiting: number;
};

type Scan = {
  readonly command: ScanCommand;
  readonly reply: (reply: Reply) => void;
  readonly deadlineMs: number;
};

type Open = { readonly read: Read; readonly ask: Ask } | { readonly scan: Scan };

export type JoinedCopiesHost = {
  /** Puts a frame on the broker's link of the thread. */
  send(frame: Uint8Array): void;
  /** Why nothing can be answered now, or null. */
  unready(): KvError | null;
  /** What a writer is told. */
  refusal(): KvError;
};

export class JoinedCopies implements CommandPort {
  readonly #host: JoinedCopiesHost;
  readonly #open = new Map<number, Open>();
  readonly #out = new ByteWriter();
  #next = OWN_REQUESTS;

  constructor(host: JoinedCopiesHost) {
    this.#host = host;
  }

  submit(command: Command, reply: (reply: Reply) => void): void {
    if (command.kind === 'write' || command.kind === 'delete') {
      reply(failed(this.#host.refusal()));
      return;
    }
    const unready = this.#host.unready();
    if (unready !== null) reply(failed(unready));
    else if (command.kind === 'scan') this.#scan(command, reply);
    else this.#read(command, reply);
  }

  /** A frame from the thread to its broker: true when it answers a question of this port, and is not the broker's. */
  onFrame(bytes: Uint8Array, start: number, end: number): boolean {
    const kind = bytes[start];
    if (kind !== FRAME.answer && kind !== FRAME.scanned) return false;
    const reader = new ByteReader(bytes, start + 1, end);
    const request = reader.u32();
    if (request < OWN_REQUESTS) return false;
    const open = this.#open.get(request);
    this.#open.delete(request);
    if (open === undefined) return true;
    if ('scan' in open) onScanned(open.scan, reader);
    else onAnswer(open.read, open.ask, reader);
    return true;
  }

  /** Answers what waited too long; `now` in the milliseconds of performance.now(). */
  expire(now: number): void {
    for (const open of this.#open.values()) {
      const { deadlineMs } = 'scan' in open ? open.scan : open.read;
      if (deadlineMs > now) break;
      this.#refuse(open, `no answer within ${DEADLINE_MS} ms; a read changes nothing, try again`);
    }
  }

  /** The thread is gone: nothing that it was asked will be answered. */
  fail(reason: string): void {
    for (const open of this.#open.values()) this.#refuse(open, reason);
  }

  #refuse(open: Open, message: string): void {
    for (const [request, other] of this.#open) {
      if ('scan' in open ? other === open : 'read' in other && other.read === open.read) this.#open.delete(request);
    }
    ('scan' in open ? open.scan : open.read).reply(failed({ code: 'UNAVAILABLE', message }));
  }

  #read(command: ReadCommand, reply: (reply: Reply) => void): void {
    const asks: Ask[] = [];
    const read: Read = { command, asks, reply, deadlineMs: performance.now() + DEADLINE_MS, waiting: 0 };
    const ask = (path: number, key: Uint8Array, segments: readonly Uint8Array[]): void => {
      const item: Ask = { path, found: null, keyExists: false };
      asks.push(item);
      read.waiting++;
      const out = this.#frame(FRAME.read, { read, ask: item });
      out.sized(key);
      out.varint(segments.length);
      for (const segment of segments) out.sized(segment);
      this.#host.send(out.view());
    };
    if (command.kind === 'get') {
      ask(0, command.key, []);
      return;
    }
    const paths: readonly Path[] = command.kind === 'query' ? [command.path] : command.paths;
    for (const [i, path] of paths.entries()) {
      for (const { key, from } of candidates(path)) ask(i, key, path.segments.slice(from));
    }
    if (asks.length === 0) answer(read);
  }

  #scan(command: ScanCommand, reply: (reply: Reply) => void): void {
    const scan: Scan = { command, reply, deadlineMs: performance.now() + DEADLINE_MS };
    const out = this.#frame(FRAME.scan, { scan });
    out.u8(command.values ? 1 : 0);
    out.varint(Math.min(command.limit, SCAN_KEYS_MAX));
    out.sized(command.prefix);
    out.sized(command.after);
    this.#host.send(out.view());
  }

  #frame(kind: number, open: Open): ByteWriter {
    this.#open.set(this.#next, open);
    this.#out.reset();
    this.#out.u8(kind);
    this.#out.u32(this.#next);
    this.#next = this.#next === 2 * OWN_REQUESTS - 1 ? OWN_REQUESTS : this.#next + 1;
    return this.#out;
  }
}

function onAnswer(read: Read, ask: Ask, reader: ByteReader): void {
  const outcome = reader.u8();
  const version = reader.f64() as Version;
  const present = outcome === OUTCOME.noKey ? null : presentAt(reader.take(reader.remaining), Date.now());
  ask.keyExists = present !== null;
  if (outcome === OUTCOME.found && present !== null) ask.found = { ...present, value: present.value.slice(), version };
  read.waiting--;
  if (read.waiting === 0) answer(read);
}

function answer({ command, asks, reply }: Read): void {
  const paths = command.kind === 'queryMany' ? command.paths.length : 1;
  const found = Array.from({ length: paths }, (_, path) => {
    const winner = asks.find((ask) => ask.path === path && ask.keyExists);
    return winner?.found ?? null;
  });
  if (command.kind === 'queryMany') reply({ kind: 'foundMany', found, notes: NO_NOTES });
  else reply({ kind: 'found', found: found[0] ?? null, notes: NO_NOTES });
}

function onScanned({ command, reply }: Scan, reader: ByteReader): void {
  const more = reader.u8() === 1;
  const entries = Array.from({ length: reader.varint() }, () => {
    const version = reader.f64() as Version;
    const key = reader.sized().slice();
    const expiresAtMs = reader.f64();
    return { version, key, expiresAtMs, value: command.values ? reader.sized().slice() : null };
  }).filter(({ expiresAtMs }) => expiresAtMs === 0 || expiresAtMs > Date.now());
  reply({ kind: 'scanned', entries, more, notes: NO_NOTES });
}

function failed(error: KvError): Reply {
  return { kind: 'failed', error, notes: NO_NOTES };
}
