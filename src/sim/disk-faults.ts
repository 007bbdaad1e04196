/** What goes wrong with the calls of a simulated disk: the nth of a kind, or any with a probability, until healed. */
import { DiskError, type DiskErrorCode } from '../storage/disk.ts';
import type { WriteFate } from './disk-file.ts';

export type DiskCall =
  | 'open'
  | 'read'
  | 'write'
  | 'sync'
  | 'truncate'
  | 'close'
  | 'rename'
  | 'remove'
  | 'list'
  | 'makeDirectory'
  | 'removeDirectory'
  | 'syncDirectory';

/**
 * What happens to a call. An error code: it fails, a sync leaving its pages clean. `short`: half of a write, then
 * ENOSPC. `lost`, `misdirected`, `torn`: a write that reports success. `crash-before` and `crash-after`: CrashSignal,
 * with the call undone or done (and not synced); `crash-amid`: with half of a write done.
 */
export type DiskEffect =
  | DiskErrorCode
  | 'short'
  | Exclude<WriteFate, 'written'>
  | 'crash-before'
  | 'crash-amid'
  | 'crash-after';

export type DiskFault = {
  readonly call: DiskCall | 'any';
  /** The nth such call from now on, 1 is the next. */
  readonly nth: number;
  readonly effect: DiskEffect;
  /** How many calls in a row; default 1. */
  readonly times?: number;
  /** Only calls on paths that contain this. */
  readonly path?: string;
  /** Asked at each of these calls: whether it goes wrong; default always. */
  readonly strikes?: () => boolean;
};

/** Thrown by the call at which power fails, through the actor that made it; its host then calls crash(). */
export class CrashSignal extends Error {
  override name = 'CrashSignal';
}

export class DiskFaults {
  #faults: { readonly fault: DiskFault; seen: number }[] = [];

  /** Makes calls to come go wrong; the answer heals it. */
  inject(fault: DiskFault): () => void {
    const injected = { fault, seen: 0 };
    this.#faults.push(injected);
    return () => {
      this.#faults = this.#faults.filter((other) => other !== injected);
    };
  }

  clear(): void {
    this.#faults = [];
  }

  /** Does the call, or what was injected instead; `onError` comes before a failure. */
  carryOut<T>(call: DiskCall, path: string, work: (effect: DiskEffect | null) => T, onError?: () => void): T {
    const effect = this.#effectOn(call, path);
    switch (effect) {
      case null:
      case 'short':
      case 'lost':
      case 'misdirected':
      case 'torn':
        return work(effect);
      case 'crash-before':
        throw new CrashSignal(`power failed before ${call} of ${path}`);
      case 'crash-amid':
        if (call === 'write') work(effect);
        throw new CrashSignal(`power failed during ${call} of ${path}`);
      case 'crash-after':
        work(effect);
        throw new CrashSignal(`power failed after ${call} of ${path}`);
      default:
        onError?.();
        throw new DiskError(effect, call, path);
    }
  }

  /** What happens to this call, or null: the newest fault that strikes. */
  #effectOn(call: DiskCall, path: string): DiskEffect | null {
    if (this.#faults.length === 0) return null;
    let effect: DiskEffect | null = null;
    for (const each of this.#faults) {
      const { fault } = each;
      if (fault.call !== 'any' && fault.call !== call) continue;
      if (fault.path !== undefined && !path.includes(fault.path)) continue;
      each.seen++;
      if (each.seen < fault.nth || each.seen >= fault.nth + (fault.times ?? 1)) continue;
      if (fault.strikes === undefined || fault.strikes()) effect = fault.effect;
    }
    return effect;
  }
}
