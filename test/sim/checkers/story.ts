/** Short histories written by hand: each operation with the milliseconds of its beginning and end. */
import { type Action, type Answer, type HistoryEvent, mergeHistories } from '../../../src/sim/history.ts';

/** The end of an operation that nobody knows. */
export const UNKNOWN = Number.POSITIVE_INFINITY;

/** When somebody gives up to wait for an update. */
const UNDECIDED_MS = 1_000;

export type Told = {
  readonly action: Action;
  readonly answer: Answer | { readonly refused: string };
  readonly startMs: number;
  readonly endMs: number;
};

type Values = Readonly<Record<string, string | null>>;

export function set(key: string, value: string, startMs: number, endMs: number): Told {
  return { action: { kind: 'set', key, value }, answer: { kind: 'done' }, startMs, endMs };
}

export function insert(key: string, value: string, startMs: number, endMs: number): Told {
  return { action: { kind: 'insert', key, value }, answer: { kind: 'done' }, startMs, endMs };
}

/** `existed`: what the reply said; null when it did not say. */
export function remove(key: string, startMs: number, endMs: number, existed: boolean | null = null): Told {
  const answer: Answer = existed === null ? { kind: 'done' } : { kind: 'deleted', existed };
  return { action: { kind: 'delete', key }, answer, startMs, endMs };
}

export function bulk(values: Readonly<Record<string, string>>, startMs: number, endMs: number): Told {
  return { action: { kind: 'bulk', writes: Object.entries(values) }, answer: { kind: 'done' }, startMs, endMs };
}

/** An update that was decided from `saw`. */
export function update(
  saw: Values,
  values: Readonly<Record<string, string>>,
  startMs: number,
  endMs: number,
  onMissing: 'write' | 'leave' = 'write',
): Told {
  return { action: { kind: 'update', writes: Object.entries(values), onMissing }, answer: seen(saw), startMs, endMs };
}

/** A write that goes by itself. */
export function fleet(key: string, value: string, expiresAtMs: number, startMs: number, endMs: number): Told {
  return { action: { kind: 'set', key, value, expiresAtMs }, answer: { kind: 'done' }, startMs, endMs };
}

export function get(key: string, value: string | null, startMs: number, endMs: number): Told {
  return { action: { kind: 'get', key }, answer: seen({ [key]: value }), startMs, endMs };
}

export function getMany(values: Values, startMs: number, endMs: number): Told {
  return {
    action: { kind: 'getMany', keys: Object.keys(values), by: 'query' },
    answer: seen(values),
    startMs,
    endMs,
  };
}

/** The operation as one that was refused. */
export function refused(told: Told, code = 'UNAVAILABLE'): Told {
  return { ...told, answer: { refused: code } };
}

/** The operation with versions in what it saw. */
export function versioned(told: Told, versions: Readonly<Record<string, number>>): Told {
  if (!('kind' in told.answer) || told.answer.kind !== 'seen') return told;
  const observations = told.answer.observations.map((one) => ({ ...one, version: versions[one.key] ?? null }));
  return { ...told, answer: { kind: 'seen', observations } };
}

/** The events of a story in which every operation has a process of its own. */
export function story(told: readonly Told[]): HistoryEvent[] {
  return mergeHistories(
    told.map(({ action, answer, startMs, endMs }, process) => {
      const invocation: HistoryEvent = { type: 'invoke', process, atMs: startMs, action };
      if (endMs === UNKNOWN && action.kind === 'update' && 'kind' in answer && answer.kind === 'seen') {
        const end = { process, atMs: UNDECIDED_MS, code: 'TIMEOUT', warned: false };
        return [invocation, { type: 'info', saw: answer.observations, ...end }];
      }
      if (endMs === UNKNOWN) return [invocation];
      const end = { process, atMs: endMs, warned: false };
      if (!('kind' in answer)) return [invocation, { type: 'fail', code: answer.refused, ...end }];
      return [invocation, { type: 'ok', answer, uncertain: false, ...end }];
    }),
  );
}

function seen(values: Values): Answer {
  const observations = Object.entries(values).map(([key, value]) => ({ key, value, version: null }));
  return { kind: 'seen', observations };
}
