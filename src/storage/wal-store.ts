/**
 * The store on a disk: group commit, and checkpoints that free old segments. Nothing is ever retried after a failed
 * write or sync; nothing is told durable before its sync returned.
 */
import { assert } from '../lib/assert.ts';
import { NO_BYTES } from '../lib/bytes.ts';
import type { Lsn } from '../model/ids.ts';
import { CheckpointFile } from './checkpoint-writer.ts';
import { DiskError } from './disk.ts';
import { checkpointName, TEMPORARY } from './names.ts';
import { INITIAL_BYTES, RecordBuffer } from './record-buffer.ts';
import { HEADER_BYTES, MARK_KIND } from './segment.ts';
import type { CheckpointWriter, OnDurable, Store } from './store.ts';
import { type Life, type TailStart, WalTail } from './wal-tail.ts';

export class WalStore implements Store {
  readonly #life: Life;
  readonly #tail: WalTail;
  readonly #records: RecordBuffer;
  #lastLsn: Lsn;
  #durableLsn: Lsn;
  /** Whether the last batch has no mark behind it that vouches for it. */
  #isUnmarked: boolean;
  #isInFlight = false;
  #waiting: OnDurable[] = [];
  #failure: DiskError | null = null;
  #isClosed = false;
  #checkpoint: CheckpointFile | null = null;
  /** Beginning of the checkpoint that counts. */
  #published: Lsn | null;
  /** Bytes of records that it covers, of all that the tail counts. */
  #coveredBytes = 0;

  constructor(life: Life, start: TailStart & { readonly checkpoint: Lsn | null }) {
    this.#life = life;
    this.#records = new RecordBuffer(life.rare('storage: records are framed from one byte on') ? 1 : INITIAL_BYTES);
    this.#tail = new WalTail(life, start);
    this.#lastLsn = start.lastLsn;
    this.#durableLsn = start.lastLsn;
    this.#isUnmarked = start.position > HEADER_BYTES;
    this.#published = start.checkpoint;
  }

  get lastLsn(): Lsn {
    return this.#lastLsn;
  }

  get durableLsn(): Lsn {
    return this.#durableLsn;
  }

  get walBytes(): number {
    return this.#tail.bytes - this.#coveredBytes;
  }

  get failure(): DiskError | null {
    return this.#failure;
  }

  get isFull(): boolean {
    return this.#tail.noSpace !== null;
  }

