/** Which call of a disk goes wrong, and how, under the faults that act now. Decides only; draws from its prng alone. */
import type { Prng } from '../lib/prng.ts';
import type { DiskErrorCode } from '../storage/disk.ts';
import type { DiskFault } from './action.ts';
import { SECTOR_BYTES } from './unsynced-file.ts';

/** A fault that acts now. `take`: counts a call that it could act on, and says whether it acts on this one. */
export type ActiveDiskFault = { readonly fault: DiskFault; take(): boolean };

export type WriteFate =
  | { readonly kind: 'written'; readonly offset: number }
  /** Reports success, and nothing changes. */
  | { readonly kind: 'lost' }
  /** Fails, with so many bytes of it written; or this life ends then. */
  | { readonly kind: 'refused'; readonly written: number; readonly code: DiskErrorCode }
  | { readonly kind: 'torn'; readonly written: number };

export class DiskDecisions {
  readonly #faults: () => readonly ActiveDiskFault[];
  readonly #prng: Prng;

  constructor(faults: () => readonly ActiveDiskFault[], prng: Prng) {
    this.#faults = faults;
    this.#prng = prng;
  }

  /** What becomes of a write of `length` bytes into a file of `size()`. */
  fateOfWrite(size: () => number, offset: number, length: number): WriteFate {
    const faults = this.#faults();
    if (faults.length === 0) return { kind: 'written', offset };
    const grows = offset + length > size();
    for (const active of faults) {
      const { fault } = active;
      switch (fault.kind) {
        case 'full':
          if (grows) return { kind: 'refused', written: 0, code: 'ENOSPC' };
          break;
        case 'write-fail':
          if (this.#prng.chance(fault.probability) && active.take()) {
            return { kind: 'refused', written: this.#part(length), code: fault.code };
          }
          break;
        // What a file grows by is zeros, prepared for a batch to come: these three wait for the batch.
        case 'torn-write':
          if (!grows && active.take()) return { kind: 'torn', written: this.#part(length) };
          break;
        case 'misdirect':
          if (!grows && active.take()) return { kind: 'written', offset: elsewhere(offset, length, size()) };
          break;
        case 'lose-write':
          if (!grows && active.take()) return { kind: 'lost' };
          break;
        case 'sync-fail':
        case 'read-fail':
        case 'slow':
        case 'stall':
          break;
        default:
          fault satisfies never;
      }
    }
    return { kind: 'written', offset };
  }

  readFails(): boolean {
    return this.#faults().some(
      (active) => active.fault.kind === 'read-fail' && this.#prng.chance(active.fault.probability) && active.take(),
    );
  }

  syncFails(): boolean {
    return this.#faults().some((active) => active.fault.kind === 'sync-fail' && active.take());
  }

  /** Whether no file may grow. */
  get isFull(): boolean {
    return this.#faults().some(({ fault }) => fault.kind === 'full');
  }

  /** Whether no call that changes anything may return. */
  get stalls(): boolean {
    return this.#faults().some(({ fault }) => fault.kind === 'stall');
  }

  /** How many milliseconds later than it would a sync returns that took so long. */
  lateMs(tookMs: number): number {
    let lateMs = 0;
    for (const { fault } of this.#faults()) {
      if (fault.kind === 'slow') lateMs += fault.delayMs + Math.max(0, fault.factor - 1) * tookMs;
    }
    return lateMs;
  }

  /** Bytes of the first sectors of a write, never all of it: one of less than a sector is lost whole. */
  #part(length: number): number {
    return this.#prng.below(Math.max(1, Math.ceil(length / SECTOR_BYTES))) * SECTOR_BYTES;
  }
}

/** Another place in the file, as a drive with a wrong seek would choose: whole sectors away. */
function elsewhere(offset: number, length: number, size: number): number {
  const back = Math.floor(size / 2 / SECTOR_BYTES) * SECTOR_BYTES;
  return offset - back >= 0 && back >= length
    ? offset - back
    : offset + Math.ceil(length / SECTOR_BYTES) * SECTOR_BYTES;
}
