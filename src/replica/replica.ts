/**
 * One storage server's whole behaviour, in its worker thread or in the simulator: take a batch of frames, log what it
 * writes, and when the disk has it, apply and answer in the order of the frames. It never answers a frame before
 * everything ahead of it is durable, and never awaits: the disk calls back.
 *
 *   opened ──hello──► (broker decides) ──welcome──► recovered ──ready──► serving ──fail──► failed
 */
import { assert } from '../lib/assert.ts';
import { ByteReader, ByteWriter } from '../lib/bytes.ts';
import type { Result } from '../lib/result.ts';
import type { KvError } from '../model/errors.ts';
import { FRAME, OUTCOME, WriteCursor } from '../model/frames.ts';
import type { Incarnation, ServerIndex, ServerMask, Version } from '../model/ids.ts';
import {
  type EpochTable,
  firstTable,
  groupsMissing,
  inSyncOf,
  readTable,
  writeTable,
} from '../replication/epoch-table.ts';
import type { Placement } from '../routing/placement.ts';
import type { DiskError } from '../storage/disk.ts';
import type { RadixTrie } from '../trie/radix-trie.ts';
import type { Recovery, Store } from '../storage/store.ts';
import { lookup } from '../document/lookup.ts';
import { Batch } from './batch.ts';
import { Checkpointing } from './checkpointing.ts';
import { Copies } from './copies.ts';
import { RECORD, readDrops, writeCuts, writeDrops, writeMeta } from './records.ts';
import { cutsAskedOf, eachItem, type Remembered, remember, replay } from './recovery.ts';
import { scanFrame } from './scan.ts';
import { Transfer } from './transfer.ts';

export type ReplicaOptions = Placement & {
  readonly index: ServerIndex;
  readonly incarnation: Incarnation;
  /** WAL bytes after which a checkpoint is taken. */
  readonly checkpointBytes: number;
};

export type Phase = 'loading' | 'replaying' | 'serving' | 'failed';

/** Where a frame came from or goes to. */
export type Peer = 'broker' | ServerIndex;

export type ReplicaHost = {
  /** Puts a frame on the link to `to`, copying it; a peer without a link gets nothing. */
  send(to: Peer, frame: Uint8Array): void;
  /** Opens this server's directory; called again after `wipe`. */
  openStore(): Result<Recovery, KvError>;
  /** Puts a damaged directory aside (never deletes it) so that an empty one can be opened. */
  setAside(): void;
  /** There may be work for `onIdle` now. */
  wake(): void;
  phase(phase: Phase, reason: string): void;
  /** An epoch is durable here; `isBehind`: some group that this server owns is out of sync with it. */
  epoch(isBehind: boolean): void;
  /** This incarnation is over: nothing it holds may be answered for any more. */
  fail(reason: string): void;
};

export class Replica {
  readonly #options: ReplicaOptions;
  readonly #host: ReplicaHost;
  readonly #copies: Copies;
  readonly #out = new ByteWriter(64 * 1024);
  readonly #cursor = new WriteCursor();
  readonly #reader = new ByteReader(new Uint8Array(0));
  readonly #transfers = new Map<ServerIndex, Transfer>();
  #phase: Phase = 'loading';
  #recovery: Recovery | null = null;
  #remembered: Remembered | null = null;
  #store: Store | null = null;
  #checkpointing: Checkpointing | null = null;
  #table: EpochTable;
  /** The newest write that was addressed to this server and is durable here. */
  #last = 0 as Version;
  #committed = 0 as Version;
  #committedLogged = 0 as Version;
  #collecting = new Batch();
  #committing = new Batch();
  #isCommitting = false;
  #replayedRecords = 0;

  constructor(options: ReplicaOptions, host: ReplicaHost) {
    this.#options = options;
    this.#host = host;
    this.#copies = new Copies(options.index);
    this.#table = firstTable(options);
  }

  /** Opens the directory and tells the broker what it says. Call once the links are there. */
  start(): void {
    this.#open('');
  }

