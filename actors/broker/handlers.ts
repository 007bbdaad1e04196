/**
 * The broker as an actor: gives the core (src/broker) its links, its clock and its epoch file. Decides nothing about
 * data.
 */
import { createActor } from 'xstate';
import { Broker, type BrokerView } from '../../src/broker/broker.ts';
import type { Observer, Watcher } from '../../src/broker/state.ts';
import type { Update, UpdatePort } from '../../src/broker/updates.ts';
import { NEVER } from '../../src/lib/rare.ts';
import { ok, type Result } from '../../src/lib/result.ts';
import type { Command, Reply } from '../../src/model/commands.ts';
import type { SavedEpoch } from '../../src/broker/start.ts';
import type { ClusterConfig } from '../../src/model/config.ts';
import { fail, type KvError } from '../../src/model/errors.ts';
import type { Epoch, Incarnation, ServerIndex } from '../../src/model/ids.ts';
import { HEARTBEAT_INTERVAL_MS } from '../../src/model/limits.ts';
import { brokerMachine } from './machine.ts';

export type BrokerActorOptions = {
  readonly config: ClusterConfig;
  /** What `keepEpoch` was given last in an earlier life. */
  readonly savedEpoch: SavedEpoch;
  /** Puts a frame on the link to a server's current incarnation; it leaves with the others of this turn. */
  readonly send: (server: ServerIndex, frame: Uint8Array) => void;
  readonly backlogBytes: (server: ServerIndex) => number;
  /** Gives what came over the links without a ring; called at every tick, before silence is counted. */
  readonly look: () => void;
  /** Servers may have become silent. */
  readonly onTicked: () => void;
  /** Replaces the host's epoch file, synced. Throws when it cannot: then nothing may be acknowledged any more. */
  readonly keepEpoch: (bytes: Uint8Array) => void;
  readonly terminate: (server: ServerIndex, incarnation: Incarnation, reason: string) => void;
  readonly describe: (server: ServerIndex) => string;
  readonly note: (server: ServerIndex | null, text: string) => void;
  /** The epoch file cannot be written: the host must end. */
  readonly fatal: (error: unknown) => void;
};

export class BrokerActor implements UpdatePort {
  readonly #options: BrokerActorOptions;
  readonly #core: Broker;
  readonly #machine = createActor(brokerMachine).start();
  readonly #ticking: NodeJS.Timeout;
  #serving: ((hopeless: string | null) => void)[] = [];
  #port: UpdatePort;

  constructor(options: BrokerActorOptions) {
    this.#options = options;
    const host = {
      send: options.send,
      backlogBytes: options.backlogBytes,
      now: () => performance.now(),
      wallMs: () => Date.now(),
      persistEpoch: (bytes: Uint8Array, epoch: Epoch) => this.#keepEpoch(bytes, epoch),
      terminate: options.terminate,
      describe: options.describe,
      note: options.note,
      rare: NEVER,
    };
    this.#core = new Broker(options.config, host, options.savedEpoch);
    this.#port = this.#core;
    this.#ticking = setInterval(() => this.#onTick(), HEARTBEAT_INTERVAL_MS);
  }

  submit(command: Command, reply: (reply: Reply) => void): void {
    if (this.#isClosed()) {
      const error: KvError = { code: 'UNAVAILABLE', message: 'the host is shutting down' };
      reply({ kind: 'failed', error, notes: { warnings: [], uncertain: false } });
      return;
    }
    this.#port.submit(command, reply);
  }

  /** Changes that depend on what keys hold, all or nothing. */
  update(update: Update, reply: (reply: Reply) => void): void {
    if (!this.#isClosed()) {
      this.#port.update(update, reply);
      return;
    }
    const error: KvError = { code: 'UNAVAILABLE', message: 'the host is shutting down' };
    reply({ kind: 'failed', error, notes: { warnings: [], uncertain: false } });
  }

