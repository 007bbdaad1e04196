/**
 * Updates: changes that depend on what the keys hold, decided at one place of the order. While an update is under way
 * the broker tracks its keys: what they held when it asked, and every change that was ordered since. So the next update
 * of a key need not wait until the change before it is durable; its answer leaves when all that it saw is durable and
 * whole. Commands on a key follow the updates of it that came before and are not decided yet.
 */
import { text } from '../lib/bytes.ts';
import { ok, type Result } from '../lib/result.ts';
import type { Command, CommandPort, Found, Reply } from '../model/commands.ts';
import { fail, type KvError } from '../model/errors.ts';
import { DEADLINE_MS } from '../model/limits.ts';
import { ownersOf } from '../routing/placement.ts';
import { writtenNotes } from './acknowledge.ts';
import { receivers } from './catch-up.ts';
import type { Group, ReplyTo } from './group.ts';
import { presentHeld } from './expiry.ts';
import { Line } from './in-flight.ts';
import { failed, notesOf } from './notes.ts';
import type { Change, Held } from './operations.ts';
import { type ReadCommand, submitRead } from './reads.ts';
import { whenSettled } from './settled.ts';
import { answerers, type BrokerState, groupOf } from './state.ts';
import { keyName } from '../lib/key-name.ts';
import { type Tracked, Tracking, type Turn } from './tracking.ts';
import { submitWrite } from './writes.ts';

/** `decide` is called once with what `keys` hold, null for nothing, and answers the changes; none is fine too. */
export type Update = {
  readonly keys: readonly Uint8Array[];
  readonly decide: (held: readonly (Held | null)[]) => Result<readonly Change[], KvError>;
  /** Its deletes only take away what is absent to everybody already. */
  readonly isExpiry?: boolean;
};

/** Who takes commands, and updates besides. */
export type UpdatePort = CommandPort & { update(update: Update, reply: (reply: Reply) => void): void };

type Pending = {
  readonly update: Update;
  /** What is known of each of its keys. */
  readonly keys: readonly Tracked[];
  readonly turn: Turn;
  readonly reply: ReplyTo;
  readonly deadlineMs: number;
  readonly groups: readonly Group[];
  isLooking: boolean;
  isDecided: boolean;
  isQueued: boolean;
  /** Whether its changes have a place in the order: then its outcome is unknown until it is durable. */
  isOrdered: boolean;
  isOver: boolean;
  before: Pending | null;
  behind: Pending | null;
};

export class Updates {
  readonly #state: BrokerState;
  readonly #tracking: Tracking;
  readonly #open = new Line<Pending>();
  /** Keys that are being taken away, by keyName. */
  readonly #expiring = new Set<string>();
  /** Raised when a server is lost: what was ordered may not have happened, so values are looked up anew. */
  #generation = 0;

  constructor(state: BrokerState) {
    this.#state = state;
    this.#tracking = new Tracking(state.tracked);
  }

