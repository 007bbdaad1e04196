/**
 * The statements of the fault language as data: what a line of a script or a FAULT command says, before anybody looks
 * at a cluster. Times are milliseconds, percentages stay percent. reliability.md 3.12 is the grammar.
 */
import type { Mode } from '../model/config.ts';
import type { ServerState } from '../model/status.ts';
import type { DiskErrorCode } from '../storage/disk.ts';
import type { Survivors } from './action.ts';
import type { ClientFault } from './client-rules.ts';
import type { PointAct } from './points.ts';

/** One way to name servers. A name is a server (`s2`) or what an earlier `AS` named. */
export type SelectorPart =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'leader' | 'broker' | 'one' | 'minority' | 'majority' | 'all' }
  /** One of the followers, or the nth of them. */
  | { readonly kind: 'follower'; readonly nth: number | null }
  | { readonly kind: 'random'; readonly count: number };

/** All that its parts name; a group of a partition is one too. Never empty. */
export type Selector = readonly SelectorPart[];

export type LinkSelector =
  | { readonly kind: 'every' }
  /** Every link to and from these. */
  | { readonly kind: 'around'; readonly selector: Selector }
  | { readonly kind: 'between'; readonly from: Selector; readonly to: Selector; readonly bothWays: boolean };

export type FileSelector =
  | { readonly kind: 'wal' | 'snap' | 'index' | 'meta' }
  | { readonly kind: 'named'; readonly name: string };

export type Distribution = 'const' | 'uniform' | 'normal' | 'exp';

/** By time, or by a factor of what it takes. */
export type Slowness =
  | { readonly kind: 'factor'; readonly factor: number }
  | { readonly kind: 'delay'; readonly delayMs: number };

/** Marks of a partition and of `isolate`, `ring`, `swizzle` are written as their words; everything else acts on servers or links. */
export type Fault =
  | { readonly kind: 'crash' | 'hang' | 'oom' | 'wipe'; readonly servers: Selector }
  | { readonly kind: 'slow'; readonly servers: Selector; readonly factor: number }
  | { readonly kind: 'throw' | 'flap'; readonly servers: Selector; readonly count: number }
  | { readonly kind: 'flaky'; readonly servers: Selector; readonly probability: number }
  | { readonly kind: 'power'; readonly servers: Selector; readonly survivors: Survivors }
  | {
      readonly kind: 'sync-fail' | 'read-fail' | 'torn-write' | 'disk-full' | 'disk-stall' | 'misdirect' | 'lose-write';
      readonly servers: Selector;
    }
  | { readonly kind: 'write-fail'; readonly servers: Selector; readonly code: DiskErrorCode }
  | { readonly kind: 'disk-slow'; readonly servers: Selector; readonly by: Slowness }
  | {
      readonly kind: 'bitflip';
      readonly servers: Selector;
      readonly file: FileSelector;
      readonly bits:
        | { readonly kind: 'count'; readonly count: number }
        | { readonly kind: 'percent'; readonly percent: number };
    }
  | { readonly kind: 'truncate'; readonly servers: Selector; readonly file: FileSelector; readonly bytes: number }
  | { readonly kind: 'skew'; readonly servers: Selector; readonly byMs: number }
  | { readonly kind: 'drift'; readonly servers: Selector; readonly rate: number }
  | { readonly kind: 'strobe'; readonly servers: Selector; readonly byMs: number; readonly everyMs: number }
  | { readonly kind: 'partition'; readonly groups: readonly Selector[] }
  | { readonly kind: 'isolate'; readonly servers: Selector }
  | { readonly kind: 'ring' | 'swizzle' }
  | { readonly kind: 'cut' | 'clog'; readonly link: LinkSelector }
  | { readonly kind: 'drop' | 'dup' | 'reorder'; readonly link: LinkSelector; readonly percent: number }
  | {
      readonly kind: 'delay';
      readonly link: LinkSelector;
      readonly delayMs: number;
      readonly jitterMs: number;
      readonly distribution: Distribution | null;
    }
  | { readonly kind: 'rate'; readonly link: LinkSelector; readonly bytesPerSecond: number }
  | { readonly kind: 'client'; readonly does: ClientFault }
  | {
      readonly kind: 'point';
      readonly name: string;
      readonly servers: Selector;
      readonly act: PointAct;
    };

export type FaultKind = Fault['kind'];

/** Options of a fault; null where it was not given. */
export type FaultOptions = {
  readonly forMs: number | null;
  readonly percent: number | null;
  /** From which call on, and every how many calls after it. */
  readonly nth: { readonly first: number; readonly every: number | null } | null;
  readonly times: number | null;
  readonly name: string | null;
  readonly seed: number | null;
};

export type Healed =
  | { readonly kind: 'all' }
  | { readonly kind: 'of-kind'; readonly fault: FaultKind }
  /** Of these servers; or the one fault of this name. */
  | { readonly kind: 'of'; readonly selector: Selector };

