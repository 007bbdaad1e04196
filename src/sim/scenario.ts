/** One run of the simulated world as data: its shape, its clients, and what happens to it and when. */
import type { ClockFault, FaultAction } from '../faults/action.ts';
import type { ClusterConfig } from '../model/config.ts';
import type { ServerIndex } from '../model/ids.ts';
import type { CrashPoint } from './crash-point.ts';
import type { Knobs } from './server-world.ts';
import type { Blackout } from './simulated-cluster.ts';
import type { Aim } from './standing.ts';
import type { WorkloadOptions } from './workload.ts';

/**
 * What the faults of a run add up to. `crashes`: anything but damage to what lies on a disk. `damage`: that too, but
 * always on fewer servers than there are copies, and no other fault on the rest until all is whole again. `beyond`:
 * anything anywhere; then only wrong answers count.
 */
export type Budget = 'crashes' | 'damage' | 'beyond';

/** `atMs` is counted from the beginning of the faults, without the time that a calm takes. */
export type Happening = {
  readonly atMs: number;
  /** Waits until the server that it hits is like this, for a while; then it happens all the same. */
  readonly aim?: Aim;
} & (
  | { readonly kind: 'fault'; readonly action: FaultAction; readonly forMs: number | null; readonly seed: number }
  | { readonly kind: 'restart'; readonly server: ServerIndex }
  /** The machine or its process dies; the servers that are `absent` come back later than the others. */
  | {
      readonly kind: 'blackout';
      readonly blackout: Blackout;
      readonly absent: readonly ServerIndex[];
      readonly absentMs: number;
    }
  | { readonly kind: 'crash-point'; readonly server: ServerIndex; readonly point: CrashPoint }
  /** The clock of the broker's machine is wrong. */
  | { readonly kind: 'host-clock'; readonly fault: ClockFault; readonly forMs: number }
  /** The broker's thread does nothing. */
  | { readonly kind: 'hang-host'; readonly forMs: number }
  /** Everything is healed and becomes whole; servers whose disks were damaged read them from end to end. */
  | { readonly kind: 'calm'; readonly reread: readonly ServerIndex[] }
);

export type Scenario = {
  readonly seed: number;
  readonly config: ClusterConfig;
  readonly knobs: Knobs;
  readonly workload: WorkloadOptions;
  readonly budget: Budget;
  readonly durationMs: number;
  readonly happenings: readonly Happening[];
};

/** The servers that a happening hits, of `all`; those at the ends of its links too. */
export function serversOf(happening: Happening, all: readonly ServerIndex[]): readonly ServerIndex[] {
  switch (happening.kind) {
    case 'restart':
    case 'crash-point':
      return [happening.server];
    case 'blackout':
      return all;
    case 'fault': {
      const { action } = happening;
      if (action.kind !== 'link') return 'servers' in action ? action.servers : [];
      const ends = new Set(action.links.flatMap(({ from, to }) => [from, to]));
      return all.filter((server) => ends.has(server));
    }
    default:
      return [];
  }
}

/** Names of what a happening is, for counts: `crash`, `link cut`, `disk full`, `damage flip`, `blackout`. */
export function kindOf(happening: Happening): string {
  if (happening.kind === 'host-clock') return `host-clock ${happening.fault.kind}`;
  if (happening.kind === 'crash-point') return `crash-point ${happening.point.at}`;
  if (happening.kind !== 'fault') return happening.kind;
  const { action } = happening;
  switch (action.kind) {
    case 'link':
      return `link ${action.rule.kind}`;
    case 'disk':
      return `disk ${action.fault.kind}`;
    case 'damage':
      return `damage ${action.damage.kind}`;
    case 'clock':
      return `clock ${action.fault.kind}`;
    default:
      return action.kind;
  }
}
