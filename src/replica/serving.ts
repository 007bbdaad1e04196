/**
 * A storage server's life once it serves: take a batch of frames, log what it writes, and when the disk has it, apply
 * and answer in the order of the frames. It never answers a frame before everything ahead of it is durable, and never
 * awaits: the disk calls back. While one batch is being synced the next one collects.
 */
import { assert } from '../lib/assert.ts';
import { ByteReader, type ByteWriter } from '../lib/bytes.ts';
import { FRAME, WriteCursor } from '../model/frames.ts';
import type { Lsn, Version } from '../model/ids.ts';
import { cutOf, type EpochTable, inSyncOf, readTable } from '../replication/epoch-table.ts';
import type { DiskError } from '../storage/disk.ts';
import type { Store } from '../storage/store.ts';
import { answerFrame } from './answer.ts';
import { Batch } from './batch.ts';
import { Checkpointing } from './checkpointing.ts';
import type { Copies } from './copies.ts';
import type { Peer, ReplicaHost, ReplicaOptions } from './host.ts';
import { isLate } from './late-items.ts';
import { Logging } from './logging.ts';
import { pongFrame } from './pong.ts';
import type { Recovered } from './recovering.ts';
import { eachItem } from './records.ts';
import { scanFrame } from './scan.ts';
import { type ReplicaFaults, Skipping } from './skipping.ts';
import { Space } from './space.ts';
import { newerOf, type Standing } from './standing.ts';
import { Transfers } from './transfer.ts';

/** Bytes of answers between two looks at whether the broker reads them. */
const LOOK_BYTES = 256 * 1024;

export class Serving {
  readonly #host: ReplicaHost;
  readonly #copies: Copies;
  readonly #out: ByteWriter;
  readonly #store: Store;
  readonly #standing: Standing;
  readonly #space: Space;
  readonly #logging: Logging;
  readonly #checkpointing: Checkpointing;
  readonly #transfers: Transfers;
  readonly #cursor = new WriteCursor();
  readonly #reader = new ByteReader(new Uint8Array(0));
  readonly #replayedRecords: number;
  readonly #skipping: Skipping;
  /** LSN of the first record of the batch that is applied. */
  #batchBegin = 0 as Lsn;
  #collecting: Batch;
  #committing: Batch;
  #isCommitting = false;
  /** Goes on with a batch whose answers wait to be read. */
  #resume: (() => void) | null = null;
  /** Bytes of answers since it was last looked whether the broker reads them. */
  #answeredBytes = 0;
  #isOver = false;

