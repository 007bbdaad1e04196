/**
 * The storage servers as members of the cluster: who comes, who goes, who is put out for being silent, and what the
 * epochs say of them. After every change the cluster goes on as far as it can: starts together, catches up.
 */
import {
  type Epoch,
  type Incarnation,
  type ServerIndex,
  type ServerMask,
  type Version,
  membersOf,
  serverName,
} from '../model/ids.ts';
import type { ByteReader } from '../lib/bytes.ts';
import { FRAME } from '../model/frames.ts';
import { HEARTBEATS_MISSED_MAX } from '../model/limits.ts';
import { advanceAll, onReadyWrites } from './acknowledge.ts';
import { admit, admitNow, admitReplaceable, noteReady, welcomeAdmitted } from './admission.ts';
import { abortJoins, abortJoinsTo, planJoins } from './catch-up.ts';
import type { Commands } from './commands.ts';
import { onEpochKept, onHostHasEpoch, onServerLost, putOutServer, sendEpoch } from './epochs.ts';
import { ping } from './heartbeat.ts';
import { onBulk, settleBulks } from './orphans.ts';
import type { Hello, ServerPhase } from './server-view.ts';
import { countSilence, isTooSilent, noteHeard } from './silence.ts';
import { resetSpace } from './space.ts';
import { type SavedEpoch, type Starting, forgetHeard, hearLate, onTail, onTailEnd, progressStart } from './start.ts';
import { type BrokerState, isLive, mayHold, viewOf } from './state.ts';

/** Ticks a server may take to open its directory or to replay, without a sign of life. */
const STARTING_TICKS_MAX = 300;

/** The same and HEARTBEATS_MISSED_MAX where patience is short. */
const SHORT_STARTING_TICKS = 30;
const SHORT_SILENCE_TICKS = 3;

/** Versions that are skipped at once. */
const SKIPPED_VERSIONS = 1_000;

export class Members {
  readonly #state: BrokerState;
  readonly #commands: Commands;
  readonly #starting: Starting;

