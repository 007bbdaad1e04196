/**
 * What clients did and saw, as plain data: the one format that the simulator, the checks of real processes and the
 * fault scripts write, and that every checker reads. After Jepsen: a process invokes one operation at a time, which
 * ends `ok` (it happened), `fail` (it certainly did not) or `info` (nobody knows; it may still happen, and its process
 * never works again). One event is one line of JSON, and the order of the lines is the order of the events:
 *
 *   {"type":"invoke","process":1,"atMs":12.5,"action":{"kind":"set","key":"r1","value":"17"}}
 *   {"type":"fault","atMs":13,"text":"crash s2"}
 *   {"type":"ok","process":1,"atMs":14,"answer":{"kind":"done"},"warned":false,"uncertain":false}
 */
import { ok, type Result } from '../lib/result.ts';
import { fail, type KvError } from '../model/errors.ts';

/** One write of a bulk. */
export type Write = readonly [key: string, value: string];

/** What is asked. Values are unique: no two writes of a history write the same value to one key. */
export type Action =
  /** `expiresAtMs`: when it goes by itself, by the wall clock of the broker. */
  | { readonly kind: 'set'; readonly key: string; readonly value: string; readonly expiresAtMs?: number }
  /** Refused with EXISTS when there is something. */
  | { readonly kind: 'insert'; readonly key: string; readonly value: string }
  /** All or nothing, at one moment; of several writes of one key the last one counts. */
  | { readonly kind: 'bulk'; readonly writes: readonly Write[] }
  /**
   * Reads the keys and writes them, at one moment; `onMissing`: whether it writes, or changes nothing, when one of
   * them holds nothing.
   */
  | { readonly kind: 'update'; readonly writes: readonly Write[]; readonly onMissing: 'write' | 'leave' }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'get'; readonly key: string }
  /** Several keys at one moment; `by`: how they were asked for. */
  | { readonly kind: 'getMany'; readonly keys: readonly string[]; readonly by: 'query' | 'compute' }
  | { readonly kind: 'scan'; readonly prefix: string; readonly after: string; readonly limit: number };

/** What a reader saw of one key: null is nothing. `version`: null where the surface does not tell it. */
export type Observation = { readonly key: string; readonly value: string | null; readonly version: number | null };

export type Answer =
  | { readonly kind: 'done' }
  | { readonly kind: 'deleted'; readonly existed: boolean }
  | { readonly kind: 'seen'; readonly observations: readonly Observation[] };

/**
 * What was true of the servers at a moment, as masks: those whose life is over, and those that do not answer for
 * everything they own (down, or catching up). `starts`: how many lives have begun so far; a life that began and one
 * that did not cannot be told apart by masks alone.
 */
export type Truth = { readonly stopped: number; readonly behind: number; readonly starts: number };

type Ending = {
  readonly process: number;
  readonly atMs: number;
  /** Whether the reply warned that k or more servers are down. */
  readonly warned: boolean;
  readonly truth?: Truth;
  /** What the wall clock of the broker shows, where times of keys count. */
  readonly wallMs?: number;
};

export type HistoryEvent =
  | {
      readonly type: 'invoke';
      readonly process: number;
      readonly atMs: number;
      readonly action: Action;
      readonly truth?: Truth;
      readonly wallMs?: number;
    }
  | ({ readonly type: 'ok'; readonly answer: Answer; readonly uncertain: boolean } & Ending)
  | ({ readonly type: 'fail'; readonly code: string } & Ending)
  /** `saw`: what an update was decided from, where the recorder knows it. */
  | ({ readonly type: 'info'; readonly code: string; readonly saw?: readonly Observation[] } & Ending)
  | { readonly type: 'fault'; readonly atMs: number; readonly text: string; readonly wallMs?: number };

/** How an operation ended. */
export type Outcome = Extract<HistoryEvent, { type: 'ok' | 'fail' | 'info' }>;

/** The code of an operation that got no answer at all while somebody waited for it. */
export const NO_ANSWER = 'NOANSWER';

/** An invocation and its end. `start` and `end` are places in the order of events; `end` is infinite after `info`. */
export type Operation = {
  readonly process: number;
  readonly action: Action;
  readonly start: number;
  readonly end: number;
  readonly startMs: number;
  readonly invocation: Extract<HistoryEvent, { type: 'invoke' }>;
  /** Null: the history ends before it. */
  readonly outcome: Outcome | null;
};

