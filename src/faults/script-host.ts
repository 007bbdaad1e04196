/** Where a script runs: a simulated cluster in virtual time, threads of this process, or a host behind a text port. */
import type { Result } from '../lib/result.ts';
import type { KvError } from '../model/errors.ts';
import type { ServerIndex } from '../model/ids.ts';
import type { ServerState } from '../model/status.ts';
import type { Check, EventPattern, Fault, FaultStatement, Selector } from './syntax.ts';

/** What a client of a load asks. No two writes of a run write the same value. */
export type LoadAction =
  | { readonly kind: 'get' | 'delete'; readonly key: string }
  | { readonly kind: 'set'; readonly key: string; readonly value: string }
  | { readonly kind: 'bulk'; readonly writes: readonly (readonly [key: string, value: string])[] }
  | { readonly kind: 'getMany'; readonly keys: readonly string[]; readonly by: 'query' };

/** `info`: nobody knows whether it happened. */
export type LoadOutcome = {
  readonly type: 'ok' | 'fail' | 'info';
  /** Why not; null when it went well. */
  readonly code: string | null;
  /** A reader's answer that says itself that it is not certain. */
  readonly uncertain: boolean;
};

/** What the answers of a whole run say together. */
export type Verdict = { readonly count: number; readonly details: readonly string[] };

export type Verdicts = {
  /** Keys whose history cannot have happened one operation at a time. */
  readonly linearizable: Verdict;
  /** Operations over several keys that fit no order. */
  readonly serializable: Verdict;
  /** Acknowledged writes that the last answers prove missing. */
  readonly lost: Verdict;
  /** Bulks of which only a part was seen. */
  readonly partialBulks: Verdict;
};

export type ServerSight = { readonly state: ServerState; readonly isLeader: boolean };

/** A fault that acts now; `until`: when it heals by itself, in the host's time. */
export type FaultSight = { readonly id: string; readonly statement: string; readonly until: number | null };

/** What a fault statement came to: the line after OK. */
export type FaultAnswer = (result: Result<string, KvError>) => void;

export type ScriptHost = {
  /** Milliseconds of the one clock of the run. */
  now(): number;
  /** Calls back once after so long; answers how to call it off. */
  after(delayMs: number, run: () => void): () => void;
  /** What the keys of loads begin with: nothing may be there under it before. */
  readonly keyPrefix: string;
  /** Milliseconds between two looks at what is expected. */
  readonly lookMs: number;
  fault(statement: FaultStatement, answer: FaultAnswer): void;
  /** Faults that act now. */
  active(): readonly FaultSight[];
  servers(): readonly ServerSight[];
  /** How often a server passed a named point (point-names.ts), over all its lives. */
  passed(server: ServerIndex, point: string): number;
  /** Servers that a selector means now, or why it means none. */
  pick(selector: Selector): Result<readonly ServerIndex[], string>;
  /** Whether every server is up and nothing is on its way to anybody. */
  isWhole(): boolean;
  /** Keys that their owners hold differently, in words, as far as anybody can look into them. */
  differences(): readonly string[];
  /** Why it cannot tell this, in one line, or null. */
  cannotCheck(check: Check): string | null;
  cannotSee(event: EventPattern): string | null;
  cannotInject(fault: Fault): string | null;
  /** Resident bytes, errors that nobody handled, requests that wait, and whether the log has such a line. */
  rssBytes(): number;
  unhandled(): number;
  mailbox(servers: readonly ServerIndex[] | null): number;
  hasLogged(matches: (line: string) => boolean): boolean;
  /** Asks a line of the text protocol; answers its final line. */
  ask(line: string, answer: (line: string) => void): void;
  /**
   * An operation of a client, which does one at a time; written down in the history. Answers how to give it up: then
   * it is written down as of unknown outcome, and `done` is not called any more.
   */
  submit(client: number, action: LoadAction, done: (outcome: LoadOutcome) => void): () => void;
  /** Writes into the history what happened to the cluster. */
  mark(text: string): void;
  verdicts(): Verdicts;
};