  /** Calls `onTouched` at every change of a key, until what it answers is called. */
  watch(key: Uint8Array, onTouched: Watcher): () => void {
    return this.#core.watch(key, onTouched);
  }

  /** Calls `onChanged` with all that is acknowledged, until what it answers is called. */
  observe(onChanged: Observer): () => void {
    return this.#core.observe(onChanged);
  }

  /** What a guard asks, who is asked instead of it. */
  get core(): UpdatePort {
    return this.#core;
  }

  /** From now on commands pass a guard, who hands on to the core what it allows. */
  guardWith(guard: UpdatePort): void {
    this.#port = guard;
  }

  /** Like `submit`, with reads answered from one server's own copies. */
  submitAt(server: ServerIndex, command: Command, reply: (reply: Reply) => void): void {
    const isRead = command.kind === 'get' || command.kind === 'query' || command.kind === 'queryMany';
    if (isRead && !this.#isClosed()) this.#core.submitAt(server, command, reply);
    else this.submit(command, reply);
  }

  onServerStarted(server: ServerIndex, incarnation: Incarnation): void {
    this.#core.onServerStarted(server, incarnation);
  }

  onServerExited(server: ServerIndex, incarnation: Incarnation, reason: string): void {
    this.#core.onServerExited(server, incarnation, reason);
    this.#settle();
  }

  onFrame(server: ServerIndex, bytes: Uint8Array, start: number, end: number): void {
    this.#core.onFrame(server, bytes, start, end);
  }

  /** All frames of this wake-up were given. */
  onBatchEnd(): void {
    this.#settle();
  }

  onLinkBroken(server: ServerIndex, reason: string): void {
    this.#core.onLinkBroken(server, reason);
  }

  force(servers: readonly ServerIndex[]): Result<string, KvError> {
    return this.#core.force(servers);
  }

  snapshot(): Result<string, KvError> {
    const asked = this.#core.snapshot();
    return asked === 0 ? fail('UNAVAILABLE', 'all servers are down') : ok(`checkpoint of ${asked} servers`);
  }

  view(server: ServerIndex): BrokerView {
    return this.#core.view(server);
  }

  get epoch(): Epoch {
    return this.#core.epoch;
  }

  get requestsInFlight(): number {
    return this.#core.requestsInFlight;
  }

  /** Settles when commands are answered, or with why they never will be. */
  serving(): Promise<string | null> {
    if (this.#core.isServing) return Promise.resolve(null);
    return new Promise((resolve) => this.#serving.push(resolve));
  }

  /** Takes no more commands and settles when everything in flight was answered, or after `timeoutMs`. */
  async drain(timeoutMs: number): Promise<void> {
    this.#machine.send({ type: 'DRAIN' });
    const until = performance.now() + timeoutMs;
    while (this.#core.requestsInFlight > 0 && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    // The servers hear once more what is agreed, so that their next start has nothing to settle.
    this.#core.onTick();
    clearInterval(this.#ticking);
    this.#machine.send({ type: 'DRAINED' });
  }

  #onTick(): void {
    this.#options.look();
    this.#core.onTick();
    this.#options.onTicked();
    this.#settle();
  }

  #settle(): void {
    if (this.#machine.getSnapshot().value !== 'starting') return;
    const { isServing, hopeless } = this.#core;
    if (!isServing && hopeless === null) return;
    if (isServing) this.#machine.send({ type: 'RECONCILED' });
    const waiting = this.#serving;
    this.#serving = [];
    for (const resolve of waiting) resolve(hopeless);
  }

  #isClosed(): boolean {
    const { value } = this.#machine.getSnapshot();
    return value === 'draining' || value === 'stopped';
  }

  #keepEpoch(bytes: Uint8Array, epoch: Epoch): void {
    try {
      this.#options.keepEpoch(bytes);
    } catch (error) {
      this.#options.fatal(error);
      return;
    }
    // Not from within the call that asked: the core is in the middle of its change.
    setImmediate(() => {
      this.#core.onEpochPersisted(epoch);
      this.#settle();
    });
  }
}
