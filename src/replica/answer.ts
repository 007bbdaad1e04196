/** Reads, answered from the trie: one key, or a path into its document. */
import { type ByteReader, type ByteWriter, NO_BYTES } from '../lib/bytes.ts';
import { expiring, expiryOf, withoutExpiry } from '../document/expiring.ts';
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
  const stored = trie.value(leaf);
  const segments = reader.varint();
  if (segments === 0) {
    out.u8(OUTCOME.found);
    out.f64(trie.versionOf(leaf));
    out.bytes(stored);
    return out.view();
  }
  const path: Uint8Array[] = [];
  for (let i = 0; i < segments; i++) path.push(reader.sized());
  const part = lookup(withoutExpiry(stored), path, 0);
  out.u8(part === null ? OUTCOME.noPath : OUTCOME.found);
  out.f64(trie.versionOf(leaf));
  // What the broker's clock says of the document is true of its parts.
  const expiresAtMs = expiryOf(stored);
  if (expiresAtMs !== null) out.bytes(expiring(part ?? NO_BYTES, expiresAtMs));
  else if (part !== null) out.bytes(part);
  return out.view();
}
