/**
 * Values put in the place of others in a map that keeps its names. Only where entries begin changes in its key trie, so
 * that it costs a copy and no sorting. Never looks inside a value; everything else is edited by edit.ts.
 */
import { DOCUMENT_BYTES_MAX } from '../model/limits.ts';
import { copyTrie, entriesAt } from './key-trie.ts';
import { isMarked, writeMarkedHead } from './marked.ts';
import { copyBytes, endOf, headLength, MAP, payloadAt, writeHead } from './packed.ts';

/** `at`: where the value of a field of the outermost map begins (places.ts). */
export type Replacement = { readonly at: number; readonly value: Uint8Array };

/**
 * The map with these values, in ascending order of their places; marked when it was. The same bytes as of an edit. Null
 * when it has to be packed anew, or is too large: an edit says which. Costs its bytes, and fields × replacements.
 */
export function replaced(packed: Uint8Array, replacements: readonly Replacement[]): Uint8Array | null {
  const payload = payloadAt(packed, 0);
  const entries = entriesAt(packed, payload);
  let growth = 0;
  for (const { at, value } of replacements) growth += value.length - (endOf(packed, at) - at);
  const length = packed.length - payload + growth;
  if (length > DOCUMENT_BYTES_MAX) return null;
  const head = isMarked(packed) ? payload : headLength(length);
  const into = new Uint8Array(head + length);
  if (isMarked(packed)) writeMarkedHead(into, MAP, length);
  else writeHead(into, 0, MAP, length);
  const move = (offset: number): number => {
    let moved = offset;
    for (const { at, value } of replacements) {
      if (at - entries > offset) break;
      moved += value.length - (endOf(packed, at) - at);
    }
    return moved;
  };
  let to = copyTrie(into, head, packed, payload, move);
  if (to < 0) return null;
  let from = entries;
  for (const { at, value } of replacements) {
    to = copyBytes(into, to, packed, from, at - from);
    to = copyBytes(into, to, value, 0, value.length);
    from = endOf(packed, at);
  }
  copyBytes(into, to, packed, from, packed.length - from);
  return into;
}
