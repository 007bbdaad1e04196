/**
 * The broker's whole behaviour: it orders writes, knows who is in sync, routes commands and answers for servers that
 * are gone. Inputs are the methods named on…; it acts only through its host. It never answers what is not durable at
 * every owner that is in sync (architecture, rules 2 and 3).
 */
import { ByteReader } from '../lib/bytes.ts';
import { type Result, ok } from '../lib/result.ts';
import type { Command, CommandPort, Reply } from '../model/commands.ts';
import type { ClusterConfig } from '../model/config.ts';
import { type KvError, fail } from '../model/errors.ts';
import { FRAME } from '../model/frames.ts';
import {
  type Epoch,
  type Incarnation,
  type ServerIndex,
  type Version,
  isMember,
  membersOf,
  serverName,
} from '../model/ids.ts';
import type { ServerState } from '../model/status.ts';
import { readTable } from '../replication/epoch-table.ts';
import { advanceAll, advanceServer, giveUpWrites, onDeleted } from './acknowledge.ts';
import { readHello } from './admission.ts';
import { abortJoinsTo, onJoined } from './catch-up.ts';
import { Commands } from './commands.ts';
import { tableOf } from './epochs.ts';
import { force, type Forcing, onGiven } from './forcing.ts';
import { Members } from './members.ts';
import { onAnswer } from './reads.ts';
import { noteHeard, noteSynced } from './silence.ts';
import { onSpace } from './space.ts';
import type { SavedEpoch } from './start.ts';
import {
  type BrokerHost,
  type BrokerState,
  isUp,
  newState,
  type Observer,
  readyServers,
  viewOf,
  type Watcher,
} from './state.ts';
import type { Update } from './updates.ts';

export type { BrokerHost } from './state.ts';

/** What STATUS shows of a server, as far as the broker knows. */
export type BrokerView = {
  readonly state: ServerState;
  readonly incarnation: Incarnation;
  readonly keys: number;
  readonly walBytes: number;
  readonly replayed: number;
  readonly lastError: string | null;
};

export class Broker implements CommandPort {
  readonly #state: BrokerState;
  readonly #commands: Commands;
  readonly #members: Members;
  readonly #reader = new ByteReader(new Uint8Array(0));
  /** Servers that an operator named, while those who are to lead get what they lack. */
  #forced: readonly ServerIndex[] = [];

  constructor(config: ClusterConfig, host: BrokerHost, saved: SavedEpoch) {
    this.#state = newState(config, host);
    this.#commands = new Commands(this.#state);
    this.#members = new Members(this.#state, this.#commands, saved);
    if (saved instanceof Uint8Array) {
      const table = tableOf(saved);
      this.#state.epochs.durable = table;
      this.#state.epochs.wanted = table;
    }
  }

  /** Answers every command exactly once. LOADING until the servers' memories were reconciled. */
  submit(command: Command, reply: (reply: Reply) => void): void {
    this.#commands.submit(command, reply);
  }

  /** Like `submit`, but reads are answered from the copies of one server alone: its own text port speaks for it. */
  submitAt(server: ServerIndex, command: Command, reply: (reply: Reply) => void): void {
    this.#commands.submitAt(server, command, reply);
  }

  /** Changes that depend on what keys hold, all or nothing; `written` says how many. */
  update(update: Update, reply: (reply: Reply) => void): void {
    this.#commands.update(update, reply);
  }

  /** Calls `onTouched` at every change of a key that has a place in the order, until what it answers is called. */
  watch(key: Uint8Array, onTouched: Watcher): () => void {
    return this.#commands.watch(key, onTouched);
  }

  /** Calls `onChanged` with all that is acknowledged, until what it answers is called. */
  observe(onChanged: Observer): () => void {
    return this.#commands.observe(onChanged);
  }

  /** A thread runs and its link is open: it will say hello. */
  onServerStarted(server: ServerIndex, incarnation: Incarnation): void {
    this.#members.onStarted(server, incarnation);
  }

  /** An incarnation is over. What it was asked is asked elsewhere; what only it had is answered TIMEOUT. */
  onServerExited(server: ServerIndex, incarnation: Incarnation, reason: string): void {
    this.#members.onExited(server, incarnation, reason);
  }

