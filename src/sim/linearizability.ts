/**
 * Whether a history of one register could have happened one operation at a time, each within its own interval: the
 * search of Wing and Gong (1993) with Lowe's memory of visited (set, state) pairs. Histories are checked key by key,
 * which is sound because linearizability is local (Herlihy and Wing, 1990).
 */

/** One operation on one key. `value` null: deleted, or read as missing. `endMs` infinite: its outcome is unknown. */
export type Operation = {
  readonly kind: 'write' | 'read';
  readonly value: string | null;
  readonly startMs: number;
  readonly endMs: number;
};

/** Whether the register, first holding `initial`, can explain the history. Indefinite writes may or may not count. */
export function isLinearizable(history: readonly Operation[], initial: string | null = null): boolean {
  const operations = history
    .filter((operation) => operation.kind === 'write' || operation.endMs !== Number.POSITIVE_INFINITY)
    .sort((a, b) => a.startMs - b.startMs);
  const seen = new Set<string>();
  type Frame = { readonly done: bigint; readonly state: string | null };
  const stack: Frame[] = [{ done: 0n, state: initial }];
  const all = operations.length;
  while (stack.length > 0) {
    const { done, state } = stack.pop() as Frame;
    const memo = `${done.toString(36)}:${state ?? ''}:${state === null}`;
    if (seen.has(memo)) continue;
    seen.add(memo);
    let firstEnd = Number.POSITIVE_INFINITY;
    let complete = true;
    for (let i = 0; i < all; i++) {
      const operation = operations[i] as Operation;
      if ((done >> BigInt(i)) & 1n) continue;
      if (operation.endMs < firstEnd) firstEnd = operation.endMs;
      if (operation.endMs !== Number.POSITIVE_INFINITY) complete = false;
    }
    // What is left are writes of unknown outcome: they need not have happened.
    if (complete) return true;
    for (let i = 0; i < all; i++) {
      const operation = operations[i] as Operation;
      if (operation.startMs > firstEnd) break;
      if ((done >> BigInt(i)) & 1n) continue;
      if (operation.kind === 'write') stack.push({ done: done | (1n << BigInt(i)), state: operation.value });
      else if (operation.value === state) stack.push({ done: done | (1n << BigInt(i)), state });
    }
  }
  return false;
}
