/**
 * Situations that a batch of seeds must have met at least once: what never happened was never tested. They are read off
 * what the world can see anyway (frames, lives, notes, replies, and the state of a server when a fault hits it), so the
 * product carries no switch for them. After FoundationDB's code probes and the `sometimes` of Antithesis.
 */
import type { Reply } from '../model/commands.ts';
import { FRAME } from '../model/frames.ts';
import type { ServerState } from '../model/status.ts';
import { RARE_SITES } from '../lib/rare.ts';
import { pairOf, placeOf } from './fault-pairs.ts';
import type { Role } from './standing.ts';
import { DISK_CALLS } from './swarm-kinds.ts';

/** What was met, by name, and how often. */
export class Probes {
  readonly counts = new Map<string, number>();

  hit(name: string, times = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + times);
  }

  /** A line of the trace; which server it was and which number does not matter. */
  onEvent(what: string): void {
    const found = EVENTS.find(({ pattern }) => pattern.test(what));
    if (found !== undefined) this.hit(found.name);
  }

  onReply(reply: Reply): void {
    if (reply.kind === 'failed') {
      this.hit(`reply ${reply.error.code}`);
      return;
    }
    this.hit(`reply ${reply.kind}`);
    if (reply.notes.uncertain) this.hit('reply uncertain');
    if (reply.notes.warnings.length > 0) this.hit('reply with a warning');
  }

  /** A fault hits a server. */
  onFault(kind: string, state: ServerState, role: Role): void {
    this.hit(pairOf(kind, placeOf(state, role)));
  }

  /** A fault hits the broker, or the machine that it runs on. */
  onBrokerFault(kind: string, phase: 'starting' | 'serving'): void {
    this.hit(pairOf(kind, `broker ${phase}`));
  }

  /** `frames`: how many of each kind were delivered. */
  onFrames(frames: Uint32Array): void {
    for (const [name, kind] of Object.entries(FRAME)) {
      const count = frames[kind] as number;
      if (count > 0) this.hit(`frame ${name}`, count);
    }
  }
}

/** The situations of a list that were not met, or not so often. */
export function unmet(wanted: readonly string[], met: ReadonlyMap<string, number>, least = 1): string[] {
  return wanted.filter((name) => (met.get(name) ?? 0) < least);
}

/** Seeds of the whole swarm in which every situation of WANTED comes up, and each pair of a fault and a place often. */
export const PROBED_SEEDS = 4_000;

const event = (name: string, pattern: RegExp): { readonly name: string; readonly pattern: RegExp } => ({
  name,
  pattern,
});

const EVENTS = [
  event('a server is replaying', /^s\d+ is replaying/),
  event('a server is serving', /^s\d+ is serving/),
  event('a server ends: crashed', / ends: crashed/),
  event('a server ends: its power fails', / ends: power loss/),
  event('a server ends: out of memory', / ends: out of memory/),
  event('a server ends: it threw', / ends: a fault threw/),
  event('a server ends: restarted', / ends: restarted/),
  event('a server ends: wiped', / ends: wiped/),
  event('a server ends: silent', / ends: silent/),
  event('a server ends: a sync failed', / ends: the disk refused a sync/),
  event('a server ends: crash at a send', / ends: crash at a send/),
  event('a server ends: it holds a write that was given up', / ends: it holds a write/),
  ...DISK_CALLS.flatMap((call) =>
    ['before', 'during', 'after'].map((when) =>
      event(`power fails ${when} ${call}`, new RegExp(` ends: power failed ${when} ${call} `)),
    ),
  ),
  event('a directory is set aside', / sets its directory aside/),
  event('a damaged directory is replaced', /^note .* is damaged and set aside/),
  event('a damaged directory is kept', /^note .* is damaged and kept/),
  event('a tail is torn', /^note .* log was torn/),
  event('a server is put out', /^note .* put out of/),
  event('a server catches up', /^note .* catching up/),
  event('a server must be heard', /^note .* must be heard/),
  event('a link breaks', /^link to .* broke/),
  event('the process dies', /^the process dies/),
  event('the machine goes dark, nothing survives', /^the machine goes dark, none/),
  event('the machine goes dark, a prefix survives', /^the machine goes dark, prefix/),
  event('the machine goes dark, any sectors survive', /^the machine goes dark, random/),
  event('an epoch is kept', /^epoch \d+ is kept/),
] as const;

const REPLIES = [
  'DISK',
  'EXISTS',
  'LOADING',
  'TIMEOUT',
  'UNAVAILABLE',
  'UNRELIABLE',
  'written',
  'deleted',
  'found',
  'foundMany',
  'scanned',
  'uncertain',
];

/** Asked for by an operator, or by clients of another kind than those of the swarm. */
const ASKED_FOR = ['checkpoint', 'expired'];

/** Too rare for a thousand seeds: a link with 64 MiB on their way. (Ten deaths in a row take longer than most runs.) */
const RARE = /^a link breaks$/;

/** What PROBED_SEEDS seeds must have met. */
export const WANTED: readonly string[] = [
  ...EVENTS.map(({ name }) => name).filter((name) => !RARE.test(name)),
  ...Object.keys(FRAME)
    .filter((name) => !ASKED_FOR.includes(name))
    .map((name) => `frame ${name}`),
  ...REPLIES.map((reply) => `reply ${reply}`),
  'reply with a warning',
  ...RARE_SITES.map((site) => `rare ${site}`),
];
