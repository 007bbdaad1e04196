/**
 * Histories of an imaginary store that is right: operations of several processes that take effect one at a time
 * between their beginning and their end, and some whose end nobody knows. And ways to make such a history wrong.
 */
import type { Prng } from '../../../src/lib/prng.ts';
import type { Action, Answer, HistoryEvent, Observation } from '../../../src/sim/history.ts';

export type Shape = {
  readonly operations: number;
  readonly processes: number;
  readonly keys: number;
  /** Whether bulks and reads of several keys take part. */
  readonly several: boolean;
  readonly versions: boolean;
  readonly unknown: number;
};

type Running = { readonly process: number; readonly action: Action; answer: Answer | { refused: string } | null };
type Held = { readonly value: string; readonly version: number };

export function generate(prng: Prng, shape: Shape): HistoryEvent[] {
  const events: HistoryEvent[] = [];
  const store = new Map<string, Held>();
  const running: (Running | null)[] = Array.from({ length: shape.processes }, () => null);
  const late: Running[] = [];
  let processes = shape.processes;
  let invoked = 0;
  let version = 0;
  const names = Array.from(running, (_, i) => i);
  while (invoked < shape.operations || running.some((one) => one !== null)) {
    const lane = prng.below(shape.processes);
    const one = running[lane] ?? null;
    const atMs = events.length;
    const forgotten = late.length > 0 && prng.chance(0.2) ? late.pop() : undefined;
    if (forgotten !== undefined) apply(forgotten, store, ++version, shape.versions);
    if (one === null) {
      if (invoked === shape.operations) continue;
      const process = names[lane] as number;
      const action = draw(prng, shape, ++invoked);
      running[lane] = { process, action, answer: null };
      events.push({ type: 'invoke', process, atMs, action });
    } else if (prng.chance(shape.unknown)) {
      // What an update was decided from is known if it was decided.
      const { answer } = one;
      const isDecided = one.action.kind === 'update' && answer !== null && 'kind' in answer && answer.kind === 'seen';
      const saw = isDecided ? { saw: answer.observations } : {};
      events.push({ type: 'info', process: one.process, atMs, code: 'TIMEOUT', warned: false, ...saw });
      if (one.answer === null) late.push(one);
      names[lane] = processes++;
      running[lane] = null;
    } else if (one.answer === null) {
      if (prng.chance(0.05)) one.answer = { refused: 'UNAVAILABLE' };
      else apply(one, store, ++version, shape.versions);
    } else {
      const end = { process: one.process, atMs, warned: false };
      if ('kind' in one.answer) events.push({ type: 'ok', answer: one.answer, uncertain: false, ...end });
      else events.push({ type: 'fail', code: one.answer.refused, ...end });
      running[lane] = null;
    }
  }
  return events;
}

function draw(prng: Prng, { keys, several }: Shape, number: number): Action {
  const key = `k${prng.below(keys)}`;
  const value = `${number}`;
  const some = (): string[] =>
    prng.shuffle(Array.from({ length: keys }, (_, i) => `k${i}`)).slice(0, prng.between(1, keys));
  const dice = prng.below(100);
  if (several && dice < 20) return { kind: 'bulk', writes: some().map((name) => [name, value] as const) };
  if (several && dice < 50) return { kind: 'getMany', keys: some(), by: 'query' };
  if (dice < 65) return { kind: 'set', key, value };
  if (dice < 72) return { kind: 'delete', key };
  if (dice < 78) return { kind: 'insert', key, value };
  if (dice < 86) {
    const writes = (several ? some() : [key]).map((name) => [name, value] as const);
    return { kind: 'update', writes, onMissing: prng.pick(['write', 'leave']) };
  }
  return { kind: 'get', key };
}

function apply(one: Running, store: Map<string, Held>, version: number, versions: boolean): void {
  const { action } = one;
  const look = (key: string): Observation => {
    const held = store.get(key);
    return { key, value: held?.value ?? null, version: versions && held !== undefined ? held.version : null };
  };
  one.answer = { kind: 'done' };
  if (action.kind === 'get') one.answer = { kind: 'seen', observations: [look(action.key)] };
  else if (action.kind === 'getMany') one.answer = { kind: 'seen', observations: action.keys.map(look) };
  else if (action.kind === 'set') store.set(action.key, { value: action.value, version });
  else if (action.kind === 'delete') one.answer = { kind: 'deleted', existed: store.delete(action.key) };
  else if (action.kind === 'bulk') for (const [key, value] of action.writes) store.set(key, { value, version });
  else if (action.kind === 'update') {
    const observations = action.writes.map(([key]) => ({ ...look(key), version: null }));
    one.answer = { kind: 'seen', observations };
    if (action.onMissing === 'leave' && observations.some((seen) => seen.value === null)) return;
    for (const [key, value] of action.writes) store.set(key, { value, version });
  } else if (action.kind === 'insert') {
    if (store.has(action.key)) one.answer = { refused: 'EXISTS' };
    else store.set(action.key, { value: action.value, version });
  }
}

/** The history with one thing changed at random: what a reader saw, or whether an operation was acknowledged. */
export function mutate(prng: Prng, events: readonly HistoryEvent[]): HistoryEvent[] {
  const changed = [...events];
  const at = prng.below(changed.length);
  for (let i = 0; i < changed.length; i++) {
    const index = (at + i) % changed.length;
    const event = changed[index] as HistoryEvent;
    if (event.type !== 'ok') continue;
    if (event.answer.kind === 'seen') {
      const observations = [...event.answer.observations];
      const which = prng.below(observations.length);
      const { key } = observations[which] as Observation;
      const other = prng.pick(valuesOf(events, key));
      observations[which] = { key, value: other, version: null };
      changed[index] = { ...event, answer: { kind: 'seen', observations } };
      return changed;
    }
    if (event.answer.kind === 'deleted') {
      changed[index] = { ...event, answer: { kind: 'deleted', existed: !event.answer.existed } };
      return changed;
    }
  }
  return changed;
}

/** What a key may be said to hold: nothing, and all that anybody wrote to it. */
function valuesOf(events: readonly HistoryEvent[], key: string): (string | null)[] {
  const values: (string | null)[] = [null];
  for (const event of events) {
    if (event.type !== 'invoke') continue;
    const { action } = event;
    if ((action.kind === 'set' || action.kind === 'insert') && action.key === key) values.push(action.value);
    if (action.kind === 'bulk' || action.kind === 'update')
      for (const [name, value] of action.writes) if (name === key) values.push(value);
  }
  return values;
}
