/**
 * What a cluster under a scenario is held to, beyond what its clients see: who is silent counts as gone, owners hold the
 * same whenever nothing is on its way, and what is healed is writable and whole again in time, also after the power
 * failed everywhere. It makes nothing happen but that, and writes of keys of its own.
 */
import { utf8 } from '../lib/bytes.ts';
import { Prng } from '../lib/prng.ts';
import type { ServerIndex } from '../model/ids.ts';
import { Ledger } from './checkers/ledger.ts';
import { changes, divergence, heldBy } from './copies.ts';
import type { DiskFault, FaultAction } from '../faults/action.ts';
import type { Scenario } from './scenario.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';
import { isBusy } from './workload.ts';

/** Milliseconds that a healed cluster may take until a new write is acknowledged, and until all servers hold the same. */
export const WRITABLE_MS_MAX = 5_000;
export const WHOLE_MS_MAX = 10_000;

/** How long a healed cluster is watched beyond what it may take. */
export const PATIENCE_MS = 30_000;

/**
 * After how long without a word a server counts as gone, a few heartbeats more than it takes to put one out: once others
 * show that they can sync, and whatever they do.
 */
const SILENT_MS_MAX = 1_800;
const OUTDONE_MS_MAX = 1_200;
const STALLED_MS_MAX = 6_800;

/** How long after its time the last copy of a key may leave, in a cluster that is whole. */
export const LEAVES_MS_MAX = 3_000;

export class Judge {
  readonly ledger: Ledger;
  readonly #cluster: SimulatedCluster;
  readonly #scenario: Scenario;
  readonly #violations: string[] = [];
  /** Since when the broker's thread does its work. */
  #awakeMs = 0;
  #writableMs = 0;
  #wholeMs = 0;

  constructor(cluster: SimulatedCluster, scenario: Scenario) {
    this.#cluster = cluster;
    this.#scenario = scenario;
    const { config } = scenario;
    this.ledger = new Ledger(config, {
      epochFile: () => cluster.epochFile,
      epoch: () => cluster.broker?.epoch ?? null,
      isUp: (server) => isUp(cluster, server),
      isDown: (server) => cluster.broker?.view(server).state === 'down',
      nowMs: () => cluster.queue.nowMs,
    });
    cluster.watcher = this.ledger;
  }

  /** What did not hold. */
  get violations(): readonly string[] {
    return this.#violations;
  }

  /** Milliseconds after a heal until every group took a write, and until every server was up, at most. */
  get writableMs(): number {
    return this.#writableMs;
  }

  get wholeMs(): number {
    return this.#wholeMs;
  }

  add(violations: readonly string[]): void {
    this.#violations.push(...violations);
  }

  /** The broker's thread hangs from now on, and for so long hears nobody. */
  onHostHangs(forMs: number): void {
    this.#awakeMs = Math.max(this.#awakeMs, this.#cluster.queue.nowMs + forMs);
  }

  /** Who cannot be held to what it said before. */
  tellOfDamage(action: FaultAction): void {
    if (action.kind === 'wipe') for (const server of action.servers) this.ledger.onWiped(server);
    const hurts = action.kind === 'damage' || (action.kind === 'disk' && LYING.includes(action.fault.kind));
    if (hurts) for (const server of action.servers) this.ledger.onDamaged(server);
    const isUnreadable = action.kind === 'disk' && action.fault.kind === 'read-fail';
    if (isUnreadable) for (const server of action.servers) this.ledger.onUnreadable(server);
  }