  #open(corrupt: string): void {
    const opened = this.#host.openStore();
    if (!opened.ok) {
      this.#sendHello(opened.error.message, null, 0);
      return;
    }
    this.#recovery = opened.value;
    this.#remembered = remember(opened.value);
    this.#sendHello(corrupt, this.#remembered, opened.value.tornBytes);
  }

  #sendHello(corrupt: string, remembered: Remembered | null, tornBytes: number): void {
    const frame = this.#frame(FRAME.hello);
    frame.f64(this.#options.incarnation);
    frame.f64(remembered?.last ?? 0);
    frame.f64(remembered?.committed ?? 0);
    frame.u8(tornBytes > 0 ? 1 : 0);
    frame.sizedText(corrupt);
    if (remembered?.table != null) writeTable(frame, remembered.table);
    this.#host.send('broker', frame.view());
  }

  /** One frame of a link; read before this returns. Answers leave after `onBatchEnd`. */
  onFrame(from: Peer, bytes: Uint8Array, start: number, end: number): void {
    if (this.#phase === 'failed') return;
    const kind = bytes[start];
    if (this.#phase === 'serving') {
      this.#collecting.add(from, bytes, start, end);
    } else if (kind === FRAME.tailWanted) {
      this.#sendTail(new ByteReader(bytes, start + 1, end));
    } else if (kind === FRAME.welcome) {
      this.#onWelcome(new ByteReader(bytes, start + 1, end));
    } else if (kind === FRAME.ping) {
      this.#sendPong();
    }
  }

  /** All frames of this turn were given. */
  onBatchEnd(): void {
    if (this.#phase !== 'serving' || this.#isCommitting || this.#collecting.isEmpty) return;
    const batch = this.#collecting;
    this.#collecting = this.#committing;
    this.#committing = batch;
    if (!this.#log(batch)) {
      this.#finish(batch);
      // Nothing is being written: what was synced last gets its mark, so that rot in it is told from a torn tail.
      if (batch.isHeartbeat) this.#serving().markDurable();
      batch.clear();
      return;
    }
    this.#isCommitting = true;
    this.#serving().commit((error) => this.#onCommitted(batch, error));
  }

  /** Appends what the batch writes; answers whether there is anything to sync. */
  #log(batch: Batch): boolean {
    const store = this.#serving();
    let appended = false;
    batch.each((_from, bytes, start, end) => {
      switch (bytes[start]) {
        case FRAME.write:
          store.append(RECORD.write, bytes, start, end);
          appended = true;
          break;
        case FRAME.items:
          store.append(RECORD.items, bytes, start, end);
          appended = true;
          break;
        case FRAME.epoch:
          this.#appendMeta(store, this.#newer(readTable(new ByteReader(bytes, start + 1, end))));
          appended = true;
          break;
        case FRAME.ping:
          this.#reader.reset(bytes, start + 1, end);
          this.#committed = Math.max(this.#committed, this.#reader.f64()) as Version;
          break;
        default:
          break;
      }
    });
    if ((appended || this.#committed > this.#committedLogged) && this.#committed > this.#committedLogged) {
      const payload = this.#frame(0);
      payload.f64(this.#committed);
      store.append(RECORD.committed, payload.buffer, 1, payload.length);
      this.#committedLogged = this.#committed;
      appended = true;
    }
    return appended;
  }

  #onCommitted(batch: Batch, error: DiskError | null): void {
    if (this.#phase === 'failed') return;
    this.#isCommitting = false;
    if (error !== null) {
      // A failed sync is never retried: the pages may be clean and gone.
      this.#fail(`the disk refused a sync: ${error.message}`);
      return;
    }
    this.#finish(batch);
    batch.clear();
    if (!this.#collecting.isEmpty) this.onBatchEnd();
  }

  /** The batch is durable: apply and answer it, in order. */
  #finish(batch: Batch): void {
    const before = this.#last;
    batch.each((from, bytes, start, end) => this.#apply(from, bytes, start, end));
    if (this.#last > before) {
      const frame = this.#frame(FRAME.durable);
      frame.f64(this.#last);
      this.#host.send('broker', frame.view());
    }
    this.#copies.prune(this.#committed, (owners) => inSyncOf(this.#table, owners) === owners);
    this.#checkpointing?.onDurable(this.#committed, this.#mayPublish());
    if (this.#hasWork()) this.#host.wake();
  }

  #apply(from: Peer, bytes: Uint8Array, start: number, end: number): void {
    const reader = this.#reader;
    reader.reset(bytes, start + 1, end);
    switch (bytes[start]) {
      case FRAME.write:
        this.#applyWrite(bytes, start, end);
        break;
      case FRAME.read:
        this.#answerRead(reader);
        break;
      case FRAME.scan:
        this.#host.send('broker', scanFrame(this.#out, reader, this.#copies.trie));
        break;
      case FRAME.ping:
        this.#sendPong();
        break;
      case FRAME.epoch:
        this.#onEpoch(readTable(reader));
        break;
      case FRAME.items:
        eachItem(bytes, start, end, (version, owners, key, value) =>
          this.#copies.applyLeaf(key, version, owners, value),
        );
        this.#forward(from, FRAME.itemsTaken, reader.u32());
        break;
      case FRAME.itemsEnd:
        this.#forward('broker', FRAME.joined, reader.u32());
        break;
      case FRAME.itemsTaken:
        if (from !== 'broker') this.#transfers.get(from)?.onTaken();
        break;
      case FRAME.transfer:
        this.#beginTransfer(reader);
        break;
      case FRAME.checkpoint:
        this.#checkpointing?.request();
        break;
      default:
        assert(false, `a serving storage server has no frame ${bytes[start]}`);
    }
  }

  #applyWrite(bytes: Uint8Array, start: number, end: number): void {
    const cursor = this.#cursor;
    cursor.open(bytes, start, end);
    while (cursor.next()) {
      const existed = this.#copies.applyItem(cursor);
      if (cursor.deletes) {
        const frame = this.#frame(FRAME.deleted);
        frame.f64(cursor.version);
        frame.u8(existed ? 1 : 0);
        this.#host.send('broker', frame.view());
      }
    }
    if (cursor.version > this.#last) this.#last = cursor.version;
  }

  #answerRead(reader: ByteReader): void {
    const { trie } = this.#copies;
    const request = reader.u32();
    const leaf = trie.find(reader.sized());
    const frame = this.#frame(FRAME.answer);
    frame.u32(request);
    if (leaf === -1 || trie.isTombstone(leaf)) {
      frame.u8(OUTCOME.noKey);
      frame.f64(leaf === -1 ? 0 : trie.versionOf(leaf));
    } else {
      let value: Uint8Array | null = trie.value(leaf);
      const segments = reader.varint();
      if (segments > 0) {
        const path: Uint8Array[] = [];
        for (let i = 0; i < segments; i++) path.push(reader.sized());
        value = lookup(value, path, 0);
      }
      frame.u8(value === null ? OUTCOME.noPath : OUTCOME.found);
      frame.f64(trie.versionOf(leaf));
      if (value !== null) frame.bytes(value);
    }
    this.#host.send('broker', frame.view());
  }

  #beginTransfer(reader: ByteReader): void {
    const join = reader.u32();
    const target = reader.u8() as ServerIndex;
    const after = new Map<ServerMask, Version>();
    for (let count = reader.varint(); count > 0; count--) {
      after.set(reader.u16() as ServerMask, reader.f64() as Version);
    }
    this.#transfers.set(target, new Transfer(join, target, after, this.#table));
  }

  /** A step of what is done between batches: pages of catch-up and of a checkpoint. Answers whether there is more. */
  onIdle(): boolean {
    if (this.#phase !== 'serving') return false;
    for (const [target, transfer] of this.#transfers) {
      if (transfer.waits) continue;
      transfer.step(this.#copies.trie, (to, frame) => this.#host.send(to, frame));
      if (transfer.done) this.#transfers.delete(target);
    }
    if (!this.#isCommitting) this.#checkpointing?.step(this.#copies, this.#committed, this.#mayPublish());
    return this.#hasWork();
  }

  #hasWork(): boolean {
    if (this.#checkpointing?.hasWork === true) return true;
    for (const transfer of this.#transfers.values()) if (!transfer.waits) return true;
    return false;
  }

  /** A checkpoint holds only what is agreed: never while some group here is still out of sync. */
  #mayPublish(): boolean {
    return groupsMissing(this.#table, this.#options.index).length === 0;
  }

  #onWelcome(reader: ByteReader): void {
    const wipe = reader.u8() === 1;
    const drops = readDrops(reader);
    const table = readTable(reader);
    if (wipe) {
      this.#host.setAside();
      const opened = this.#host.openStore();
      if (!opened.ok) {
        this.#fail(opened.error.message);
        return;
      }
      this.#recovery = opened.value;
      this.#remembered = remember(opened.value);
    }
    const recovery = this.#recovery;
    const remembered = this.#remembered;
    if (recovery === null || remembered === null) return;
    this.#enter('replaying', `epoch ${table.epoch}`);
    const cuts = cutsAskedOf(table, this.#options.index);
    replay(recovery, remembered, { cuts, drops }, table, this.#copies, (records) => {
      this.#replayedRecords = records;
    });
    this.#table = table;
    this.#last = remembered.last;
    this.#committed = remembered.committed;
    this.#committedLogged = remembered.committed;
    const started = recovery.start(this.#options.incarnation);
    if (!started.ok) {
      this.#fail(started.error.message);
      return;
    }
    const store = started.value;
    this.#recovery = null;
    this.#remembered = null;
    this.#store = store;
    this.#checkpointing = new Checkpointing(
      store,
      this.#options.checkpointBytes,
      () => this.#appendMeta(store, this.#table),
      () => this.#host.wake(),
    );
    if (cuts.length > 0) {
      const payload = this.#frame(0);
      writeCuts(payload, cuts);
      store.append(RECORD.cut, payload.buffer, 1, payload.length);
    }
    if (drops.length > 0) {
      const payload = this.#frame(0);
      writeDrops(payload, drops);
      store.append(RECORD.drop, payload.buffer, 1, payload.length);
    }
    this.#appendMeta(store, table);
    store.commit((error) => {
      if (error !== null) {
        this.#fail(`the disk refused a sync: ${error.message}`);
        return;
      }
      this.#enter('serving', `recovered ${this.#copies.trie.size} keys`);
      this.#host.epoch(!this.#mayPublish());
      const frame = this.#frame(FRAME.ready);
      frame.u8(this.#copies.dotted ? 1 : 0);
      this.#host.send('broker', frame.view());
    });
  }

  /** The records that the named servers may lack, for a cluster that starts as a whole. */
  #sendTail(reader: ByteReader): void {
    const after = new Map<number, Version>();
    for (let count = reader.varint(); count > 0; count--) after.set(reader.u8(), reader.f64() as Version);
    const cursor = this.#cursor;
    this.#recovery?.records((_lsn, kind, payload) => {
      if (kind !== RECORD.write) return;
      cursor.open(payload, 0, payload.length);
      let wanted = false;
      while (cursor.next()) {
        for (const [server, version] of after) {
          if ((cursor.owners & (1 << server)) !== 0 && cursor.version > version) wanted = true;
        }
      }
      if (!wanted) return;
      const frame = this.#frame(FRAME.tail);
      frame.bytes(payload);
      this.#host.send('broker', frame.view());
    });
    this.#host.send('broker', this.#frame(FRAME.tailEnd).view());
  }

  /** The epoch is durable here: from now on it counts. */
  #onEpoch(table: EpochTable): void {
    this.#table = this.#newer(table);
    this.#host.epoch(!this.#mayPublish());
    const frame = this.#frame(FRAME.epochKept);
    frame.f64(table.epoch);
    this.#host.send('broker', frame.view());
  }

  #newer(table: EpochTable): EpochTable {
    return table.epoch > this.#table.epoch ? table : this.#table;
  }

  #appendMeta(store: Store, table: EpochTable): void {
    const payload = this.#frame(0);
    writeMeta(payload, { committed: this.#committed, last: this.#last, table });
    store.append(RECORD.meta, payload.buffer, 1, payload.length);
  }

  #sendPong(): void {
    const frame = this.#frame(FRAME.pong);
    frame.f64(this.#copies.trie.size);
    frame.f64(this.#store?.walBytes ?? 0);
    frame.f64(this.#replayedRecords);
    this.#host.send('broker', frame.view());
  }

  #forward(to: Peer, kind: number, join: number): void {
    const frame = this.#frame(kind);
    frame.u32(join);
    this.#host.send(to, frame.view());
  }

  /** Everything that waits is synced and a mark written, so the next start finds no tail. */
  close(done: () => void): void {
    const store = this.#store;
    if (store === null || this.#phase !== 'serving') {
      this.#enter('failed', 'closed');
      done();
      return;
    }
    this.#checkpointing?.abandon();
    this.#phase = 'failed';
    store.close(done);
  }

  /** What this server holds, to be looked at: checkers compare owners with it. */
  get trie(): RadixTrie {
    return this.#copies.trie;
  }

  #enter(phase: Phase, reason: string): void {
    this.#phase = phase;
    this.#host.phase(phase, reason);
  }

  #fail(reason: string): void {
    this.#enter('failed', reason);
    this.#host.fail(reason);
  }

  #serving(): Store {
    assert(this.#store !== null, 'a serving storage server has a store');
    return this.#store;
  }

  #frame(kind: number): ByteWriter {
    this.#out.reset();
    this.#out.u8(kind);
    return this.#out;
  }
}
