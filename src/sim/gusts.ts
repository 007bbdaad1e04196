/** What storms are made of: a cluster and its clients, and what happens: one server is held up, all are dark, one ends. */
import type { Prng } from '../lib/prng.ts';
import type { ServerIndex } from '../model/ids.ts';
import type { Happening, Scenario } from './scenario.ts';
import type { Blackout } from './simulated-cluster.ts';
import { type Drawn, fault, someMs, survivorsOf } from './swarm-kinds.ts';

type Bounds = readonly [least: number, most: number];

/** What the cluster and the clients of a storm are drawn from. */
export type Setting = {
  readonly shapes: readonly (readonly [servers: number, replicas: number])[];
  readonly durationMs: readonly number[];
  readonly linkMs: readonly number[];
  readonly syncMs: readonly number[];
  /** Null: as in any other scenario. */
  readonly epochMs: readonly number[] | null;
  readonly clients: Bounds;
  readonly registers: Bounds;
  readonly family: Bounds;
  readonly thinkMs: readonly number[];
};

/** The scenario with a cluster and clients as the storm wants them; what happens is not drawn yet. */
export function drawSetting(scenario: Scenario, prng: Prng, setting: Setting): Scenario {
  const { config, knobs, workload } = scenario;
  const [servers, replicas] = prng.pick(setting.shapes);
  return {
    ...scenario,
    config: { ...config, servers, replicas },
    durationMs: prng.pick(setting.durationMs),
    knobs: {
      ...knobs,
      linkMs: prng.pick(setting.linkMs),
      syncMs: prng.pick(setting.syncMs),
      ...(setting.epochMs === null ? {} : { epochMs: prng.pick(setting.epochMs) }),
    },
    workload: {
      ...workload,
      clients: prng.between(...setting.clients),
      registers: prng.between(...setting.registers),
      family: prng.between(...setting.family),
      thinkMs: prng.pick(setting.thinkMs),
    },
    happenings: [],
  };
}

/** What happens in a storm, as it is drawn. */
export class Schedule {
  readonly #happenings: Happening[] = [];

  get isEmpty(): boolean {
    return this.#happenings.length === 0;
  }

  at(atMs: number, drawn: Drawn): void {
    this.#happenings.push({ atMs, ...drawn } as Happening);
  }

  inOrder(): readonly Happening[] {
    return this.#happenings.sort((a, b) => a.atMs - b.atMs);
  }
}

/** One of them after the other, again and again. */
export function inTurn<T>(list: readonly T[]): () => T {
  let turn = 0;
  return () => list[turn++ % list.length] as T;
}

/** The machine is dark for a moment. */
export function darkness(prng: Prng): Blackout {
  return { survivors: prng.chance(0.6) ? survivorsOf(prng) : null, offMs: someMs(prng, 50), losesEpochFile: false };
}

/** Keeps what one server is sent from being there, or from being durable there. */
export function holds(prng: Prng, server: ServerIndex, forMs: number): Drawn[] {
  const links = [{ from: 'broker', to: server }] as const;
  const rule = prng.pick([{ kind: 'cut' }, { kind: 'clog' }] as const);
  return prng.shuffle([
    fault({ kind: 'disk', servers: [server], fault: { kind: 'stall' } }, forMs, prng),
    fault({ kind: 'link', links, rule }, forMs, prng),
  ]);
}

export const BLOWS = ['restart', 'oom', 'power', 'crash'] as const;

export type Blow = (typeof BLOWS)[number];

/** Ends one server; `forMs`: how long at most it stays away, where it is kept down. */
export function blow(
  prng: Prng,
  kind: Blow,
  server: ServerIndex,
  { powerMs, crashMs }: { readonly powerMs: number; readonly crashMs: number },
): Drawn {
  const servers = [server];
  switch (kind) {
    case 'restart':
      return { kind, server };
    case 'oom':
      return fault({ kind, servers }, null, prng);
    case 'power':
      return fault({ kind, servers, survivors: survivorsOf(prng) }, prng.float() * powerMs, prng);
    case 'crash':
      return fault({ kind, servers }, prng.float() * crashMs, prng);
    default:
      return kind satisfies never;
  }
}
