/** Reads, answered from the trie: one key, or a path into its document. */
import type { ByteReader, ByteWriter } from '../lib/bytes.ts';
import { lookup } from '../document/lookup.ts';
import { FRAME, OUTCOME } from '../model/frames.ts';
import type { RadixTrie } from '../trie/radix-trie.ts';

/** Builds the `answer` frame for a `read` frame whose fields `reader` is at. Valid until `out` is used again. */
export function answerFrame(out: ByteWriter, reader: ByteReader, trie: RadixTrie): Uint8Array {
  const request = reader.u32();
  const leaf = trie.find(reader.sized());
  out.reset();
  out.u8(FRAME.answer);
  out.u32(request);
  if (leaf === -1 || trie.isTombstone(leaf)) {
    out.u8(OUTCOME.noKey);
    out.f64(leaf === -1 ? 0 : trie.versionOf(leaf));
    return out.view();
  }
  let value: Uint8Array | null = trie.value(leaf);
  const segments = reader.varint();
  if (segments > 0) {
    const path: Uint8Array[] = [];
    for (let i = 0; i < segments; i++) path.push(reader.sized());
    value = lookup(value, path, 0);
  }
  out.u8(value === null ? OUTCOME.noPath : OUTCOME.found);
  out.f64(trie.versionOf(leaf));
  if (value !== null) out.bytes(value);
  return out.view();
}
