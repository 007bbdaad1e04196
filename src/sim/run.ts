/**
 * One seed: a cluster of a drawn shape, clients, and faults of a drawn kind and rate; then everything is healed and
 * must be whole again. Returns what was promised and did not hold.
 */
import { utf8, text } from '../lib/bytes.ts';
import { Prng } from '../lib/prng.ts';
import type { ServerIndex } from '../model/ids.ts';
import { isMember } from '../model/ids.ts';
import { ownersOf } from '../routing/placement.ts';
import { SimulatedCluster } from './cluster.ts';
import { type Tally, Workload } from './workload.ts';

export type RunOptions = { readonly seed: number; readonly durationMs: number };

export type RunResult = {
  readonly seed: number;
  readonly servers: number;
  readonly replicas: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly tally: Tally;
  readonly violations: readonly string[];
};

const SHAPES = [
  [1, 1],
  [2, 2],
  [3, 2],
  [3, 3],
  [4, 2],
  [5, 3],
] as const;

/** How long a healed cluster may take until every server is up. */
const HEAL_LIMIT_MS = 30_000;

export function runSeed({ seed, durationMs }: RunOptions): RunResult {
  const prng = new Prng(seed);
  const [servers, replicas] = prng.pick(SHAPES);
  const cluster = new SimulatedCluster({
    seed: prng.uint32(),
    config: {
      servers,
      replicas,
      mode: 'replicated',
      durability: 'fsync',
      putMode: 'upsert',
      deleteMode: prng.chance(0.5) ? 'strict' : 'available',
    },
    checkpointBytes: prng.pick([8_000, 50_000, 1_000_000]),
    segmentBytes: prng.pick([64 * 1024, 256 * 1024]),
  });
  const { queue } = cluster;
  const faults: Record<string, number> = {};
  queue.runUntil(() => cluster.broker.isServing, HEAL_LIMIT_MS);
  const workload = new Workload(cluster, {
    clients: prng.between(2, 8),
    registers: prng.between(2, 12),
    family: prng.between(2, 5),
    thinkMs: prng.pick([1, 5, 40]),
  });
  const rates = {
    crash: prng.below(4),
    stop: prng.below(3),
    hang: prng.below(3),
    power: prng.below(3),
    powerOf: prng.below(3),
    powerWithout: prng.below(3),
  };
  const endMs = queue.nowMs + durationMs;
  while (queue.nowMs < endMs) {
    queue.run(prng.float() * prng.pick([20, 200, 1_500]));
    const kind = prng.pick(Object.entries(rates).flatMap(([name, rate]) => new Array<string>(rate + 1).fill(name)));
    if (rates[kind as keyof typeof rates] === 0) continue;
    faults[kind] = (faults[kind] ?? 0) + 1;
    const server = prng.below(servers);
    if (kind === 'crash') cluster.crash(server, { stays: false });
    else if (kind === 'stop') {
      cluster.crash(server, { stays: true });
      queue.after(prng.float() * 4_000, () => cluster.restart(server));
    } else if (kind === 'hang') cluster.hang(server, prng.float() * 3_000);
    else if (kind === 'power') cluster.powerLoss();
    else if (kind === 'powerWithout') {
      cluster.powerLoss([server]);
      queue.after(prng.float() * 2_000, () => cluster.restart(server));
    } else cluster.powerLossOf(server);
  }
  for (let server = 0; server < servers; server++) cluster.restart(server);
  const violations: string[] = [];
  if (!queue.runUntil(() => cluster.broker.isSettled, HEAL_LIMIT_MS)) {
    violations.push(`not whole ${HEAL_LIMIT_MS} ms after the last fault: ${describe(cluster, servers)}`);
  }
  workload.stop();
  queue.run(16_000);
  if (!queue.runUntil(() => cluster.broker.isSettled, HEAL_LIMIT_MS))
    violations.push('not settled after the clients stopped');
  violations.push(...workload.readAll(), ...workload.violations(), ...divergence(cluster, servers, replicas));
  return { seed, servers, replicas, faults, tally: workload.tally, violations };
}

function describe(cluster: SimulatedCluster, servers: number): string {
  return Array.from({ length: servers }, (_, i) => {
    const view = cluster.broker.view(i as ServerIndex);
    return `s${i + 1} ${view.state}${view.lastError === null ? '' : ` (${view.lastError})`}`;
  }).join(', ');
}

/** Owners of a key that hold different things: two values, or one and none. */
function divergence(cluster: SimulatedCluster, servers: number, replicas: number): string[] {
  const held = new Map<string, (string | null)[]>();
  for (let server = 0; server < servers; server++) {
    const trie = cluster.trieOf(server);
    trie?.scan({ prefix: utf8(''), after: utf8('') }, (key, leaf) => {
      if (trie.isTombstone(leaf)) return true;
      const values = held.get(text(key)) ?? new Array<string | null>(servers).fill(null);
      values[server] = `${text(trie.value(leaf))}@${trie.versionOf(leaf)}`;
      held.set(text(key), values);
      return true;
    });
  }
  const problems: string[] = [];
  for (const [key, values] of held) {
    const owners = ownersOf({ servers, replicas }, utf8(key));
    const copies = values.filter((_, server) => isMember(owners, server as ServerIndex));
    const strays = values.filter((value, server) => value !== null && !isMember(owners, server as ServerIndex));
    if (new Set(copies).size !== 1) problems.push(`${key} differs between its owners: ${copies.join(' | ')}`);
    if (strays.length > 0) problems.push(`${key} is held by a server that does not own it`);
  }
  return problems;
}