  /** A server of which nothing was heard for long does not count as one that answers, unless nobody else syncs either. */
  hear(): void {
    const { broker, queue, servers } = this.#cluster;
    if (broker === null || queue.nowMs < this.#awakeMs + SILENT_MS_MAX || this.#violations.length > 0) return;
    for (const { index } of servers) {
      const { sinceMs, outdoneSinceMs } = this.ledger.silenceOf(index);
      const silentMs = queue.nowMs - sinceMs;
      const { state } = broker.view(index);
      if (silentMs < SILENT_MS_MAX || (state !== 'up' && state !== 'suspect')) continue;
      const mayStall = silentMs < STALLED_MS_MAX && queue.nowMs - outdoneSinceMs < OUTDONE_MS_MAX;
      if (state === 'suspect' && mayStall) continue;
      this.#violations.push(`s${index + 1} is silent for ${silentMs | 0} ms and counts as ${state}`);
    }
  }

  /** Whenever nothing is on its way, owners hold the same. */
  compare(when: string): void {
    const { isSettled, servers } = this.#cluster;
    if (!isSettled || this.#violations.length > 0) return;
    // One that died may not have been heard of yet.
    if (!servers.every(({ index }) => isUp(this.#cluster, index))) return;
    this.#violations.push(...divergence(this.#cluster).map((problem) => `${problem} ${when}`));
  }

  /** The power fails once more, everywhere at once: what was whole is there again, from what the disks kept. */
  outliveDark(): void {
    const cluster = this.#cluster;
    const held = heldBy(cluster);
    const epoch = cluster.broker?.epoch ?? 0;
    const losesEpochFile = this.#scenario.budget === 'crashes' && new Prng(this.#scenario.seed).fork(3).chance(0.5);
    cluster.blackout({ survivors: 'none', offMs: 1, losesEpochFile });
    this.ledger.onHostLost();
    if (!cluster.queue.runUntil(() => cluster.isSettled, PATIENCE_MS)) {
      this.#tooLate('whole', Number.POSITIVE_INFINITY, 'after the power failed everywhere');
      return;
    }
    const now = cluster.broker?.epoch ?? 0;
    if (now <= epoch) this.#violations.push(`epoch ${epoch} is forgotten: after the power failed it is ${now}`);
    this.#violations.push(
      ...changes(held, heldBy(cluster)).map((problem) => `after the power failed everywhere ${problem}`),
    );
  }

  /** Every group takes a write, and every server is up, within their times. */
  becomeWhole(when: string): void {
    const { queue } = this.#cluster;
    const sinceMs = queue.nowMs;
    const writes = LIVE_KEYS.map((key) => ({ key, isAcknowledged: false }));
    for (const write of writes) this.#writeUntilAcknowledged(write, sinceMs + PATIENCE_MS);
    let wholeMs = Number.POSITIVE_INFINITY;
    const isWhole = (): boolean => {
      if (wholeMs > queue.nowMs && this.#cluster.isSettled) wholeMs = queue.nowMs;
      return wholeMs < Number.POSITIVE_INFINITY && writes.every(({ isAcknowledged }) => isAcknowledged);
    };
    let writableMs = Number.POSITIVE_INFINITY;
    const isDone = (): boolean => {
      const whole = isWhole();
      if (writableMs > queue.nowMs && writes.every(({ isAcknowledged }) => isAcknowledged)) writableMs = queue.nowMs;
      return whole;
    };
    queue.runUntil(isDone, PATIENCE_MS);
    this.#writableMs = Math.max(this.#writableMs, writableMs - sinceMs);
    this.#wholeMs = Math.max(this.#wholeMs, wholeMs - sinceMs);
    if (writableMs - sinceMs > WRITABLE_MS_MAX) this.#tooLate('writable', writableMs - sinceMs, when);
    if (wholeMs - sinceMs > WHOLE_MS_MAX) this.#tooLate('whole', wholeMs - sinceMs, when);
    if (this.#scenario.budget === 'crashes') this.compare(when);
  }

  /** Nothing is on its way, and nobody is silent either, who may be put out for it in a moment. */
  awaitWhole(): void {
    const { queue, servers } = this.#cluster;
    const isWhole = (): boolean => this.#cluster.isSettled && servers.every(({ index }) => isUp(this.#cluster, index));
    queue.runUntil(isWhole, PATIENCE_MS);
  }

  #tooLate(what: string, afterMs: number, when: string): void {
    const took = afterMs === Number.POSITIVE_INFINITY ? `not within ${PATIENCE_MS} ms` : `only in ${afterMs | 0} ms`;
    this.#violations.push(`${what} ${took} ${when}: ${describe(this.#cluster)}`);
  }

  #writeUntilAcknowledged(write: { readonly key: string; isAcknowledged: boolean }, untilMs: number): void {
    const { queue } = this.#cluster;
    if (queue.nowMs > untilMs) return;
    const items = [{ key: utf8(write.key), value: utf8('live') }];
    this.#cluster.submit({ kind: 'write', items, onExisting: 'overwrite' }, (reply) => {
      if (reply.kind === 'written') write.isAcknowledged = true;
      // Others are served: a place comes free at any moment.
      else queue.after(isBusy(reply) ? 1 : 50, () => this.#writeUntilAcknowledged(write, untilMs));
    });
  }
}

/** Faults of a disk after which what it holds may be other than what was written. */
const LYING: readonly DiskFault['kind'][] = ['misdirect', 'lose-write'];

/** Keys of several placement groups, that no client uses. */
const LIVE_KEYS = ['live1', 'live2', 'live3', 'live4'];

/** Whether a server answers for everything it owns, as the broker says and as it is. */
function isUp({ broker, servers }: SimulatedCluster, server: ServerIndex): boolean {
  const view = broker?.view(server);
  return view?.state === 'up' && view.incarnation === servers[server]?.life?.incarnation;
}

function describe(cluster: SimulatedCluster): string {
  const { broker } = cluster;
  if (broker === null) return 'no process';
  return cluster.servers
    .map(({ index, isGivenUp, reason }) => {
      const { state, lastError } = broker.view(index);
      return `s${index + 1} ${state}${isGivenUp ? `, given up (${reason})` : ''}${lastError === null ? '' : ` (${lastError})`}`;
    })
    .join(', ');
}