/** Pairs invocations with their ends, in the order of invocations. PARSE when a process does two things at once. */
export function operationsOf(events: readonly HistoryEvent[]): Result<Operation[], KvError> {
  const operations: { -readonly [field in keyof Operation]: Operation[field] }[] = [];
  const open = new Map<number, (typeof operations)[number]>();
  for (let at = 0; at < events.length; at++) {
    const event = events[at] as HistoryEvent;
    if (event.type === 'fault') continue;
    const name = event.process;
    const operation = open.get(name);
    if (event.type === 'invoke') {
      if (operation !== undefined) return fail('PARSE', `event ${at + 1}: process ${name} has an operation open`);
      const { action, atMs } = event;
      const end = Number.POSITIVE_INFINITY;
      const invoked = { process: name, action, start: at, end, startMs: atMs, invocation: event, outcome: null };
      operations.push(invoked);
      open.set(name, invoked);
      continue;
    }
    if (operation === undefined) return fail('PARSE', `event ${at + 1}: process ${name} has no operation open`);
    open.delete(name);
    operation.outcome = event;
    if (event.type !== 'info') operation.end = at;
  }
  return ok(operations);
}

/** One history of several recorders whose clocks agree. Within one moment operations overlap: invocations come first. */
export function mergeHistories(histories: readonly (readonly HistoryEvent[])[]): HistoryEvent[] {
  const rank = (event: HistoryEvent): number => (event.type === 'invoke' ? 0 : 1);
  return histories.flat().sort((a, b) => a.atMs - b.atMs || rank(a) - rank(b));
}

/** A history as lines of JSON. */
export function writeHistory(events: readonly HistoryEvent[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('');
}

/** The events of lines of JSON; PARSE names the first line that is none. */
export function readHistory(lines: string): Result<HistoryEvent[], KvError> {
  const events: HistoryEvent[] = [];
  for (const [at, line] of lines.split('\n').entries()) {
    if (line.trim() === '') continue;
    let event: unknown;
    try {
      event = JSON.parse(line);
    } catch (error) {
      return fail('PARSE', `line ${at + 1} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (!isEvent(event)) return fail('PARSE', `line ${at + 1} is not an event of a history`);
    events.push(event);
  }
  return ok(events);
}

const ENDINGS = new Set<unknown>(['ok', 'fail', 'info']);

function isEvent(event: unknown): event is HistoryEvent {
  if (!isRecord(event) || typeof event['atMs'] !== 'number') return false;
  if (event['type'] === 'fault') return typeof event['text'] === 'string';
  if (typeof event['process'] !== 'number') return false;
  if (event['type'] === 'invoke') return isAction(event['action']);
  if (!ENDINGS.has(event['type']) || typeof event['warned'] !== 'boolean') return false;
  if (event['type'] !== 'ok') return typeof event['code'] === 'string';
  return typeof event['uncertain'] === 'boolean' && isAnswer(event['answer']);
}

function isAction(action: unknown): action is Action {
  if (!isRecord(action)) return false;
  const texts = (...names: string[]): boolean => names.every((name) => typeof action[name] === 'string');
  switch (action['kind']) {
    case 'set':
    case 'insert':
      return texts('key', 'value');
    case 'delete':
    case 'get':
      return texts('key');
    case 'bulk':
      return isList(action['writes'], (write) => isList(write, isText) && write.length === 2);
    case 'getMany':
      return isList(action['keys'], isText) && texts('by');
    case 'update':
      return isList(action['writes'], (write) => isList(write, isText) && write.length === 2) && texts('onMissing');
    case 'scan':
      return texts('prefix', 'after') && typeof action['limit'] === 'number';
    default:
      return false;
  }
}

function isAnswer(answer: unknown): answer is Answer {
  if (!isRecord(answer)) return false;
  if (answer['kind'] === 'deleted') return typeof answer['existed'] === 'boolean';
  if (answer['kind'] !== 'seen') return answer['kind'] === 'done';
  return isList(
    answer['observations'],
    (seen) =>
      isRecord(seen) &&
      isText(seen['key']) &&
      (seen['value'] === null || isText(seen['value'])) &&
      (seen['version'] === null || typeof seen['version'] === 'number'),
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isList<T>(value: unknown, isElement: (element: unknown) => boolean): value is T[] {
  return Array.isArray(value) && value.every(isElement);
}
