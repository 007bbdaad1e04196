/**
 * One storage server's whole behaviour, in its worker thread or in the simulator: first it recovers, then it serves, and
 * each frame is for the life it is in.
 *
 *   opened ──hello──► (broker decides) ──welcome──► recovered ──ready──► serving ──fail──► failed
 */
import { ByteWriter } from '../lib/bytes.ts';
import type { RadixTrie } from '../trie/radix-trie.ts';
import { Copies } from './copies.ts';
import type { Peer, ReplicaHost, ReplicaOptions } from './host.ts';
import { Recovering } from './recovering.ts';
import { Serving } from './serving.ts';
import { NO_REPLICA_FAULTS, type ReplicaFaults } from './skipping.ts';

export class Replica {
  readonly #copies: Copies;
  readonly #recovering: Recovering;
  #serving: Serving | null = null;

  constructor(options: ReplicaOptions, host: ReplicaHost, faults: ReplicaFaults = NO_REPLICA_FAULTS) {
    const copies = new Copies(options.index, host.rare);
    // Every frame and record of this server is built in it, one at a time.
    const out = new ByteWriter(host.rare('replica: frames are built from one byte on') ? 1 : 64 * 1024);
    this.#copies = copies;
    this.#recovering = new Recovering(options, host, copies, out, (recovered) => {
      this.#serving = new Serving(options, host, copies, out, recovered, faults);
      this.#serving.start();
    });
  }

  /** Opens the directory and tells the broker what it says. Call once the links are there. */
  start(): void {
    this.#recovering.start();
  }

  /** One frame of a link; read before this returns. Answers leave after `onBatchEnd`. */
  onFrame(from: Peer, bytes: Uint8Array, start: number, end: number): void {
    if (this.#serving === null) this.#recovering.onFrame(bytes, start, end);
    else this.#serving.onFrame(from, bytes, start, end);
  }

  /** All frames of this turn were given. */
  onBatchEnd(): void {
    this.#serving?.onBatchEnd();
  }

  /** A step of what is done between batches: pages of catch-up and of a checkpoint. Answers whether there is more. */
  onIdle(): boolean {
    return this.#serving?.onIdle() ?? false;
  }

  /** Everything that waits is synced and a mark written, so the next start finds no tail. Nothing is answered any more. */
  close(done: () => void): void {
    if (this.#serving !== null) {
      this.#serving.close(done);
    } else {
      this.#recovering.close();
      done();
    }
  }

  /** What this server holds, to be looked at: checkers compare owners with it. */
  get trie(): RadixTrie {
    return this.#copies.trie;
  }
}
