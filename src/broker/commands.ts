/** What clients ask of the broker: each command goes to the room that knows it, and is answered exactly once. */
import type { ByteReader } from '../lib/bytes.ts';
import type { Command, CommandPort, Reply } from '../model/commands.ts';
import type { ServerIndex } from '../model/ids.ts';
import { DEADLINE_MS } from '../model/limits.ts';
import { expireWrites, giveUpShown, giveUpWrites } from './acknowledge.ts';
import { expiredKeys } from './expiry.ts';
import { failed } from './notes.ts';
import { expireReads, keysOf, reaskReads, submitRead } from './reads.ts';
import { Scans } from './scans.ts';
import { keyName } from '../lib/key-name.ts';
import type { BrokerState, Observer, Watcher } from './state.ts';
import { type Update, Updates } from './updates.ts';
import { submitWrite } from './writes.ts';

/** Where a deadline comes early: milliseconds that a command was given at least. */
const EARLY_MS = 500;

export class Commands implements CommandPort {
  readonly #state: BrokerState;
  readonly #scans: Scans;
  readonly #updates: Updates;

  constructor(state: BrokerState) {
    this.#state = state;
    this.#scans = new Scans(state);
    this.#updates = new Updates(state);
  }

  /** Answers every command exactly once. LOADING until the servers' memories were reconciled. */
  submit(command: Command, reply: (reply: Reply) => void): void {
    const state = this.#state;
    if (!this.#admits(reply)) return;
    // An insert is an update itself: it stands in line at once, or what is asked behind it would come before it.
    const isUpdate = command.kind === 'write' && command.onExisting === 'refuse';
    if (state.tracked.size > 0 && command.kind !== 'scan' && !isUpdate) {
      if (this.#updates.defers(keysOf(state, command), () => this.#inTurn(command, reply))) return;
    }
    this.#carryOut(command, reply);
  }

  /** A command whose keys it has waited for. */
  #inTurn(command: Command, reply: (reply: Reply) => void): void {
    if (this.#admits(reply)) this.#carryOut(command, reply);
  }

  #carryOut(command: Command, reply: (reply: Reply) => void): void {
    const state = this.#state;
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
    if (state.phase !== 'serving') {
      reply(failed(state, 'LOADING', 'the storage servers are recovering'));
      return false;
    }
    if (state.inFlight >= state.requestsMax) {
      reply(failed(state, 'BUSY', `${state.requestsMax} requests are in flight, retry later`));
      return false;
    }
    return true;
  }

  /** A server is gone. What it was asked is asked elsewhere; what only it had is answered TIMEOUT. */
  onServerLost(server: ServerIndex, reason: string): void {
    const state = this.#state;
    reaskReads(state, server);
    this.#scans.reask(server);
    this.#updates.onServerLost();
    giveUpWrites(state, reason);
    giveUpShown(state);
  }

  /** `reader` is behind the kind byte of a `scanned` frame. */
  onScanned(reader: ByteReader): void {
    this.#scans.onScanned(reader);
  }

  /** `reader` is behind the kind byte of an `expired` frame. */
  onExpired(server: ServerIndex, reader: ByteReader): void {
    for (const key of expiredKeys(this.#state, server, reader)) this.#updates.expireKey(key);
  }

  /** Calls `onTouched` at every change of a key that has a place in the order, until what it answers is called. */
  watch(key: Uint8Array, onTouched: Watcher): () => void {
    const { watchers } = this.#state;
    const name = keyName(key);
    const ofKey = watchers.get(name) ?? new Set();
    watchers.set(name, ofKey.add(onTouched));
    return () => {
      ofKey.delete(onTouched);
      if (ofKey.size === 0 && watchers.get(name) === ofKey) watchers.delete(name);
    };
  }

  /**
   * Calls `onChanged` with all that is acknowledged from now on and was ordered since, before who asked is answered;
   * with null when anything may have changed. Until what this answers is called.
   */
  observe(onChanged: Observer): () => void {
    const { observers } = this.#state;
    observers.add(onChanged);
    return () => observers.delete(onChanged);
  }

  /** More is durable than before. */
  onDurable(): void {
    if (!this.#state.host.rare('broker: a scan waits for a heartbeat')) this.#scans.settle();
  }

  /** Answers what is overdue. */
  expire(now: number): void {
    const { rare } = this.#state.host;
    const early = now + DEADLINE_MS - EARLY_MS;
    expireWrites(this.#state, rare('broker: writes are answered before their deadline') ? early : now);
    expireReads(this.#state, rare('broker: reads are answered before their deadline') ? early : now);
    this.#scans.expire(rare('broker: scans are answered before their deadline') ? early : now);
    this.#updates.expire(rare('broker: updates are answered before their deadline') ? early : now);
  }

  /** Every heartbeat: scans whose answer waited, and now and then what is under way once more. */
  onTick(): void {
    const state = this.#state;
    const { rare } = state.host;
    for (const { index } of state.servers) {
      if (rare('broker: reads are asked again')) reaskReads(state, index);
      if (rare('broker: scans are asked again')) this.#scans.reask(index);
    }
    if (rare('broker: updates look again')) this.#updates.onServerLost();
    this.#scans.settle();
  }
}
