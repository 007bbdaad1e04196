/**
 * The broker's whole behaviour: it orders writes, knows who is in sync, routes commands and answers for servers that
 * are gone. Inputs are the methods named on…; it acts only through its host. It never answers what is not durable at
 * every owner that is in sync (architecture, rules 2 and 3).
 */
import { ByteReader } from '../lib/bytes.ts';
import type { Result } from '../lib/result.ts';
import { ok } from '../lib/result.ts';
import type { Command, CommandPort, Reply } from '../model/commands.ts';
import type { ClusterConfig } from '../model/config.ts';
import { fail, type KvError } from '../model/errors.ts';
import { FRAME } from '../model/frames.ts';
import {
  type Epoch,
  type Incarnation,
  isMember,
  membersOf,
  type ServerIndex,
  serverName,
  type Version,
} from '../model/ids.ts';
import { HEARTBEATS_MISSED_MAX, REQUESTS_IN_FLIGHT_MAX } from '../model/limits.ts';
import type { ServerState } from '../model/status.ts';
import { readTable } from '../replication/epoch-table.ts';
import { abortJoins, abortJoinsTo, onJoined, planJoins } from './catch-up.ts';
import { force, onEpochKept, onHostHasEpoch, onServerLost, putOutServer, sendEpoch, tableOf } from './epochs.ts';
import { failed } from './notes.ts';
import { ping } from './heartbeat.ts';
import { onBulk, settleBulks } from './orphans.ts';
import { expireReads, keysOf, onAnswer, reaskReads, submitRead } from './reads.ts';
import { Scans } from './scans.ts';
import { onSpace, resetSpace } from './space.ts';
import {
  admit,
  admitNow,
  hearLate,
  noteReady,
  onTail,
  onTailEnd,
  progressStart,
  readHello,
  type Starting,
  welcomeAdmitted,
} from './start.ts';
import { type BrokerHost, type BrokerState, isUp, newState, readyServers, viewOf } from './state.ts';
import { type Update, Updates } from './updates.ts';
import {
  advanceAll,
  advanceServer,
  expireWrites,
  giveUpShown,
  giveUpWrites,
  onDeleted,
  onReadyWrites,
  submitWrite,
} from './writes.ts';

export type { BrokerHost } from './state.ts';

