/**
 * What a supervisor and a storage server's thread say to each other, besides the frames of the links: what a thread is
 * started with, what may be asked of it (control plane), what it reports by itself. Types, and the incarnation file.
 */
import type { MessagePort } from 'node:worker_threads';
import { text, utf8 } from '../lib/bytes.ts';
import type { Result } from '../lib/result.ts';
import type { Durability } from '../model/config.ts';
import type { KvError } from '../model/errors.ts';
import type { Incarnation, ServerIndex } from '../model/ids.ts';
import type { Neighbour, Survivors } from '../faults/action.ts';
import type { LinkRule } from '../routing/link-rules.ts';
import { readFileChecked, replaceFile } from '../storage/checked-file.ts';
import type { Disk } from '../storage/disk.ts';
import type { ChannelEnd } from './channel.ts';
import type { ServerFault } from './server-fault.ts';

/** Where a thread hangs: it is asked to by `hang` with the gate shut, waits there, and goes on when it is opened. */
export const GATE = { open: 0, shut: 1, waited: 2 } as const;

/** Words of a thread's gate: one of GATE, and, when power fails for it, 1 + the place in SURVIVORS of what survives. */
export const GATE_WORD = { hang: 0, power: 1 } as const;
export const GATE_WORDS = 2;

/** The worker data of a storage server's thread. Its ports are in the transfer list. */
export type ServerThreadData = {
  readonly index: ServerIndex;
  readonly servers: number;
  readonly replicas: number;
  readonly incarnation: Incarnation;
  /** Where this server's files live; nothing is written there with durability `memory`. */
  readonly directory: string;
  readonly durability: Durability;
  readonly checkpointBytes: number;
  /** Everything random in this thread's faults. */
  readonly seed: number;
  readonly control: MessagePort;
  /** Whether heartbeats wake nobody, because both sides look at their link at every tick. */
  readonly quietHeartbeats: boolean;
  readonly links: readonly { readonly to: Neighbour; readonly end: ChannelEnd }[];
  readonly rules: readonly { readonly to: Neighbour; readonly rules: readonly LinkRule[] }[];
  /** GATE_WORDS words. */
  readonly gate: SharedArrayBuffer;
  /** The faults that act on it, and how often each of POINTS was passed by its server; null when there can be none. */
  readonly faults: { readonly acting: readonly ServerFault[]; readonly passed: Int32Array } | null;
};

export type ServerThreadStatus = {
  readonly state: string;
  readonly reason: string;
  readonly threadId: number;
  readonly illegalEvents: number;
  readonly heapBytes: number;
};

/** What may be asked of a storage server's thread. */
export type ServerControl = {
  status(): ServerThreadStatus;
  /** Takes no more frames, makes everything durable and ends; answers before it ends. */
  stop(): Promise<void>;
  /** Takes a checkpoint soon. */
  checkpoint(): void;
  /** The thread does nothing until the gate opens. */
  hang(): void;
  /** The faults that act from now on. */
  replaceFaults(faults: readonly ServerFault[]): void;
  /** At one of the next calls of the disk, or soon, what was not synced is lost and the thread ends; `seed` draws. */
  failPower(survivors: Survivors, seed: number): void;
  /** Takes memory until there is none. */
  exhaustMemory(): void;
  /** A new direct link to another server. */
  attachLink(to: Neighbour, end: ChannelEnd): void;
  /** What happens to frames sent to `to` from now on. */
  replaceRules(to: Neighbour, rules: readonly LinkRule[]): void;
};

/** What a storage server's thread reports by itself, over its parent port. */
export type ServerReport =
  /** Its code runs, and its directory is its own. */
  | { readonly kind: 'online' }
  | { readonly kind: 'state'; readonly state: string; readonly reason: string }
  /** It ends now, for this reason. */
  | { readonly kind: 'failed'; readonly reason: string };

/** The file in a server's directory with the number of its last life, as decimal text in a checked file. */
function incarnationPath(directory: string): string {
  return `${directory}/incarnation`;
}

/** Number of the last life that opened this directory; 0 when there was none, or its file cannot be read. */
export function lastIncarnation(disk: Disk, directory: string): number {
  const read = readFileChecked(disk, incarnationPath(directory));
  if (!read.ok || read.value === null) return 0;
  const number = Number(text(read.value));
  return Number.isSafeInteger(number) ? number : 0;
}

/** Makes the number of this life durable, before it opens anything else. DISK. */
export function keepIncarnation(disk: Disk, directory: string, incarnation: Incarnation): Result<void, KvError> {
  return replaceFile(disk, incarnationPath(directory), utf8(String(incarnation)));
}
