/**
 * Reads: each key is asked of one owner in sync, at one moment of the order; an answer leaves when everything it may
 * show is durable at every owner in sync. When an owner goes, what it was asked is asked again, all of it, so several
 * keys are always of one moment. Without an owner in sync the best answer there is goes out as uncertain.
 */
import type { Command, Found, Path, Reply } from '../model/commands.ts';
import { FRAME, OUTCOME } from '../model/frames.ts';
import { DEADLINE_MS } from '../model/limits.ts';
import { maskOf, type ServerIndex, type ServerMask, type Version } from '../model/ids.ts';
import { expiryOf, withoutExpiry } from '../document/expiring.ts';
import { candidates } from '../document/path.ts';
import { ownersOf } from '../routing/placement.ts';
import type { ByteReader } from '../lib/bytes.ts';
import { failed, notesOf } from './notes.ts';
import type { ReplyTo, Write } from './group.ts';
import type { Ask, Read } from './operations.ts';
import { answerers, type BrokerState, groupOf, isStuck, readyServers } from './state.ts';

const NO_SEGMENTS: readonly Uint8Array[] = [];

export type ReadCommand = Extract<Command, { kind: 'get' | 'query' | 'queryMany' }>;

/** `at`: the one server whose own copies are wanted, whoever else has the key; null for the cluster's answer. */
export function submitRead(
  state: BrokerState,
  command: ReadCommand,
  reply: ReplyTo,
  at: ServerIndex | null = null,
): void {
  switch (command.kind) {
    case 'get':
      start(state, at, [newAsk(command.key, NO_SEGMENTS)], reply, null);
      return;
    case 'query':
      start(state, at, asksFor(state, command.path), reply, null);
      return;
    case 'queryMany': {
      const perPath = command.paths.map((path) => asksFor(state, path));
      start(state, at, perPath.flat(), reply, () => {
        const found = perPath.map((asks) => winner(asks));
        const uncertain = perPath.some((asks) => asks.some((ask) => ask.uncertain));
        return { kind: 'foundMany', found, notes: notesOf(state, uncertain) };
      });
      return;
    }
    default:
      command satisfies never;
  }
}

/** The keys that a command names or may mean. */
export function keysOf(state: BrokerState, command: Exclude<Command, { kind: 'scan' }>): Uint8Array[] {
  switch (command.kind) {
    case 'write':
      return command.items.map((item) => item.key);
    case 'delete':
    case 'get':
      return [command.key];
    case 'query':
      return asksFor(state, command.path).map((ask) => ask.key);
    case 'queryMany':
      return command.paths.flatMap((path) => asksFor(state, path)).map((ask) => ask.key);
    default:
      command satisfies never;
      return [];
  }
}

/** The keys a path may mean: the first segments may be one key with dots, but only if such keys were ever stored. */
function asksFor(state: BrokerState, path: Path): Ask[] {
  const [first] = path.segments;
  if (first !== undefined && (!state.dotted || path.joinable < 2))
    return [newAsk(first, path.segments.length === 1 ? NO_SEGMENTS : path.segments.slice(1))];
  return candidates(path).map(({ key, from }) => newAsk(key, path.segments.slice(from)));
}

function newAsk(key: Uint8Array, segments: readonly Uint8Array[]): Ask {
  return {
    key,
    segments,
    barrier: 0 as Version,
    read: null,
    group: null,
    server: -1,
    request: -1,
    answered: false,
    keyExists: false,
    found: null,
    uncertain: false,
  };
}

function one(state: BrokerState, asks: readonly Ask[]): Reply {
  let uncertain = false;
  for (const ask of asks) if (ask.uncertain) uncertain = true;
  return { kind: 'found', found: winner(asks), notes: notesOf(state, uncertain) };
}

/** The longest key that exists decides, whether the rest of the path leads somewhere in it or not (row E-06). */
function winner(asks: readonly Ask[]): Found {
  for (const ask of asks) if (ask.keyExists) return ask.found;
  return null;
}

function start(
  state: BrokerState,
  at: ServerIndex | null,
  asks: readonly Ask[],
  reply: ReplyTo,
  answer: (() => Reply) | null,
): void {
  const read: Read = {
    asks,
    at,
    waiting: asks.length,
    answer,
    reply,
    deadlineMs: state.host.now() + DEADLINE_MS,
    wallMs: 0,
    over: false,
    before: null,
    behind: null,
  };
  for (const item of asks) item.read = read;
  state.inFlight++;
  state.reads.join(read);
  ask(state, read);
}

