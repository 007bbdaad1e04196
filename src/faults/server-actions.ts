/** What a fault of servers is for their host: the action on those that were picked, or in one line why there is none. */
import { err, ok, type Result } from '../lib/result.ts';
import type { ServerIndex } from '../model/ids.ts';
import type { DamagedFile, DiskDamage, DiskFault, FaultAction } from './action.ts';
import { callsSaid, EVERY_CALL, NEXT_CALL } from './calls.ts';
import type { Fault, FaultOptions, FileSelector, Selector } from './syntax.ts';

type ServerFault = Extract<Fault, { servers: Selector }>;

export function actionOf(
  fault: Exclude<ServerFault, { kind: 'isolate' }>,
  options: FaultOptions,
  servers: readonly ServerIndex[],
): Result<FaultAction, string> {
  switch (fault.kind) {
    case 'crash':
    case 'oom':
    case 'wipe':
      return ok({ kind: fault.kind, servers });
    case 'hang':
      return ok({ kind: 'hang', servers, forMs: options.forMs });
    case 'slow':
      return ok({ kind: 'slow', servers, factor: fault.factor });
    case 'throw':
    case 'flap':
      return ok({ kind: fault.kind, servers, count: fault.count });
    case 'flaky':
      return ok({ kind: 'flaky', servers, probability: fault.probability });
    case 'power':
      return ok({ kind: 'power', servers, survivors: fault.survivors });
    case 'skew':
      return ok({ kind: 'clock', servers, fault: { kind: 'skew', byMs: fault.byMs } });
    case 'drift':
      return ok({ kind: 'clock', servers, fault: { kind: 'drift', rate: fault.rate } });
    case 'strobe':
      return ok({ kind: 'clock', servers, fault: { kind: 'strobe', byMs: fault.byMs, everyMs: fault.everyMs } });
    case 'point': {
      const { name: point, act } = fault;
      const calls = callsSaid(options.nth, options.times) ?? (act.kind === 'panic' ? NEXT_CALL : EVERY_CALL);
      const probability = (options.percent ?? 100) / 100;
      return ok({ kind: 'point', servers, fault: { point, act }, probability, calls });
    }
    case 'bitflip': {
      const file = fileOf(fault.file);
      if (!file.ok) return file;
      const { bits } = fault;
      const damage: DiskDamage =
        bits.kind === 'percent'
          ? { kind: 'rot', file: file.value, percent: bits.percent }
          : { kind: 'flip', file: file.value, bits: bits.count };
      return ok({ kind: 'damage', servers, damage });
    }
    case 'truncate': {
      const file = fileOf(fault.file);
      if (!file.ok) return file;
      return ok({ kind: 'damage', servers, damage: { kind: 'truncate', file: file.value, bytes: fault.bytes } });
    }
    default: {
      const calls = callsSaid(options.nth, options.times);
      const action = { kind: 'disk', servers, fault: diskFaultOf(fault, options) } as const;
      return ok(calls === null ? action : { ...action, calls });
    }
  }
}

type FaultOfDisk = Extract<
  Fault,
  {
    kind:
      | 'sync-fail'
      | 'write-fail'
      | 'read-fail'
      | 'torn-write'
      | 'disk-full'
      | 'disk-slow'
      | 'disk-stall'
      | 'misdirect'
      | 'lose-write';
  }
>;

function diskFaultOf(fault: FaultOfDisk, { percent }: FaultOptions): DiskFault {
  const probability = (percent ?? 100) / 100;
  switch (fault.kind) {
    case 'sync-fail':
      return { kind: 'sync-fail', count: 1 };
    case 'write-fail':
      return { kind: 'write-fail', code: fault.code, probability };
    case 'read-fail':
      return { kind: 'read-fail', probability };
    case 'disk-full':
      return { kind: 'full' };
    case 'disk-slow': {
      const { by } = fault;
      const isFactor = by.kind === 'factor';
      return { kind: 'slow', delayMs: isFactor ? 0 : by.delayMs, factor: isFactor ? by.factor : 1 };
    }
    case 'disk-stall':
      return { kind: 'stall' };
    case 'torn-write':
    case 'misdirect':
    case 'lose-write':
      return { kind: fault.kind };
    default:
      return fault satisfies never;
  }
}

function fileOf(file: FileSelector): Result<DamagedFile, string> {
  if (file.kind === 'index') return err('there is no index file: indexes are made anew when a server starts');
  if (file.kind === 'named') return ok(file);
  return ok({ kind: file.kind === 'snap' ? 'checkpoint' : file.kind });
}
