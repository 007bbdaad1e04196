/**
 * Marked values: a map or a string whose length is written in the form that no other value uses (low 31 of packed.ts).
 * All who read packed values read it like any other; who asks can tell it. A marked map was made field by field (a hash
 * of HSET), a marked string as a document (JSON.SET of a JSON string). Nothing but the outermost head is ever marked.
 *
 * Example: the map of `[ "a" -> "b" ]`, 86 01 01 61 61 62 …, is marked  9f 06 00 00 00  01 01 61 61 62 ….
 */
import { payloadAt } from './packed.ts';

const LOW = 31;
const HEAD_BYTES = 5;

/** Whether the value is marked. O(1). */
export function isMarked(packed: Uint8Array): boolean {
  return ((packed[0] as number) & LOW) === LOW;
}

/** The same value, marked: a copy. */
export function marked(packed: Uint8Array): Uint8Array {
  const start = payloadAt(packed, 0);
  const length = packed.length - start;
  const copy = new Uint8Array(HEAD_BYTES + length);
  writeMarkedHead(copy, (packed[0] as number) >> 5, length);
  copy.set(packed.subarray(start), HEAD_BYTES);
  return copy;
}

/** Writes the head of a marked value at its beginning. */
export function writeMarkedHead(into: Uint8Array, kind: number, length: number): void {
  into[0] = (kind << 5) | LOW;
  for (let i = 0; i < 4; i++) into[1 + i] = length >>> (8 * i);
}