function ask(state: BrokerState, read: Read): void {
  if (readyServers(state) === 0) {
    end(state, read);
    read.reply(failed(state, 'UNAVAILABLE', 'all servers are down'));
    return;
  }
  read.wallMs = state.host.wallMs();
  let unanswered = 0;
  const allowed = read.at === null ? -1 : maskOf(read.at);
  for (const item of read.asks) {
    const owners = ownersOf(state.placement, item.key);
    const group = groupOf(state, owners);
    item.group = group;
    item.barrier = group.writes.size > 0 ? group.newest : (0 as Version);
    item.answered = false;
    item.found = null;
    item.keyExists = false;
    const inSync = (answerers(state, owners) & allowed) as ServerMask;
    item.uncertain = read.at === null && inSync === 0;
    const choice = inSync === 0 ? ((owners & readyServers(state) & allowed) as ServerMask) : inSync;
    item.server = pick(choice, state.asks.next);
    if (item.server === -1) {
      item.answered = true;
      unanswered++;
      continue;
    }
    item.request = state.asks.add(item);
    send(state, item);
  }
  read.waiting = read.asks.length - unanswered;
  if (read.waiting === 0) finish(state, read);
}

/** One of the members, in turn. */
function pick(mask: ServerMask, turn: number): ServerIndex | -1 {
  if (mask === 0) return -1;
  let count = 0;
  for (let rest = mask as number; rest !== 0; rest &= rest - 1) count++;
  let skip = turn % count;
  for (let server = 0; ; server++) {
    if ((mask & (1 << server)) !== 0 && skip-- === 0) return server as ServerIndex;
  }
}

function send(state: BrokerState, item: Ask): void {
  const { out } = state;
  out.reset();
  out.u8(FRAME.read);
  out.u32(item.request);
  out.sized(item.key);
  out.varint(item.segments.length);
  for (const segment of item.segments) out.sized(segment);
  state.host.send(item.server as ServerIndex, out.view());
}

/** `reader` is behind the kind byte of an `answer` frame. */
export function onAnswer(state: BrokerState, reader: ByteReader): void {
  const item = state.asks.get(reader.u32());
  if (item === undefined) return;
  const read = item.read as Read;
  state.asks.delete(item.request);
  const outcome = reader.u8();
  const version = reader.f64() as Version;
  const stored = outcome === OUTCOME.noKey ? null : reader.take(reader.remaining);
  const expiresAtMs = stored === null ? null : expiryOf(stored);
  item.keyExists = stored !== null && (expiresAtMs === null || expiresAtMs > read.wallMs);
  const group = item.group;
  const parks = group !== null && !item.uncertain && group.waitsFor(item.barrier);
  const bulk = state.openBulks.size === 0 ? undefined : state.openBulks.get(version);
  if (outcome === OUTCOME.found && stored !== null && item.keyExists) {
    // Bytes of the ring are gone after this call; a single answer that leaves now needs no copy.
    const leavesNow = !parks && bulk === undefined && read.asks.length === 1;
    const shown = expiresAtMs === null ? stored : withoutExpiry(stored);
    const value = leavesNow ? shown : shown.slice();
    item.found = expiresAtMs === null ? { value, version } : { value, version, expiresAtMs };
  }
  if (parks) {
    const { request } = item;
    group.parked.push({
      barrier: item.barrier,
      release: () => item.request === request && show(state, read, item, bulk),
    });
  } else {
    show(state, read, item, bulk);
  }
}

/**
 * A part of a bulk that others still owe is shown when the bulk is whole: what is not may be taken back. When those
 * others are gone the answer is uncertain.
 */
function show(state: BrokerState, read: Read, item: Ask, bulk: Write | undefined): void {
  if (bulk === undefined || !state.openBulks.has(bulk.version)) {
    settle(state, read, item);
  } else if (isStuck(state, bulk)) {
    item.uncertain = true;
    settle(state, read, item);
  } else {
    const { request } = item;
    bulk.shown ??= [];
    bulk.shown.push(() => item.request === request && show(state, read, item, bulk));
  }
}

function settle(state: BrokerState, read: Read, item: Ask): void {
  if (item.answered || read.over) return;
  item.answered = true;
  read.waiting--;
  if (read.waiting === 0) finish(state, read);
}

function finish(state: BrokerState, read: Read): void {
  end(state, read);
  read.reply(read.answer === null ? one(state, read.asks) : read.answer());
}

function end(state: BrokerState, read: Read): void {
  read.over = true;
  state.inFlight--;
  state.reads.leave(read);
  for (const item of read.asks) if (!item.answered) state.asks.delete(item.request);
}

/** Asks again what a server that is gone, or no longer in sync, was asked. */
export function reaskReads(state: BrokerState, server: ServerIndex): void {
  for (const read of state.reads.all()) {
    if (read.over || !read.asks.some((item) => !item.answered && item.server === server)) continue;
    for (const item of read.asks) state.asks.delete(item.request);
    ask(state, read);
  }
}

export function expireReads(state: BrokerState, now: number): void {
  for (const read of state.reads.all()) {
    if (read.deadlineMs > now) break;
    if (read.over) continue;
    end(state, read);
    read.reply(failed(state, 'UNAVAILABLE', `no answer within ${DEADLINE_MS} ms; a read changes nothing, try again`));
  }
}
