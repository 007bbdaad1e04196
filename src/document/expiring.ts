/**
 * A document that is gone from a given time on: the same packed bytes behind a head that says when. Ring, WAL, trie,
 * checkpoint and catch-up carry it like any other value; the broker alone reads the clock, so copies never disagree.
 *
 *   expiring = C0, time f64 (milliseconds since 1970), value      (packed.ts has no kind 6: C0 begins nothing else)
 *
 * Example: true until 1970-01-01T00:00:02Z is  c0  00 00 00 00 00 40 9f 40  02.
 */

const HEAD = 0xc0;
const HEAD_BYTES = 9;

/** A value that goes at `expiresAtMs`, as it is stored. */
export function expiring(value: Uint8Array, expiresAtMs: number): Uint8Array {
  const stored = new Uint8Array(HEAD_BYTES + value.length);
  stored[0] = HEAD;
  new DataView(stored.buffer).setFloat64(1, expiresAtMs, true);
  stored.set(value, HEAD_BYTES);
  return stored;
}

/** When a stored value, which begins at `start`, goes, in milliseconds since 1970; null: never. */
export function expiryOf(stored: Uint8Array, start = 0): number | null {
  if (stored[start] !== HEAD) return null;
  return new DataView(stored.buffer, stored.byteOffset + start).getFloat64(1, true);
}

/** The value without its time, a view. */
export function withoutExpiry(stored: Uint8Array): Uint8Array {
  return stored[0] === HEAD ? stored.subarray(HEAD_BYTES) : stored;
}

/** A stored value as it is at `nowMs`: null when its time has come. */
export function presentAt(
  stored: Uint8Array,
  nowMs: number,
): { readonly value: Uint8Array; readonly expiresAtMs?: number } | null {
  const expiresAtMs = expiryOf(stored);
  if (expiresAtMs === null) return { value: stored };
  return expiresAtMs > nowMs ? { value: withoutExpiry(stored), expiresAtMs } : null;
}