/** Ticks a server may take to open its directory or to replay, without a sign of life. */
const STARTING_TICKS_MAX = 300;

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
  readonly #scans: Scans;
  readonly #starting: Starting;
  readonly #reader = new ByteReader(new Uint8Array(0));
  readonly #updates: Updates;

  /** `savedEpoch`: the bytes that `persistEpoch` was last given by an earlier life, or null. */
  constructor(config: ClusterConfig, host: BrokerHost, savedEpoch: Uint8Array | null) {
    this.#state = newState(config, host);
    this.#scans = new Scans(this.#state);
    this.#updates = new Updates(this.#state);
    if (savedEpoch !== null) {
      const table = tableOf(savedEpoch);
      this.#state.epochs.durable = table;
      this.#state.epochs.wanted = table;
    }
    this.#starting = {
      hostRemembers: savedEpoch !== null,
      tails: new Map(),
      pendingTails: new Map(),
      welcomed: false,
    };
  }

  /** Answers every command exactly once. LOADING until the servers' memories were reconciled. */
  submit(command: Command, reply: (reply: Reply) => void): void {
    const state = this.#state;
    if (!this.#admits(reply)) return;
    if (state.tracked.size > 0 && command.kind !== 'scan') {
      if (this.#updates.defers(keysOf(state, command), () => this.submit(command, reply))) return;
    }
    switch (command.kind) {
      case 'write':
        if (command.onExisting === 'refuse') this.#updates.insert(command, reply);
        else submitWrite(state, command, reply);
        return;
      case 'delete':
        submitWrite(state, { kind: 'delete', items: [{ key: command.key, value: null }] }, reply);
        return;
      case 'get':
      case 'query':
      case 'queryMany':
        submitRead(state, command, reply);
        return;
      case 'scan':
        this.#scans.submit(command, reply);
        return;
      default:
        command satisfies never;
    }
  }

  /** Like `submit`, but reads are answered from the copies of one server alone: its own text port speaks for it. */
  submitAt(server: ServerIndex, command: Command, reply: (reply: Reply) => void): void {
    const isRead = command.kind === 'get' || command.kind === 'query' || command.kind === 'queryMany';
    if (isRead && this.#state.phase === 'serving') submitRead(this.#state, command, reply, server);
    else this.submit(command, reply);
  }

  /** Changes that depend on what keys hold, all or nothing; `written` says how many. */
  update(update: Update, reply: (reply: Reply) => void): void {
    if (this.#admits(reply)) this.#updates.submit(update, reply);
  }

  #admits(reply: (reply: Reply) => void): boolean {
    const state = this.#state;
    if (state.phase !== 'serving') reply(failed(state, 'LOADING', 'the storage servers are recovering'));
    else if (state.inFlight >= REQUESTS_IN_FLIGHT_MAX) {
      reply(failed(state, 'BUSY', `${REQUESTS_IN_FLIGHT_MAX} requests are in flight, retry later`));
    } else return true;
    return false;
  }

  /** A thread runs and its link is open: it will say hello. */
  onServerStarted(server: ServerIndex, incarnation: Incarnation): void {
    const view = viewOf(this.#state, server);
    // Its exit may be heard of later than the start of its successor.
    if (view.phase !== 'absent' && view.incarnation > 0) this.#lose(server, 'replaced by a new incarnation');
    view.incarnation = incarnation;
    view.phase = 'starting';
    view.hello = null;
    view.durable = 0 as Version;
    view.ticksSilent = 0;
    resetSpace(view);
  }

  /** An incarnation is over. What it was asked is asked elsewhere; what only it had is answered TIMEOUT. */
  onServerExited(server: ServerIndex, incarnation: Incarnation, reason: string): void {
    const view = viewOf(this.#state, server);
    if (view.incarnation !== incarnation || view.phase === 'absent') return;
    view.lastError = reason;
    this.#lose(server, reason);
  }

  #lose(server: ServerIndex, reason: string): void {
    const state = this.#state;
    const view = viewOf(state, server);
    const before = view.phase;
    view.phase = 'absent';
    view.hello = null;
    abortJoins(state, server);
    if (state.phase === 'serving' || state.phase === 'welcoming') {
      if (before === 'ready' || before === 'welcomed' || before === 'admitted') putOutServer(state, server, reason);
    }
    this.#starting.pendingTails.delete(server);
    // What it sent of its tail must not be rolled forward without it: the others are asked again.
    hearLate(state);
    state.questions.asked.delete(server);
    const durable = onServerLost(state, server);
    reaskReads(state, server);
    this.#scans.reask(server);
    this.#updates.onServerLost();
    giveUpWrites(state, `${serverName(server)} went down: ${reason}`);
    giveUpShown(state);
    if (durable) this.#onEpochDurable();
    else this.#goOn();
  }

  /** One frame of a server's link, read before this returns. */
  onFrame(server: ServerIndex, bytes: Uint8Array, start: number, end: number): void {
    const state = this.#state;
    const view = viewOf(state, server);
    if (view.phase === 'absent') return;
    view.ticksSilent = 0;
    const reader = this.#reader;
    reader.reset(bytes, start + 1, end);
    switch (bytes[start]) {
      case FRAME.durable:
        view.durable = Math.max(view.durable, reader.f64()) as Version;
        advanceServer(state, server);
        this.#scans.settle();
        break;
      case FRAME.answer:
        onAnswer(state, reader);
        break;
      case FRAME.scanned:
        this.#scans.onScanned(reader);
        break;
      case FRAME.deleted:
        onDeleted(state, server, reader.f64() as Version, reader.u8() === 1);
        break;
      case FRAME.epochKept:
        if (onEpochKept(state, server, reader.f64() as Epoch)) this.#onEpochDurable();
        break;
      case FRAME.joined:
        onJoined(state, server, reader.u32());
        break;
      case FRAME.pong:
        view.keys = reader.f64();
        view.walBytes = reader.f64();
        view.replayed = reader.f64();
        break;
      case FRAME.space:
        // It cannot hold what it lacks: another catch-up begins when there is space.
        if (onSpace(state, server, reader)) abortJoinsTo(state, server);
        break;
      case FRAME.hello:
        view.hello = readHello(reader, readTable);
        if (view.hello.torn) state.host.note(server, 'the end of its log was torn; nothing of it was acknowledged');
        view.phase = 'heard';
        if (state.phase === 'serving' || (state.phase === 'welcoming' && this.#starting.welcomed)) admit(state, view);
        else {
          hearLate(state);
          this.#goOn();
        }
        break;
      case FRAME.tail:
        if (state.questions.asked.has(server)) onBulk(state, server, bytes.subarray(start + 1, end));
        else onTail(state, this.#starting, server, bytes.subarray(start + 1, end));
        break;
      case FRAME.tailEnd:
        if (state.questions.asked.has(server)) {
          settleBulks(state, server);
          admitNow(state, view);
        } else {
          onTailEnd(this.#starting, server);
        }
        this.#goOn();
        break;
      case FRAME.ready:
        this.#onReady(server, reader.u8() === 1);
        break;
      default:
        this.#putOut(server, `sent a frame of unknown kind ${bytes[start]}`);
    }
  }

  #onReady(server: ServerIndex, dotted: boolean): void {
    const state = this.#state;
    const view = viewOf(state, server);
    const last = view.hello?.last ?? (0 as Version);
    view.phase = 'ready';
    view.durable = last;
    if (dotted) state.dotted = true;
    if (state.phase === 'serving') noteReady(state);
    for (const tainted of membersOf(onReadyWrites(state, server, last))) {
      this.#putOut(tainted, 'it holds a write that was given up');
    }
    // The table may have gone on while it replayed.
    sendEpoch(state, server);
    advanceAll(state);
    this.#goOn();
  }

  #goOn(): void {
    const state = this.#state;
    while (state.phase !== 'serving' && progressStart(state, this.#starting));
    if (state.phase === 'serving') planJoins(state);
  }

  onEpochPersisted(epoch: Epoch): void {
    if (onHostHasEpoch(this.#state, epoch)) this.#onEpochDurable();
  }

  #onEpochDurable(): void {
    advanceAll(this.#state);
    this.#scans.settle();
    welcomeAdmitted(this.#state);
    this.#goOn();
  }

  /** Every HEARTBEAT_INTERVAL_MS: asks every server for a sign of life, puts out the silent, answers the overdue. */
  onTick(): void {
    const state = this.#state;
    state.ticks++;
    for (const view of state.servers) {
      if (view.phase === 'absent') continue;
      view.ticksSilent++;
      const silentMax = view.phase === 'ready' ? HEARTBEATS_MISSED_MAX : STARTING_TICKS_MAX;
      if (view.ticksSilent > silentMax) {
        this.#putOut(view.index, `silent for ${silentMax} heartbeats`);
        continue;
      }
      if (view.phase !== 'ready') continue;
      ping(state, view.index);
    }
    const now = state.host.now();
    expireWrites(state, now);
    expireReads(state, now);
    this.#scans.expire(now);
    this.#updates.expire(now);
    this.#goOn();
  }

  #putOut(server: ServerIndex, reason: string): void {
    const view = viewOf(this.#state, server);
    const { incarnation } = view;
    view.lastError = reason;
    this.#lose(server, reason);
    this.#state.host.terminate(server, incarnation, reason);
  }

  /** The link to a server lost a frame: what it believes is no longer known, so it must recover. */
  onLinkBroken(server: ServerIndex, reason: string): void {
    if (viewOf(this.#state, server).phase !== 'absent') this.#putOut(server, reason);
  }

  /** An operator gives up what lost servers had. Answers what changed, or why nothing could. */
  force(servers: readonly ServerIndex[]): Result<string, KvError> {
    const state = this.#state;
    if (state.phase !== 'serving') return fail('LOADING', 'the storage servers are recovering');
    const missing = servers.filter((server) => !isMember(readyServers(state), server)).map(serverName);
    if (missing.length > 0) return fail('UNAVAILABLE', `${missing.join(', ')} cannot be forced: not running`);
    const { groups, behind, replaced } = force(state, servers);
    if (groups === 0) return ok('nothing to force: every placement group of these servers has an in-sync owner');
    giveUpWrites(state, 'another owner was forced');
    for (const server of membersOf(replaced)) this.#putOut(server, 'another owner was forced');
    const lost = behind.length > 0 ? `; writes since then may be lost: ${behind.join(', ')}` : '';
    return ok(`epoch ${state.epochs.wanted.epoch}: ${groups} placement groups forced${lost}`);
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