  get room(): number {
    return Math.max(0, this.#tail.room - this.#records.length - this.#tail.margin);
  }

  makeRoom(): void {
    if (this.#failure === null && !this.#isClosed) this.#attempt(() => this.#tail.grow(this.#records.length));
  }

  append(kind: number, bytes: Uint8Array, start: number, end: number): Lsn {
    assert(kind > MARK_KIND && kind <= 255, 'a kind of record is 1 … 255');
    assert(!this.#isClosed, 'a closed store takes no records');
    const lsn = (this.#lastLsn + 1) as Lsn;
    this.#lastLsn = lsn;
    this.#records.append(lsn, kind, bytes, start, end);
    return lsn;
  }

  commit(done: OnDurable): void {
    if (this.#failure !== null) done(this.#failure);
    else if (this.#isInFlight) this.#waiting.push(done);
    else if (this.#records.length === 0) done(null);
    else this.#writeBatch(done);
  }

  markDurable(): void {
    if (this.#needsMark()) this.#writeMark(() => undefined);
  }

  beginCheckpoint(expectedBytes = 0, begin: Lsn = (this.#durableLsn + 1) as Lsn): CheckpointWriter {
    assert(this.#checkpoint === null, 'one checkpoint at a time');
    const isAtEnd = begin > this.#lastLsn && this.#failure === null && !this.#isInFlight && this.#records.length === 0;
    if (isAtEnd) this.#attempt(() => this.#tail.turn(expectedBytes));
    assert(begin <= this.#durableLsn + 1, 'a checkpoint covers durable records only');
    const { disk, directory, server, rare } = this.#life;
    const path = `${directory}/${checkpointName(begin)}${TEMPORARY}`;
    const file = new CheckpointFile(disk, path, { server, begin }, rare);
    this.#checkpoint = file;
    const coveredBytes = this.#tail.bytes;
    let isFinished = false;
    return {
      begin,
      get isBusy() {
        return file.isBusy;
      },
      get hasFailed() {
        return file.error !== null;
      },
      add: (key, version, tombstone, value) => file.add(key, version, tombstone, value),
      finish: (done) => {
        file.finish((error) => {
          if (this.#checkpoint !== file) return;
          isFinished = error === null;
          done(error);
        });
      },
      publish: () => {
        assert(isFinished && this.#checkpoint === file, 'only a finished checkpoint is published');
        return this.#publish(file, coveredBytes);
      },
      abandon: () => {
        if (this.#checkpoint === file) this.#dropCheckpoint();
      },
    };
  }

  close(done: () => void = () => undefined): void {
    this.commit(() => {
      if (this.#needsMark()) this.#writeMark(() => this.#closeFiles(done));
      else this.#closeFiles(done);
    });
  }

  abandon(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting = [];
    this.#checkpoint?.close();
    this.#checkpoint = null;
    this.#tail.close();
  }

  #needsMark(): boolean {
    const isIdle = this.#failure === null && !this.#isClosed && !this.#isInFlight && this.#records.length === 0;
    // On a full disk what is left is for what must be written: a mark that finds no room would end the store.
    const hasRoom = !this.isFull || this.#tail.room >= this.#tail.margin;
    return isIdle && hasRoom && this.#isUnmarked && this.#life.durability === 'fsync';
  }

  #writeMark(done: OnDurable): void {
    this.#records.append(this.#lastLsn, MARK_KIND, NO_BYTES, 0, 0);
    this.#writeBatch((error) => {
      if (error === null) this.#isUnmarked = false;
      done(error);
    });
  }

  #writeBatch(done: OnDurable): void {
    const lsn = this.#lastLsn;
    if (!this.#attempt(() => this.#tail.write(this.#records, lsn))) {
      this.#settle(done);
      return;
    }
    this.#records.reset();
    this.#isInFlight = true;
    const onSynced = (error: DiskError | null): void => {
      if (this.#isClosed) return;
      this.#isInFlight = false;
      if (error === null) {
        this.#durableLsn = lsn;
        this.#isUnmarked = true;
      } else {
        this.#failure ??= error;
      }
      this.#settle(done);
    };
    if (this.#life.durability === 'fsync') this.#tail.sync(onSynced);
    else onSynced(null);
  }

  /** Tells how a batch ended, then begins the next one for those who came meanwhile. */
  #settle(done: OnDurable): void {
    done(this.#failure);
    if (this.#isInFlight || this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.commit((outcome) => {
      for (const each of waiting) each(outcome);
    });
  }

  #publish(file: CheckpointFile, coveredBytes: number): DiskError | null {
    const { disk, directory, durability } = this.#life;
    this.#checkpoint = null;
    file.close();
    if (this.#failure !== null) return this.#failure;
    const isPublished = this.#attempt(() => {
      // A checkpoint never knows more than the WAL has on the disk.
      if (durability === 'os') this.#tail.syncNow();
      disk.rename(file.path, `${directory}/${checkpointName(file.begin)}`);
      disk.syncDirectory(directory);
    });
    // When not, whether the name is durable is unknown for ever, and the store has failed with it.
    if (!isPublished) return this.#failure;
    if (this.#published !== null && this.#published !== file.begin) {
      this.#remove(`${directory}/${checkpointName(this.#published)}`);
    }
    this.#published = file.begin;
    this.#coveredBytes = coveredBytes;
    for (const path of this.#tail.takeBelow(file.begin)) this.#remove(path);
    return null;
  }

  #dropCheckpoint(): void {
    const file = this.#checkpoint;
    if (file === null) return;
    this.#checkpoint = null;
    file.close();
    this.#remove(file.path);
  }

  #closeFiles(done: () => void): void {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#dropCheckpoint();
      const prepared = this.#tail.close();
      if (prepared !== null) this.#remove(prepared);
    }
    done();
  }

  /** Removes what no recovery needs. What stays behind is removed by the next start. */
  #remove(path: string): void {
    if (this.#life.rare('storage: a file that nobody needs stays')) return;
    try {
      this.#life.disk.remove(path);
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
    }
  }

  /** Does what must not fail; when it does, the store has failed, for ever. */
  #attempt(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      this.#failure ??= error;
      return false;
    }
  }
}
