/**
 * The end of a catch-up that refills a server in sync, whose log may have been cut short. Leaves came as in any other;
 * but what it has and its giver has not was deleted once, and of old deletes nobody has a trace. So whatever it holds in
 * these groups that did not come goes, as far as it is not newer than what the giver may have forgotten.
 *
 *   itemsEnd of a refill   join u32, forgotten f64, count varint, count × owners u16
 */
import type { ByteReader, ByteWriter } from '../lib/bytes.ts';
import { FRAME, OP, REFILL_JOINS } from '../model/frames.ts';
import type { ServerMask, Version } from '../model/ids.ts';
import { type Placement, ownersOf } from '../routing/placement.ts';
import { RadixTrie } from '../trie/radix-trie.ts';

const NOTHING = new Uint8Array(0);

export class Refills {
  /** By number of the catch-up, the keys that came. */
  readonly #came = new Map<number, RadixTrie>();

  onItem(join: number, key: Uint8Array): void {
    if (join < REFILL_JOINS) return;
    let came = this.#came.get(join);
    if (came === undefined) {
      came = new RadixTrie();
      this.#came.set(join, came);
    }
    came.set(key, 0 as Version, true, NOTHING);
  }

  /** Writes the deletes that are left to do into `out`, as an `items` frame; answers how many. `reader` is behind the join. */
  end(join: number, reader: ByteReader, trie: RadixTrie, placement: Placement, out: ByteWriter): number {
    if (reader.remaining === 0) return 0;
    const came = this.#came.get(join);
    this.#came.delete(join);
    const forgotten = reader.f64() as Version;
    const groups = new Set<ServerMask>();
    for (let count = reader.varint(); count > 0; count--) groups.add(reader.u16() as ServerMask);
    const left: { readonly key: Uint8Array; readonly owners: ServerMask }[] = [];
    trie.scan({ prefix: NOTHING, after: NOTHING }, (key, leaf) => {
      const owners = ownersOf(placement, key);
      const mayGo = !trie.isTombstone(leaf) && trie.versionOf(leaf) < forgotten && groups.has(owners);
      if (mayGo && (came === undefined || came.find(key) === -1)) left.push({ key: key.slice(), owners });
      return true;
    });
    out.reset();
    out.u8(FRAME.items);
    out.u32(join);
    out.varint(left.length);
    for (const { key, owners } of left) {
      out.f64(forgotten);
      out.u16(owners);
      out.u8(OP.delete);
      out.sized(key);
    }
    return left.length;
  }
}