  /** `out`: a writer that others may use between two calls. */
  constructor(
    options: ReplicaOptions,
    host: ReplicaHost,
    copies: Copies,
    out: ByteWriter,
    { store, standing, replayedRecords }: Recovered,
    faults: ReplicaFaults,
  ) {
    const { rare } = host;
    this.#host = host;
    this.#collecting = new Batch(rare);
    this.#committing = new Batch(rare);
    this.#transfers = new Transfers(rare);
    this.#copies = copies;
    this.#out = out;
    this.#store = store;
    this.#standing = standing;
    this.#replayedRecords = replayedRecords;
    this.#skipping = new Skipping(faults);
    this.#space = new Space(store, out, rare, (frame) => host.send('broker', frame));
    this.#logging = new Logging(store, standing, this.#space, out, rare);
    this.#checkpointing = new Checkpointing(
      store,
      options.checkpointBytes,
      rare,
      () => this.#logging.appendMeta(standing.table),
      () => host.wake(),
    );
  }

  /** From now on it answers. */
  start(): void {
    this.#host.phase('serving', `recovered ${this.#copies.trie.size} keys`);
    this.#host.epoch(!this.#standing.isComplete);
    // Ahead of `ready`: no write comes before the broker knows.
    this.#space.check();
    const frame = this.#frame(FRAME.ready);
    frame.u8(this.#copies.dotted ? 1 : 0);
    this.#host.send('broker', frame.view());
    if (this.#host.rare('replica: a checkpoint is taken after a recovery')) this.#checkpointing.request();
  }

  /** One frame of a link; read before this returns. */
  onFrame(from: Peer, bytes: Uint8Array, start: number, end: number): void {
    if (this.#isOver) return;
    // A page of a catch-up that has no room: its giver waits for the answer, and the broker has given the catch-up up.
    if (bytes[start] === FRAME.items && this.#space.isFull) {
      this.#space.tellFull();
      return;
    }
    this.#collecting.add(from, bytes, start, end);
  }

  /** All frames of this turn were given. */
  onBatchEnd(): void {
    if (this.#isOver) return;
    if (this.#resume !== null) {
      if (this.#host.isBlocked?.() === true) return;
      const resume = this.#resume;
      this.#resume = null;
      resume();
      return;
    }
    if (this.#isCommitting || this.#collecting.isEmpty) return;
    const { rare } = this.#host;
    if (rare('replica: the end of a turn passes by')) return;
    const batch = this.#collecting;
    this.#collecting = this.#committing;
    this.#committing = batch;
    this.#batchBegin = (this.#store.lastLsn + 1) as Lsn;
    const hasWrites = this.#logging.append(batch);
    this.#space.check();
    const { failure } = this.#store;
    // Without writes no commit would tell: it would answer reads and never take a write again.
    if (failure !== null && !hasWrites) {
      this.#fail(`the disk failed: ${failure.message}`);
      return;
    }
    if (!hasWrites) {
      this.#finish(batch, () => {
        // Nothing is being written: what was synced last gets its mark, so that rot in it is told from a torn tail.
        if (batch.isHeartbeat || rare('replica: a mark is written between two batches')) this.#store.markDurable();
        batch.clear();
        if (!this.#collecting.isEmpty) this.onBatchEnd();
      });
      return;
    }
    this.#isCommitting = true;
    this.#commit(() => {
      this.#isCommitting = false;
      this.#finish(batch, () => {
        batch.clear();
        if (!this.#collecting.isEmpty) this.onBatchEnd();
      });
    });
  }

  /** A step of what is done between batches: pages of catch-up and of a checkpoint. Answers whether there is more. */
  onIdle(): boolean {
    if (this.#isOver) return false;
    this.#transfers.step(this.#copies.trie, (to, frame) => this.#host.send(to, frame));
    if (!this.#isCommitting) {
      const { committed, isComplete } = this.#standing;
      this.#checkpointing.step(this.#copies, { committed, mayPublish: isComplete, logFrom: this.#skipping.from });
    }
    return this.#hasWork();
  }

  /** Everything that waits is synced and a mark written, so the next start finds no tail. Nothing is answered any more. */
  close(done: () => void): void {
    this.#isOver = true;
    this.#checkpointing.abandon();
    this.#store.close(done);
  }

  /** A failed sync is never retried: the pages may be clean and gone. */
  #commit(done: () => void): void {
    this.#store.commit((error: DiskError | null) => {
      if (this.#isOver) return;
      if (error === null) {
        done();
      } else {
        this.#fail(`the disk refused a sync: ${error.message}`);
      }
    });
  }

  /**
   * The batch is durable: applies and answers it from its frame `begin` on, in order. While the broker has too many
   * answers to read it stops, and `onBatchEnd` goes on. `before`: up to where this server was durable before the batch.
   */
  #finish(batch: Batch, then: () => void, begin = 0, before = this.#standing.last): void {
    const standing = this.#standing;
    const next = batch.visit(begin, (from, bytes, start, end) => {
      this.#apply(from, bytes, start, end);
      if (this.#answeredBytes < LOOK_BYTES) return true;
      this.#answeredBytes = 0;
      return this.#host.isBlocked?.() !== true;
    });
    if (next < batch.size) {
      this.#isCommitting = true;
      this.#resume = () => {
        this.#isCommitting = false;
        this.#finish(batch, then, next, before);
      };
      return;
    }
    if (standing.last > before) {
      const frame = this.#frame(FRAME.durable);
      frame.f64(standing.last);
      this.#host.send('broker', frame.view());
    }
    const agreed = Math.min(standing.told, this.#logging.committed) as Version;
    this.#copies.prune(agreed, (owners) => inSyncOf(standing.table, owners) === owners);
    this.#checkpointing.onDurable(standing.committed, standing.isComplete);
    if (this.#hasWork()) this.#host.wake();
    then();
  }

  #apply(from: Peer, bytes: Uint8Array, start: number, end: number): void {
    const reader = this.#reader;
    reader.reset(bytes, start + 1, end);
    switch (bytes[start]) {
      case FRAME.write:
        this.#applyWrite(bytes, start, end);
        break;
      case FRAME.read:
        this.#answer(answerFrame(this.#out, reader, this.#copies.trie));
        break;
      case FRAME.scan:
        this.#answer(scanFrame(this.#out, reader, this.#copies.trie, this.#host.rare));
        break;
      case FRAME.ping:
        this.#standing.onDurable(this.#logging.through);
        this.#nameExpired(reader);
        if (this.#space.isFull && this.#skipping.from === null) this.#checkpointing.relieve(this.#copies);
        if (!this.#host.rare('replica: a pong is left out')) this.#host.send('broker', this.#pong());
        break;
      case FRAME.epoch:
        this.#onEpoch(readTable(reader));
        break;
      case FRAME.items:
        if (!isLate(this.#standing.table, this.#standing.self, { bytes, start, end })) {
          eachItem(bytes, start, end, (version, owners, key, value) =>
            this.#copies.applyLeaf(key, version, owners, value),
          );
        }
        this.#forward(from, FRAME.itemsTaken, reader.u32());
        break;
      case FRAME.itemsEnd:
        this.#forward('broker', FRAME.joined, reader.u32());
        break;
      case FRAME.itemsTaken:
        if (from !== 'broker') this.#transfers.onTaken(from);
        break;
      case FRAME.transfer:
        // Its log would give what its memory lacks: it starts again first, and another owner gives meanwhile.
        if (this.#skipping.from !== null) this.#fail('a fault left writes out of its memory');
        else this.#transfers.begin(reader, this.#standing.table);
        break;
      case FRAME.checkpoint:
        this.#checkpointing.request();
        break;
      default:
        assert(false, `a serving storage server has no frame ${bytes[start]}`);
    }
  }

  #applyWrite(bytes: Uint8Array, start: number, end: number): void {
    const cursor = this.#cursor;
    cursor.open(bytes, start, end);
    const isSkipped = this.#skipping.skips(cursor.version, this.#batchBegin);
    while (cursor.next()) {
      const goesAtMs = cursor.deletes ? this.#copies.goesAtMs(cursor.key()) : 0;
      if (!isSkipped && !this.#isRepeated(cursor)) this.#copies.applyItem(cursor);
      if (cursor.deletes) {
        const frame = this.#frame(FRAME.deleted);
        frame.f64(cursor.version);
        frame.f64(goesAtMs);
        this.#host.send('broker', frame.view());
      }
    }
    this.#standing.onDurable(cursor.version);
  }

  /** Of a group that this server is out of it has everything up to its cut: a bulk comes again for another group's sake. */
  #isRepeated({ owners, version }: WriteCursor): boolean {
    const { table, self } = this.#standing;
    return version <= (cutOf(table, owners, self) ?? 0);
  }

  /** Keys whose time has come by the broker's clock, which the ping that `reader` is at the begin of tells. */
  #nameExpired(ping: ByteReader): void {
    ping.f64();
    ping.f64();
    const due = this.#copies.expiries.due(this.#copies.trie, ping.f64());
    if (due.length === 0) return;
    const frame = this.#frame(FRAME.expired);
    frame.varint(due.length);
    for (const key of due) frame.sized(key);
    this.#host.send('broker', frame.view());
  }

  /** The epoch is durable here: from now on it counts. */
  #onEpoch(table: EpochTable): void {
    const standing = this.#standing;
    standing.table = newerOf(standing.table, table);
    this.#host.epoch(!standing.isComplete);
    const frame = this.#frame(FRAME.epochKept);
    frame.f64(table.epoch);
    this.#host.send('broker', frame.view());
    if (this.#host.rare('replica: an epoch is confirmed twice')) this.#host.send('broker', frame.view());
  }

  #hasWork(): boolean {
    return this.#checkpointing.hasWork || this.#transfers.hasWork;
  }

  #pong(): Uint8Array {
    return pongFrame(this.#out, this.#copies.trie.size, this.#store.walBytes, this.#replayedRecords);
  }

  #answer(frame: Uint8Array): void {
    this.#answeredBytes += frame.length;
    this.#host.send('broker', frame);
  }

  #forward(to: Peer, kind: number, join: number): void {
    const frame = this.#frame(kind);
    frame.u32(join);
    this.#host.send(to, frame.view());
  }

  #fail(reason: string): void {
    this.#isOver = true;
    this.#host.phase('failed', reason);
    this.#host.fail(reason);
  }

  #frame(kind: number): ByteWriter {
    this.#out.reset();
    this.#out.u8(kind);
    return this.#out;
  }
}
