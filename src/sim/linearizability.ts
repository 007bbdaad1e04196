/**
 * Whether a history of one register could have happened one operation at a time, each within its own interval.
 * Just-in-time linearization (Lowe, 2017): the configurations, that is (state, which of the open operations took
 * effect), are carried from event to event, and an operation that returns must have taken effect by then. Histories
 * are checked key by key, which is sound because linearizability is local (Herlihy and Wing, 1990).
 */

/** One operation on one key. `value` null: deleted, or read as missing. `endMs` infinite: its outcome is unknown. */
export type Operation = {
  readonly kind: 'write' | 'read';
  readonly value: string | null;
  readonly startMs: number;
  readonly endMs: number;
};

/** A possible past: what the register holds, and the open operations that already took effect. */
type Configuration = { readonly state: string | null; readonly done: ReadonlySet<number> };

/** Whether the register, first holding `initial`, can explain the history. Indefinite writes may or may not count. */
export function isLinearizable(history: readonly Operation[], initial: string | null = null): boolean {
  const seen = readValues(history);
  const operations = history.filter((operation) => matters(operation, seen));
  const open = new Set<number>();
  let configurations: Configuration[] = [{ state: initial, done: new Set() }];
  for (const event of eventsOf(operations)) {
    if (event.starts) {
      open.add(event.operation);
      continue;
    }
    configurations = unique(
      reach(configurations, open, operations)
        .filter(({ done }) => done.has(event.operation))
        .map(({ state, done }) => ({ state, done: without(done, event.operation) })),
    );
    open.delete(event.operation);
    if (configurations.length === 0) return false;
  }
  return true;
}

/** Every configuration that the open operations can lead to. */
function reach(
  from: readonly Configuration[],
  open: ReadonlySet<number>,
  operations: readonly Operation[],
): Configuration[] {
  const reached = new Map(from.map((configuration) => [keyOf(configuration), configuration]));
  for (const { state, done } of reached.values()) {
    for (const index of open) {
      const operation = operations[index] as Operation;
      if (done.has(index) || (operation.kind === 'read' && operation.value !== state)) continue;
      const next = { state: operation.kind === 'write' ? operation.value : state, done: new Set(done).add(index) };
      const key = keyOf(next);
      if (!reached.has(key)) reached.set(key, next);
    }
  }
  return [...reached.values()];
}

/** A read without an answer tells nothing; a write of unknown outcome whose value nobody saw need not have happened. */
function matters(operation: Operation, seen: ReadonlySet<string | null>): boolean {
  if (operation.endMs !== Number.POSITIVE_INFINITY) return true;
  return operation.kind === 'write' && (operation.value === null || seen.has(operation.value));
}

function readValues(history: readonly Operation[]): Set<string | null> {
  return new Set(history.filter(({ kind }) => kind === 'read').map(({ value }) => value));
}

function eventsOf(operations: readonly Operation[]): { operation: number; atMs: number; starts: boolean }[] {
  const events = operations.flatMap(({ startMs, endMs }, operation) => [
    { operation, atMs: startMs, starts: true },
    ...(endMs === Number.POSITIVE_INFINITY ? [] : [{ operation, atMs: endMs, starts: false }]),
  ]);
  // Within one moment operations overlap: starts come first.
  return events.sort((a, b) => a.atMs - b.atMs || Number(b.starts) - Number(a.starts));
}

function unique(configurations: readonly Configuration[]): Configuration[] {
  return [...new Map(configurations.map((configuration) => [keyOf(configuration), configuration])).values()];
}

function keyOf({ state, done }: Configuration): string {
  return `${[...done].sort((a, b) => a - b).join(',')}:${state === null ? '' : `=${state}`}`;
}

function without(done: ReadonlySet<number>, operation: number): Set<number> {
  const rest = new Set(done);
  rest.delete(operation);
  return rest;
}