  /** The link to a server lost a frame: what it believes is no longer known, so it must recover. */
  onLinkBroken(server: ServerIndex, reason: string): void {
    if (viewOf(this.#state, server).phase !== 'absent') this.#members.putOut(server, reason);
  }

  /** One frame of a server's link, read before this returns. */
  onFrame(server: ServerIndex, bytes: Uint8Array, start: number, end: number): void {
    const state = this.#state;
    const view = viewOf(state, server);
    if (view.phase === 'absent') return;
    noteHeard(view);
    const reader = this.#reader;
    reader.reset(bytes, start + 1, end);
    switch (bytes[start]) {
      case FRAME.durable:
        view.durable = Math.max(view.durable, reader.f64()) as Version;
        noteSynced(view);
        if (!state.host.rare('broker: an acknowledgement waits for a heartbeat')) advanceServer(state, server);
        this.#commands.onDurable();
        break;
      case FRAME.answer:
        onAnswer(state, reader);
        break;
      case FRAME.scanned:
        this.#commands.onScanned(reader);
        break;
      case FRAME.expired:
        this.#commands.onExpired(server, reader);
        break;
      case FRAME.deleted:
        onDeleted(state, server, reader.f64() as Version, reader.f64());
        break;
      case FRAME.epochKept:
        noteSynced(view);
        this.#members.onEpochKept(server, reader.f64() as Epoch);
        break;
      case FRAME.joined:
        this.#onJoined(server, reader.u32());
        break;
      case FRAME.pong:
        view.keys = reader.f64();
        view.walBytes = reader.f64();
        view.replayed = reader.f64();
        break;
      case FRAME.space:
        // It cannot hold what it lacks: another catch-up begins when there is space.
        if (onSpace(state, server, reader)) {
          abortJoinsTo(state, server);
          advanceAll(state);
        }
        break;
      case FRAME.hello:
        this.#members.onHello(server, readHello(reader, readTable));
        break;
      case FRAME.tail:
        this.#members.onTail(server, reader);
        break;
      case FRAME.tailEnd:
        this.#members.onTailEnd(server);
        break;
      case FRAME.ready:
        this.#members.onReady(server, reader.u8() === 1);
        break;
      default:
        this.#members.putOut(server, `sent a frame of unknown kind ${bytes[start]}`);
    }
  }

  onEpochPersisted(epoch: Epoch): void {
    this.#members.onEpochPersisted(epoch);
  }

  /** Every HEARTBEAT_INTERVAL_MS: asks every server for a sign of life, puts out the silent, answers the overdue. */
  onTick(): void {
    this.#members.onTick();
    this.#commands.onTick();
    this.#commands.expire(this.#state.host.now());
  }

  /** An operator gives up what lost servers had. Answers what changed, or why nothing could. */
  force(servers: readonly ServerIndex[]): Result<string, KvError> {
    const state = this.#state;
    if (state.phase !== 'serving') return fail('LOADING', 'the storage servers are recovering');
    const missing = servers.filter((server) => !isMember(readyServers(state), server)).map(serverName);
    if (missing.length > 0) return fail('UNAVAILABLE', `${missing.join(', ')} cannot be forced: not running`);
    const { groups, behind, waitsFor } = this.#force(servers);
    if (groups === 0) return ok('nothing to force: every placement group of these servers has an in-sync owner');
    const lost = behind.length > 0 ? `; writes since then may be lost: ${behind.join(', ')}` : '';
    if (waitsFor.length === 0)
      return ok(`epoch ${state.epochs.wanted.epoch}: ${groups} placement groups forced${lost}`);
    const names = waitsFor.map(serverName).join(', ');
    return ok(`${groups} placement groups are forced when bulks that wait for them are on the disk of ${names}${lost}`);
  }

  #force(servers: readonly ServerIndex[]): Forcing {
    const state = this.#state;
    const forcing = force(state, servers);
    this.#forced = forcing.waitsFor.length > 0 ? servers : [];
    if (forcing.groups === 0 || forcing.waitsFor.length > 0) return forcing;
    giveUpWrites(state, 'another owner was forced');
    // Any key may hold something else than it was seen to.
    for (const onChanged of state.observers) onChanged(null);
    for (const ofKey of state.watchers.values()) for (const onTouched of ofKey) onTouched('write');
    for (const server of membersOf(forcing.replaced)) this.#members.putOut(server, 'another owner was forced');
    return forcing;
  }

  /** A copy is durable at its target, or what one was given that is to lead. */
  #onJoined(server: ServerIndex, id: number): void {
    if (!onGiven(this.#state, server, id)) onJoined(this.#state, server, id);
    else if (this.#forced.length > 0) this.#force(this.#forced);
  }

  /** Asks every server that is up for a checkpoint. Answers how many were asked. */
  snapshot(): number {
    const state = this.#state;
    const ready = membersOf(readyServers(state));
    state.out.reset();
    state.out.u8(FRAME.checkpoint);
    const frame = state.out.copy();
    for (const server of ready) state.host.send(server, frame);
    return ready.length;
  }

  get isServing(): boolean {
    return this.#state.phase === 'serving';
  }

  /** Why nobody will ever answer, or null: every server was heard, and each has a damaged directory that must be kept. */
  get hopeless(): string | null {
    const { phase, servers, epochs } = this.#state;
    if (phase !== 'welcoming' || epochs.persisting !== null) return null;
    const kept = servers.filter((view) => view.phase === 'heard' && view.lastError !== null);
    const damages = kept.filter(({ hello, lastError }) => hello?.corrupt === lastError);
    if (damages.length < servers.length) return null;
    return damages.map((view) => `${serverName(view.index)}: ${view.lastError}`).join('; ');
  }

  /** Whether every server is up and nothing is on its way. */
  get isSettled(): boolean {
    const state = this.#state;
    return (
      state.phase === 'serving' &&
      state.servers.every((view) => isUp(state, view)) &&
      state.epochs.persisting === null &&
      [...state.groups.values()].every((group) => group.writes.size === 0)
    );
  }

  get requestsInFlight(): number {
    return this.#state.inFlight;
  }

  get epoch(): Epoch {
    return this.#state.epochs.durable.epoch;
  }

  view(server: ServerIndex): BrokerView {
    const state = this.#state;
    const view = viewOf(state, server);
    let lifecycle: ServerState = 'recovering';
    if (view.phase === 'absent') lifecycle = 'down';
    else if (isUp(state, view)) lifecycle = view.ticksSilent > 2 ? 'suspect' : 'up';
    return {
      state: lifecycle,
      incarnation: view.incarnation,
      keys: view.keys,
      walBytes: view.walBytes,
      replayed: view.replayed,
      lastError: view.lastError,
    };
  }
}
