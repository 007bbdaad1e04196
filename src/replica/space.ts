/**
 * Whether this server's disk has room, and what the broker must know of it. The broker refuses writes of a full server
 * before they have a place in the order; what has one must fit, so the server says early that its disk is full, and
 * how many bytes still fit for certain: deletes are sent up to there.
 *
 * Both count the bytes of all writes sent to this life, so nothing that is on its way is forgotten or counted twice.
 */
import type { Rare } from '../lib/rare.ts';
import type { ByteWriter } from '../lib/bytes.ts';
import { FRAME, loggedBytes } from '../model/frames.ts';
import type { Store } from '../storage/store.ts';

/** Heartbeats after which a full disk is asked again: space that is back is used within half a second. */
const HEARTBEATS_BETWEEN = 3;

/** A limit that moved up by less is no news. */
const WORTH_TELLING_BYTES = 4 * 1024;

export class Space {
  readonly #store: Store;
  readonly #out: ByteWriter;
  readonly #rare: Rare;
  readonly #send: (frame: Uint8Array) => void;
  /** Bytes of the writes that were sent to this life and are appended. */
  #taken = 0;
  #heartbeats = 0;
  #told = { isFull: false, limit: Number.POSITIVE_INFINITY };

  /** `out`: a writer that others may use between two calls. */
  constructor(store: Store, out: ByteWriter, rare: Rare, send: (frame: Uint8Array) => void) {
    this.#store = store;
    this.#out = out;
    this.#rare = rare;
    this.#send = send;
  }

  get isFull(): boolean {
    return this.#store.isFull;
  }

  /** A `write` frame of this length was appended. */
  onAppended(frameBytes: number): void {
    this.#taken += loggedBytes(frameBytes);
  }

  onHeartbeat(): void {
    this.#heartbeats++;
  }

  /** Makes room ahead and tells the broker what is new. To be called before what was appended is committed. */
  check(): void {
    const store = this.#store;
    if (!store.isFull) {
      store.makeRoom();
    } else if (
      this.#heartbeats >= HEARTBEATS_BETWEEN ||
      this.#rare('replica: a full disk is asked at each heartbeat')
    ) {
      this.#heartbeats = 0;
      store.makeRoom();
    }
    const { isFull } = store;
    const limit = isFull ? this.#taken + store.room : Number.POSITIVE_INFINITY;
    const told = this.#told;
    const worthBytes = isFull && this.#rare('replica: every change of room is told') ? 1 : WORTH_TELLING_BYTES;
    if (isFull === told.isFull && limit >= told.limit && limit - told.limit < worthBytes) return;
    if (isFull === told.isFull && limit === told.limit) return;
    this.#tell(isFull, limit);
  }

  /** A page of a catch-up found no room: the broker must hear of it, even if there is room again a moment later. */
  tellFull(): void {
    if (!this.#told.isFull) this.#tell(true, this.#taken + this.#store.room);
  }

  #tell(isFull: boolean, limit: number): void {
    this.#told = { isFull, limit };
    const out = this.#out;
    out.reset();
    out.u8(FRAME.space);
    out.u8(isFull ? 1 : 0);
    out.f64(limit);
    this.#send(out.view());
  }
}
