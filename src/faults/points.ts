/**
 * What happens at the named points of a storage server (point-names.ts): etcd gofail's idea, without switches in the
 * code that passes them. Decides only; how to wait and how to die are its host's.
 */
import { DiskError, type DiskErrorCode } from '../storage/disk.ts';
import { placeOf, sendOf } from './point-names.ts';

/** What a point does to whoever passes it. */
export type PointAct =
  /** This life ends there. */
  | { readonly kind: 'panic' }
  | { readonly kind: 'sleep'; readonly forMs: number }
  /** The call fails: before it undone, after it done. */
  | { readonly kind: 'error'; readonly code: DiskErrorCode };

export type PointFault = { readonly point: string; readonly act: PointAct };

/** A fault that acts now. `take`: counts that its point was passed, and says whether it acts this time. */
export type ActivePoint = { readonly fault: PointFault; take(): boolean };

export type PointHost = {
  faults(): readonly ActivePoint[];
  /** How often each of POINTS was passed, over all lives; null where nobody asks. */
  readonly passed: Int32Array | null;
  /** Nothing else happens for so long. */
  sleep(ms: number): void;
  /** Ends this life without another instruction of the product. */
  die(reason: string): never;
};

export class Points {
  readonly #host: PointHost;

  constructor(host: PointHost) {
    this.#host = host;
  }

  /** Whether nothing happens at any point, and nobody counts. */
  get isIdle(): boolean {
    return this.#host.passed === null && this.#host.faults().length === 0;
  }

  /** Passes a point of the disk; the error with which the call is to fail, or null. */
  pass(when: 'before' | 'after', call: string, path: string): DiskError | null {
    const name = `${when}-${call}`;
    const { passed } = this.#host;
    if (passed !== null) count(passed, placeOf(name));
    let error: DiskError | null = null;
    for (const active of this.#host.faults()) {
      const { point, act } = active.fault;
      if (point !== name || !active.take()) continue;
      if (act.kind === 'panic') return this.#host.die(`panic at ${name}`);
      if (act.kind === 'sleep') this.#host.sleep(act.forMs);
      else error ??= new DiskError(act.code, name, path);
    }
    return error;
  }

  /** Sends a frame between its two points. */
  send(frame: Uint8Array, send: () => void): void {
    const call = this.isIdle ? null : sendOf(frame);
    if (call !== null) this.pass('before', call, '');
    send();
    if (call !== null) this.pass('after', call, '');
  }
}

function count(passed: Int32Array, place: number): void {
  passed[place] = (passed[place] as number) + 1;
}
