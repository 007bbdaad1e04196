/** Where a simulated server dies by a fault: at a call to its disk, or at a frame that it sends. */
import type { Prng } from '../lib/prng.ts';
import type { Survivors } from '../faults/action.ts';
import type { SimulatedDisk } from './disk.ts';
import { CrashSignal, type DiskCall } from './disk-faults.ts';

/** Where a server dies: at the nth of its calls to the disk, or of the frames it sends, counted from now. */
export type CrashPoint = {
  readonly at: 'disk' | 'send';
  readonly nth: number;
  /** Of its calls to the disk, only these; any by default. */
  readonly call?: DiskCall | 'any';
  readonly survivors: Survivors | null;
};

/** What a server has ahead of it: one point of each kind at most, the newest. */
export class CrashPoints {
  readonly #disk: SimulatedDisk;
  readonly #prng: Prng;
  #afterSends = 0;
  #survivors: Survivors | null = null;
  #takeBack: (() => void) | null = null;

  constructor(disk: SimulatedDisk, prng: Prng) {
    this.#disk = disk;
    this.#prng = prng;
  }

  /** What is left of what the disk was not told to keep, after the crash. */
  get survivors(): Survivors | null {
    return this.#survivors;
  }

  /** Makes it die there; the answer takes that back. */
  set({ at, nth, call = 'any', survivors }: CrashPoint): () => void {
    this.#survivors = survivors;
    if (at === 'send') {
      this.#afterSends = nth;
      return () => {
        this.#afterSends = 0;
      };
    }
    const effect = this.#prng.pick(['crash-before', 'crash-amid', 'crash-after'] as const);
    this.#takeBack?.();
    this.#takeBack = this.#disk.inject({ call, nth, effect });
    return this.#takeBack;
  }

  /** A frame is about to be sent: CrashSignal at the point. */
  onSend(): void {
    if (this.#afterSends > 0 && --this.#afterSends === 0) throw new CrashSignal('crash at a send');
  }

  /** It died at one. */
  onCrash(): void {
    this.#takeBack?.();
  }
}