/** What may follow the word FAULT. */
export type FaultStatement =
  | { readonly kind: 'fault'; readonly fault: Fault; readonly options: FaultOptions }
  | { readonly kind: 'restart' | 'resume'; readonly servers: Selector }
  | { readonly kind: 'heal'; readonly what: Healed }
  | { readonly kind: 'list' | 'points' }
  | { readonly kind: 'help'; readonly topic: string | null };

export const COMPARISONS = ['<=', '>=', '!=', '<', '>', '='] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** What a load does; `all` in a check of latencies. */
export const LOAD_OPERATIONS = ['get', 'set', 'delete', 'bulk', 'mget'] as const;
export type LoadOperation = (typeof LOAD_OPERATIONS)[number];

/** What can be expected, and waited for with `when`. */
export type Check =
  | { readonly kind: 'leader'; readonly is: Selector | null }
  | { readonly kind: 'no-leader' }
  | { readonly kind: 'state'; readonly of: Selector; readonly states: readonly ServerState[] }
  /** The answer to this line of the text protocol; `*` in the pattern stands for anything. */
  | { readonly kind: 'reply'; readonly to: string; readonly pattern: string }
  | { readonly kind: 'ok'; readonly compare: Comparison; readonly percent: number }
  | { readonly kind: 'errors'; readonly code: string | null; readonly compare: Comparison; readonly count: number }
  | {
      readonly kind: 'latency';
      readonly quantile: 'p50' | 'p99' | 'max';
      readonly operation: LoadOperation | 'all';
      readonly compare: Comparison;
      readonly ms: number;
    }
  | {
      readonly kind: 'lost' | 'partial-bulks' | 'copies' | 'unhandled';
      readonly compare: Comparison;
      readonly count: number;
    }
  | { readonly kind: 'linearizable' | 'serializable' | 'converged' }
  | { readonly kind: 'rss'; readonly compare: Comparison; readonly bytes: number }
  | { readonly kind: 'mailbox'; readonly of: Selector | null; readonly compare: Comparison; readonly count: number }
  | { readonly kind: 'log'; readonly pattern: string };

/** Over which time an expectation must hold: now, once within a time, all through a time, or when all is healed. */
export type Span = { readonly kind: 'now' | 'at-end' } | { readonly kind: 'within' | 'during'; readonly ms: number };

/** What can happen, for `on`. */
export type EventPattern =
  | { readonly kind: 'leader-elected' | 'term' }
  | { readonly kind: 'state'; readonly server: Selector; readonly state: ServerState }
  | { readonly kind: 'fsync' | 'segment-cut' | 'snapshot'; readonly server: Selector }
  | { readonly kind: 'point' | 'fault' | 'healed'; readonly name: string };

export type When =
  /** In its place among the lines. */
  | { readonly kind: 'next' }
  /** So long after the start, or after the line above. */
  | { readonly kind: 'at' | 'after'; readonly ms: number }
  | { readonly kind: 'at-end' }
  /** Again and again; `times` null: until the end. */
  | { readonly kind: 'every'; readonly ms: number; readonly jitterPercent: number; readonly times: number | null }
  | { readonly kind: 'on'; readonly event: EventPattern; readonly nth: number }
  | { readonly kind: 'when'; readonly check: Check };

export type Load = {
  readonly kind: 'load';
  readonly name: string;
  readonly clients: number;
  /** Operations a second, of all clients together. */
  readonly rate: number;
  readonly mix: readonly { readonly operation: LoadOperation; readonly weight: number }[];
  readonly keys: number;
  readonly forMs: number | null;
};

export const KNOBS = ['patience', 'liveness'] as const;
export type Knob = (typeof KNOBS)[number];

export type Statement =
  | FaultStatement
  | Load
  | { readonly kind: 'stop'; readonly name: string }
  | { readonly kind: 'expect'; readonly check: Check; readonly span: Span }
  | { readonly kind: 'cluster'; readonly servers: number; readonly replicas: number; readonly mode: Mode }
  | { readonly kind: 'seed'; readonly seed: number }
  /** In the phase of liveness only these servers (null: all) must come back. */
  | { readonly kind: 'phase'; readonly phase: 'safety' | 'liveness'; readonly core: Selector | null }
  | { readonly kind: 'set'; readonly knob: Knob; readonly ms: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'assert-healed' | 'end' }
  | { readonly kind: 'note'; readonly text: string };

export type ScriptLine = { readonly line: number; readonly when: When; readonly statement: Statement };

export type Script = {
  readonly servers: number;
  readonly replicas: number;
  readonly mode: Mode;
  /** Null: nobody said, the host draws one. */
  readonly seed: number | null;
  readonly lines: readonly ScriptLine[];
};