  constructor(state: BrokerState, commands: Commands, saved: SavedEpoch) {
    this.#state = state;
    this.#commands = commands;
    this.#starting = {
      saved,
      tails: new Map(),
      pendingTails: new Map(),
      heard: 0 as ServerMask,
      welcomed: false,
    };
  }

  /** A thread runs and its link is open: it will say hello. */
  onStarted(server: ServerIndex, incarnation: Incarnation): void {
    const view = viewOf(this.#state, server);
    // Its exit may be heard of later than the start of its successor.
    if (view.phase !== 'absent' && view.incarnation > 0) this.#lose(server, 'replaced by a new incarnation');
    view.incarnation = incarnation;
    view.phase = 'starting';
    view.hello = null;
    view.durable = 0 as Version;
    view.largeWrites = [];
    noteHeard(view);
    resetSpace(view);
  }

  /** An incarnation is over. */
  onExited(server: ServerIndex, incarnation: Incarnation, reason: string): void {
    const view = viewOf(this.#state, server);
    if (view.incarnation !== incarnation || view.phase === 'absent') return;
    view.lastError = reason;
    this.#lose(server, reason);
  }

  /** Ends an incarnation that cannot be trusted to know what is agreed: it must recover. */
  putOut(server: ServerIndex, reason: string): void {
    const view = viewOf(this.#state, server);
    const { incarnation } = view;
    view.lastError = reason;
    this.#lose(server, reason);
    this.#state.host.terminate(server, incarnation, reason);
  }

  #lose(server: ServerIndex, reason: string): void {
    const state = this.#state;
    const view = viewOf(state, server);
    const wasLive = isLive(view);
    view.phase = 'absent';
    abortJoins(state, server);
    if (wasLive && (state.phase === 'serving' || state.phase === 'welcoming')) putOutServer(state, server, reason);
    view.hello = null;
    forgetHeard(this.#starting, server);
    // What it sent of its tail must not be rolled forward without it: the others are asked again.
    hearLate(state);
    state.questions.asked.delete(server);
    state.given.delete(server);
    const durable = onServerLost(state, server);
    this.#commands.onServerLost(server, `${serverName(server)} went down: ${reason}`);
    // What waited for it while it caught up waits no longer.
    advanceAll(state);
    if (durable) this.#onEpochDurable();
    else this.#goOn();
  }

  onHello(server: ServerIndex, hello: Hello): void {
    const state = this.#state;
    const view = viewOf(state, server);
    view.hello = hello;
    if (hello.torn) state.host.note(server, 'the end of its log was torn; nothing of it was acknowledged');
    view.phase = 'heard';
    if (state.phase === 'serving' || (state.phase === 'welcoming' && this.#starting.welcomed)) {
      admit(state, view);
    } else {
      hearLate(state);
      this.#goOn();
    }
  }

  /** One record that somebody may lack. */
  onTail(server: ServerIndex, reader: ByteReader): void {
    const held = Array.from({ length: reader.varint() }, () => reader.u16() as ServerMask);
    const record = { held, frame: reader.take(reader.remaining) };
    if (this.#state.questions.asked.has(server)) onBulk(this.#state, server, record);
    else onTail(this.#state, this.#starting, server, record);
  }

  onTailEnd(server: ServerIndex): void {
    const state = this.#state;
    if (state.questions.asked.has(server)) {
      for (const other of membersOf(settleBulks(state, server))) {
        if (mayHold(viewOf(state, other))) this.putOut(other, 'it holds a write that was given up');
      }
      admitNow(state, viewOf(state, server));
    } else {
      onTailEnd(this.#starting, server);
    }
    this.#goOn();
  }

  /** `dotted`: whether it holds keys with dots. */
  onReady(server: ServerIndex, dotted: boolean): void {
    const state = this.#state;
    const view = viewOf(state, server);
    view.phase = 'replayed';
    view.durable = view.hello?.last ?? (0 as Version);
    if (dotted) state.dotted = true;
    if (state.phase === 'serving') noteReady(state);
    this.#serveReplayed();
    this.#goOn();
  }

  /** Who replayed gets what is written from now on, unless its absence has to be forgotten first. */
  #serveReplayed(): void {
    const state = this.#state;
    for (const view of state.servers) {
      if (view.phase !== 'replayed') continue;
      if (state.phase === 'serving' && state.epochs.durable.absences.has(view.index)) continue;
      view.phase = 'ready';
      // While it waited nobody asked it for a sign of life.
      noteHeard(view);
      for (const tainted of membersOf(onReadyWrites(state, view.index, view.durable))) {
        this.putOut(tainted, 'it holds a write that was given up');
      }
      // The table may have gone on while it replayed; it follows the writes, because it says that they came before.
      sendEpoch(state, view.index);
      advanceAll(state);
    }
  }

  onEpochPersisted(epoch: Epoch): void {
    if (onHostHasEpoch(this.#state, epoch)) this.#onEpochDurable();
  }

  onEpochKept(server: ServerIndex, epoch: Epoch): void {
    if (onEpochKept(this.#state, server, epoch)) this.#onEpochDurable();
  }

  #onEpochDurable(): void {
    this.#serveReplayed();
    advanceAll(this.#state);
    this.#commands.onDurable();
    welcomeAdmitted(this.#state);
    this.#goOn();
  }

  /** Every HEARTBEAT_INTERVAL_MS: asks every server for a sign of life and puts out the silent. */
  onTick(): void {
    const state = this.#state;
    countSilence(state);
    for (const view of state.servers) {
      if (view.phase === 'absent') continue;
      const isSilent = isTooSilent(view, this.#patience(view.phase));
      if (isSilent) this.putOut(view.index, `silent for ${view.ticksSilent - 1} heartbeats`);
      else if (view.phase === 'ready') this.#attend(view.index);
    }
    const { rare } = state.host;
    if (rare('broker: tails are asked for once more')) hearLate(state);
    if (rare('broker: versions are skipped')) state.lastVersion = (state.lastVersion + SKIPPED_VERSIONS) as Version;
    if (state.phase === 'serving') advanceAll(state);
    welcomeAdmitted(state);
    this.#goOn();
  }

  /** Ticks of silence after which a server is put out. */
  #patience(phase: ServerPhase): number {
    const { rare } = this.#state.host;
    if (phase === 'ready') {
      return rare('broker: a server is put out after a short silence') ? SHORT_SILENCE_TICKS : HEARTBEATS_MISSED_MAX;
    }
    return rare('broker: a starting server is put out early') ? SHORT_STARTING_TICKS : STARTING_TICKS_MAX;
  }

  /** What a server that is ready gets with each heartbeat. */
  #attend(server: ServerIndex): void {
    const state = this.#state;
    const { rare } = state.host;
    if (!rare('broker: a heartbeat is left out')) ping(state, server);
    if (rare('broker: an epoch is told again')) sendEpoch(state, server);
    if (rare('broker: a catch-up is given up')) abortJoinsTo(state, server);
    if (!rare('broker: a checkpoint is asked for')) return;
    state.out.reset();
    state.out.u8(FRAME.checkpoint);
    state.host.send(server, state.out.view());
  }

  #goOn(): void {
    const state = this.#state;
    while (state.phase !== 'serving' && progressStart(state, this.#starting));
    if (state.phase !== 'serving') return;
    if (!state.host.rare('broker: a damaged directory waits for a heartbeat')) admitReplaceable(state);
    planJoins(state);
  }
}
