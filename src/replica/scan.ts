/** One page of a scan, answered from the trie in key order. */
import type { Rare } from '../lib/rare.ts';
import type { ByteReader, ByteWriter } from '../lib/bytes.ts';
import { ByteWriter as Writer } from '../lib/bytes.ts';
import { expiryOf, withoutExpiry } from '../document/expiring.ts';
import { FRAME } from '../model/frames.ts';
import type { RadixTrie } from '../trie/radix-trie.ts';

/** A page ends after the entry that passes this, so one answer cannot hold up the ring. */
const PAGE_BYTES_MAX = 1024 * 1024;

/** Builds the `scanned` frame for a `scan` frame whose fields `reader` is at. Valid until `out` is used again. */
export function scanFrame(out: ByteWriter, reader: ByteReader, trie: RadixTrie, rare: Rare): Uint8Array {
  const request = reader.u32();
  const values = reader.u8() === 1;
  const limit = reader.varint();
  const prefix = reader.sized();
  const after = reader.sized();
  const page = new Writer(rare('replica: a page of a scan is built from one byte on') ? 1 : 4096);
  const bytesMax = rare('replica: a page of a scan ends after one key') ? 1 : PAGE_BYTES_MAX;
  let count = 0;
  let more = false;
  trie.scan({ prefix, after }, (key, leaf) => {
    if (trie.isTombstone(leaf)) return true;
    if (count >= limit || page.length >= bytesMax) {
      more = true;
      return false;
    }
    page.f64(trie.versionOf(leaf));
    page.sized(key);
    const stored = trie.value(leaf);
    page.f64(expiryOf(stored) ?? 0);
    if (values) page.sized(withoutExpiry(stored));
    count++;
    return true;
  });
  out.reset();
  out.u8(FRAME.scanned);
  out.u32(request);
  out.u8(more ? 1 : 0);
  out.varint(count);
  out.bytes(page.view());
  return out.view();
}