  submit(update: Update, reply: ReplyTo): void {
    const state = this.#state;
    const keys = this.#entries(update.keys);
    const pending: Pending = {
      update,
      keys,
      turn: { keys: once(keys), onTurn: () => this.#go(pending) },
      reply,
      deadlineMs: state.host.now() + DEADLINE_MS,
      groups: groupsOf(state, update.keys),
      isLooking: false,
      isDecided: false,
      isQueued: true,
      isOrdered: false,
      isOver: false,
      before: null,
      behind: null,
    };
    this.#open.join(pending);
    this.#tracking.queue(pending.turn);
    this.#go(pending);
  }

  /** Writes only if none of the keys exists. */
  insert(command: Extract<Command, { kind: 'write' }>, reply: ReplyTo): void {
    const keys = command.items.map((item) => item.key);
    const decide = (held: readonly (Held | null)[]): Result<readonly Change[], KvError> => {
      const at = held.findIndex((value) => value !== null);
      if (at < 0) return ok(command.items);
      const name = text(keys[at] as Uint8Array);
      return fail('EXISTS', `high-level key ${name} already exists, overwrite is not supported`);
    };
    this.submit({ keys, decide }, reply);
  }

  /** Takes away a key whose time has come, if it was not written anew. */
  expireKey(key: Uint8Array): void {
    const name = keyName(key);
    if (this.#expiring.has(name)) return;
    this.#expiring.add(name);
    const decide = ([held]: readonly (Held | null)[]): Result<readonly Change[], KvError> =>
      ok(held == null ? [{ key, value: null }] : []);
    this.submit({ keys: [key], decide, isExpiry: true }, () => this.#expiring.delete(name));
  }

  /** Whether updates of these keys are not decided yet; then `run` is called when they are. */
  defers(keys: readonly Uint8Array[], run: () => void): boolean {
    if (!keys.some((key) => this.#tracking.isQueued(keyName(key)))) return false;
    const turn: Turn = {
      keys: once(this.#entries(keys)),
      onTurn: () => {
        if (!this.#tracking.isFirst(turn)) return;
        run();
        this.#tracking.leaveQueue(turn);
        this.#tracking.forget(turn);
      },
    };
    this.#tracking.queue(turn);
    return true;
  }

  #entries(keys: readonly Uint8Array[]): Tracked[] {
    return keys.map((key) => this.#tracking.entry(keyName(key)));
  }

  /** Goes on as far as what is known allows: looks up what its keys hold, waits for its turn, decides. */
  #go(pending: Pending): void {
    if (pending.isOver || pending.isDecided || pending.isLooking) return;
    if (pending.turn.keys.some(({ held }) => held === undefined)) this.#look(pending);
    else if (this.#tracking.isFirst(pending.turn) && !this.#waits(pending)) this.#decide(pending);
  }

  #look(pending: Pending): void {
    const generation = this.#generation;
    const { keys } = pending.update;
    const wanted: number[] = [];
    for (let i = 0; i < keys.length; i++) if (pending.keys[i]?.held === undefined) wanted.push(i);
    pending.isLooking = true;
    submitRead(this.#state, readOf(wanted.map((i) => keys[i] as Uint8Array)), (looked) => {
      pending.isLooking = false;
      if (pending.isOver) return;
      if (looked.kind !== 'found' && looked.kind !== 'foundMany') {
        this.#end(pending, () => pending.reply(looked));
        return;
      }
      if (looked.notes.uncertain) {
        this.#refuse(pending, 'UNAVAILABLE', 'no in-sync owner is up for a key that this depends on');
        return;
      }
      // What was ordered since the question is newer than its answer.
      if (generation === this.#generation) {
        const found = looked.kind === 'found' ? [looked.found] : looked.found;
        for (const [at, i] of wanted.entries()) {
          const tracked = pending.keys[i] as Tracked;
          if (tracked.held === undefined) tracked.held = heldOf(found[at] ?? null);
        }
      }
      this.#go(pending);
    });
  }

  /**
   * What it is decided from must be where its changes go, or durable: then no crash keeps a change without what it
   * came from. The owners of one group have the one before the other.
   */
  #waits(pending: Pending): boolean {
    const { state, group } = { state: this.#state, group: pending.groups[0] };
    const targets = group === undefined ? 0 : receivers(state, group.owners);
    for (const { write } of pending.turn.keys) {
      if (write === null || write.waitingGroups === 0) continue;
      const isAhead = pending.groups.length === 1 && write.groups.length === 1 && (targets & ~write.sentTo) === 0;
      if (isAhead) continue;
      write.shown ??= [];
      write.shown.push(() => this.#go(pending));
      return true;
    }
    return false;
  }

  #decide(pending: Pending): void {
    const state = this.#state;
    const { update } = pending;
    const settled = whenSettled(state, pending.groups);
    const decided = update.decide(pending.keys.map(({ held }) => presentHeld(state, held ?? null)));
    pending.isDecided = true;
    const after = (answer: () => void): void =>
      settled((isWhole) => {
        if (isWhole) this.#end(pending, answer);
        else this.#lost(pending);
      });
    if (!decided.ok) {
      const { code, message } = decided.error;
      after(() => pending.reply(failed(state, code, message)));
    } else if (decided.value.length === 0) {
      after(() => pending.reply({ kind: 'written', items: 0, notes: notesOf(state) }));
    } else {
      pending.isOrdered = true;
      const kind = update.isExpiry === true ? 'expiry' : 'write';
      submitWrite(state, { kind, items: decided.value }, (reply) => {
        if (reply.kind === 'failed') this.#end(pending, () => pending.reply(reply));
        else if (reply.kind === 'written') {
          // Said as of now: it may have waited for others since it was durable.
          after(() => pending.reply({ ...reply, notes: writtenNotes(state, pending.groups) }));
        }
      });
    }
    this.#leave(pending);
  }

  /** A server is gone: what was ordered and is not durable may be gone with it. */
  onServerLost(): void {
    this.#generation++;
    this.#tracking.distrust();
    for (const pending of this.#open.all()) {
      if (pending.groups.some((group) => answerers(this.#state, group.owners) === 0)) this.#lost(pending);
      else this.#go(pending);
    }
  }

  expire(now: number): void {
    for (const pending of this.#open.all()) {
      if (pending.deadlineMs > now) break;
      this.#lost(pending);
    }
  }

  #leave(pending: Pending): void {
    if (!pending.isQueued) return;
    pending.isQueued = false;
    this.#tracking.leaveQueue(pending.turn);
  }

  #lost(pending: Pending): void {
    if (pending.isOrdered) {
      this.#refuse(pending, 'TIMEOUT', 'an owner went down with this write in flight; its outcome is unknown');
    } else {
      this.#refuse(pending, 'UNAVAILABLE', 'no in-sync owner confirmed what this depends on; nothing was changed');
    }
  }

  #refuse(pending: Pending, code: KvError['code'], message: string): void {
    this.#end(pending, () => pending.reply(failed(this.#state, code, message)));
  }

  #end(pending: Pending, answer: () => void): void {
    if (pending.isOver) return;
    pending.isOver = true;
    this.#open.leave(pending);
    this.#leave(pending);
    this.#tracking.forget(pending.turn);
    answer();
  }
}

function once<T>(items: readonly T[]): readonly T[] {
  return items.length === 1 ? items : [...new Set(items)];
}

function groupsOf(state: BrokerState, keys: readonly Uint8Array[]): readonly Group[] {
  const [only] = keys;
  if (keys.length === 1 && only !== undefined) return groupOf(state, ownersOf(state.placement, only)).alone;
  return once(keys.map((key) => groupOf(state, ownersOf(state.placement, key))));
}

/** Asks for all of these keys at one moment of the order. */
function readOf(keys: readonly Uint8Array[]): ReadCommand {
  const [only] = keys;
  if (keys.length === 1 && only !== undefined) return { kind: 'get', key: only };
  return { kind: 'queryMany', paths: keys.map((key) => ({ segments: [key], joinable: 1 })) };
}

function heldOf(found: Found): Held | null {
  return found === null ? null : { value: found.value.slice(), expiresAtMs: found.expiresAtMs ?? null };
}
