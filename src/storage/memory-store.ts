/** The store of durability `memory`: the same calls, no files; nothing survives. */
import { ok } from '../lib/result.ts';
import type { Lsn } from '../model/ids.ts';
import type { CheckpointWriter, Recovery, Store } from './store.ts';

const NOTHING = (): void => undefined;

/** A recovery that found nothing and starts a store that keeps nothing. */
export function memoryRecovery(): Recovery {
  return {
    lastLsn: 0 as Lsn,
    begin: 1 as Lsn,
    entries: 0,
    walBytes: 0,
    incarnation: 0,
    tornBytes: 0,
    notes: [],
    checkpoint: NOTHING,
    records: NOTHING,
    start: () => ok(memoryStore()),
  };
}

function memoryStore(): Store {
  let last = 0;
  return {
    get lastLsn() {
      return last as Lsn;
    },
    get durableLsn() {
      return last as Lsn;
    },
    walBytes: 0,
    failure: null,
    isFull: false,
    room: Number.POSITIVE_INFINITY,
    makeRoom: NOTHING,
    append: () => ++last as Lsn,
    commit: (done) => done(null),
    markDurable: NOTHING,
    beginCheckpoint: (_expectedBytes, begin = (last + 1) as Lsn) => memoryCheckpoint(begin),
    close: (done) => done?.(),
    abandon: NOTHING,
  };
}

function memoryCheckpoint(begin: Lsn): CheckpointWriter {
  return {
    begin,
    isBusy: false,
    hasFailed: false,
    add: NOTHING,
    finish: (done) => done(null),
    publish: () => null,
    abandon: NOTHING,
  };
}
