/**
 * A storage server's life before it serves: it opens its directory and says what that holds (hello), is told what is
 * agreed (welcome), and brings its copies there. It changes nothing on the disk before it was welcomed.
 */
import { ByteReader, type ByteWriter } from '../lib/bytes.ts';
import { FRAME } from '../model/frames.ts';
import { readTable, writeTable } from '../replication/epoch-table.ts';
import type { Recovery, Store } from '../storage/store.ts';
import type { Copies } from './copies.ts';
import type { ReplicaHost, ReplicaOptions } from './host.ts';
import { pongFrame } from './pong.ts';
import { appendRecord, RECORD, readDrops, writeCuts, writeDrops, writeMeta } from './records.ts';
import { cutsAskedOf, replay } from './recovery.ts';
import { type Remembered, Remembering } from './remembering.ts';
import { Standing } from './standing.ts';
import { sendTail } from './tail.ts';

/** A life that may serve: all that the recovery decided is durable. */
export type Recovered = { readonly store: Store; readonly standing: Standing; readonly replayedRecords: number };

/** Leaves and records that are read between two signs of life: some ten milliseconds of work. */
export const SIGN_STEPS = 65_536;

type Opened = { readonly recovery: Recovery; readonly remembered: Remembered };

export class Recovering {
  readonly #options: ReplicaOptions;
  readonly #host: ReplicaHost;
  readonly #copies: Copies;
  readonly #out: ByteWriter;
  readonly #onRecovered: (recovered: Recovered) => void;
  #opened: Opened | null = null;
  #replayedRecords = 0;
  #steps = 0;
  #isOver = false;

  /** `out`: a writer that others may use between two calls. `onRecovered` is called once, or the host hears of a failure. */
  constructor(
    options: ReplicaOptions,
    host: ReplicaHost,
    copies: Copies,
    out: ByteWriter,
    onRecovered: (recovered: Recovered) => void,
  ) {
    this.#options = options;
    this.#host = host;
    this.#copies = copies;
    this.#out = out;
    this.#onRecovered = onRecovered;
  }

  /** Opens the directory and tells the broker what it says, or how it is damaged. */
  start(): void {
    const problem = this.#open();
    const remembered = this.#opened?.remembered;
    const out = this.#frame(FRAME.hello);
    out.f64(this.#options.incarnation);
    out.f64(remembered?.last ?? 0);
    out.f64(remembered?.committed ?? 0);
    out.f64(remembered?.pruned ?? 0);
    out.u8((this.#opened?.recovery.tornBytes ?? 0) > 0 ? 1 : 0);
    out.sizedText(problem ?? '');
    if (remembered?.table != null) writeTable(out, remembered.table);
    this.#host.send('broker', out.view());
  }

  onFrame(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isOver) return;
    const reader = new ByteReader(bytes, start + 1, end);
    switch (bytes[start]) {
      case FRAME.tailWanted:
        this.#onTailWanted(reader);
        break;
      case FRAME.welcome:
        this.#onWelcome(reader);
        break;
      case FRAME.ping:
        this.#sendPong();
        break;
      default:
        // What was sent to the life before.
        break;
    }
  }

  close(): void {
    this.#isOver = true;
    this.#host.phase('failed', 'closed');
  }

  /** The records that the named servers may lack, for a cluster that starts as a whole. */
  #onTailWanted(reader: ByteReader): void {
    const send = (frame: Uint8Array): void => this.#host.send('broker', frame);
    if (this.#opened !== null) sendTail(this.#options.index, this.#out, reader, this.#opened, this.#host.rare, send);
    send(this.#frame(FRAME.tailEnd).view());
  }

  /** What is agreed is known: recovers under it. */
  #onWelcome(reader: ByteReader): void {
    const wipe = reader.u8() === 1;
    const drops = readDrops(reader);
    const table = readTable(reader);
    if (wipe) {
      this.#host.setAside();
      const problem = this.#open();
      if (problem !== null) this.#fail(problem);
    }
    if (this.#isOver || this.#opened === null) return;
    const { recovery, remembered } = this.#opened;
    this.#opened = null;
    this.#host.phase('replaying', `epoch ${table.epoch}`);
    const { index, incarnation } = this.#options;
    const cuts = cutsAskedOf(table, index);
    replay(recovery, remembered, { cuts, drops }, table, this.#copies, (records) => {
      this.#replayedRecords = records;
      this.#step();
    });
    const started = recovery.start(incarnation);
    if (!started.ok) {
      this.#fail(started.error.message);
      return;
    }
    const store = started.value;
    const { last, committed } = remembered;
    const out = this.#out;
    if (cuts.length > 0) appendRecord(store, RECORD.cut, out, (payload) => writeCuts(payload, cuts));
    if (drops.length > 0) appendRecord(store, RECORD.drop, out, (payload) => writeDrops(payload, drops));
    appendRecord(store, RECORD.meta, out, (payload) => writeMeta(payload, { committed, last, table }));
    store.commit((error) => {
      if (this.#isOver) return;
      if (error !== null) {
        this.#fail(`the disk refused a sync: ${error.message}`);
        return;
      }
      const standing = new Standing(index, { table, last, committed });
      this.#onRecovered({ store, standing, replayedRecords: this.#replayedRecords });
    });
  }

  /** A server with much to read answers nobody for long: it says now and then that it goes on. */
  #step(): void {
    if (++this.#steps % SIGN_STEPS !== 0) return;
    this.#sendPong();
    this.#host.flush();
  }

  #sendPong(): void {
    this.#host.send('broker', pongFrame(this.#out, this.#copies.trie.size, 0, this.#replayedRecords));
  }

  /** Null, or what is wrong with the directory. */
  #open(): string | null {
    const remembering = new Remembering(this.#host.rare);
    const opened = this.#host.openStore((lsn, kind, bytes, start, end) => {
      remembering.visit(lsn, kind, bytes, start, end);
      this.#step();
    });
    if (!opened.ok) return opened.error.message;
    this.#opened = { recovery: opened.value, remembered: remembering.remembered() };
    return null;
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
