/**
 * What one RESP connection is in the middle of: its settings, its transaction, the commands it waits for, the replies in
 * their order. Runs rows of the command table; never looks at what a client wrote beyond handing it to them.
 */
import { type ByteWriter, ByteWriter as Writer } from '../../lib/bytes.ts';
import { ok, type Result } from '../../lib/result.ts';
import type { Found, Notes, Path, Reply } from '../../model/commands.ts';
import type { KvError } from '../../model/errors.ts';
import { BULK_ITEMS_MAX } from '../../model/limits.ts';
import { type ReplyCounts, ReplyQueue, type Slot, UNTOLD } from '../reply-queue.ts';
import { AttemptGate } from './attempt-gate.ts';
import type { ClientInfo } from './client-info.ts';
import type { Entry } from './command-index.ts';
import { lineOf, Refusal, TOO_MANY_KEYS } from './failures.ts';
import { Keyspace } from './keyspace.ts';
import { type Protocol, ReplyWriter } from './reply-writer.ts';
import type { Words } from './request-reader.ts';
import type { Plan } from './row.ts';
import type { RespHost } from './resp-host.ts';
import { failureIn } from './statistics.ts';
import type { Change, Held } from './store.ts';
import { Transaction } from './transaction.ts';

type RespSlot = Slot & {
  protocol: Protocol;
  entry: Entry | null;
  words: Words;
  startedMs: number;
  isSilent: boolean;
  plan: Plan | null;
  /** What an update will answer once it is durable. */
  decided: Uint8Array | null;
  readonly onReply: (reply: Reply) => void;
};

const NO_WORDS: Words = [];
const EMPTY = new Keyspace([], [], 0);

export class Talk {
  readonly host: RespHost;
  readonly client: ClientInfo;
  readonly transaction: Transaction;
  readonly gate = new AttemptGate();
  /** Whether it is to be told of changes of what it reads. */
  isTracking = false;
  readonly channels = new Set<string>();
  readonly patterns = new Set<string>();
  /** Bytes of the names of both. */
  listenedBytes = 0;
  readonly #wake: () => void;
  readonly #queue: ReplyQueue<RespSlot>;
  readonly #reply = new ReplyWriter();
  readonly #scratch = new Writer(256);
  readonly #nowhere = new Writer(256);
  /** Messages that came while a reply was being written: PUBLISH to a channel of one's own. */
  #isWriting = false;
  /** Where the reply that is being written begins. */
  #replyStart = 0;
  readonly #pushes: ((reply: ReplyWriter) => void)[] = [];
  #isClosing = false;
  #isAbandoned = false;
  #batchMs = 0;

  constructor(host: RespHost, client: ClientInfo, wake: () => void) {
    this.host = host;
    this.client = client;
    this.#wake = wake;
    this.transaction = new Transaction(host.store);
    this.#queue = new ReplyQueue(
      () => this.#newSlot(),
      (slot) => this.#onEmit(slot),
      wake,
    );
  }

  /** Whether nobody reads replies any more. */
  get isGone(): boolean {
    return this.#isAbandoned;
  }

  /** Whether no request after this one is read. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  get inFlight(): number {
    return this.#queue.size;
  }

  get replies(): ReplyCounts {
    return this.#queue;
  }

  /** Runs what reads requests: replies that become ready meanwhile wake nobody. */
  reading(read: () => void): void {
    this.#batchMs = this.host.facts.clockMs();
    this.client.lastMs = this.#batchMs;
    this.#queue.reading(read);
  }

  output(): Uint8Array {
    return this.#queue.output();
  }

  /** `isKept`: who took the output goes on reading its memory. */
  sent(isKept = false): void {
    this.host.statistics.outputBytes += this.#queue.output().length;
    this.#queue.clear(isKept);
  }

  /** Replies are neither kept nor written from now on. */
  abandon(): void {
    this.close();
    this.#isAbandoned = true;
    this.transaction.discard();
    this.#queue.drop();
  }

  /** What waited may go on. */
  onTurn(): void {
    if (!this.#isAbandoned) this.#wake();
  }

  /** The connection ends with the answers to what it asked: from now on nobody sees it, and it hears of nobody. */
  close(): void {
    this.#isClosing = true;
    this.host.leave(this);
  }

  /** The same from outside, while it may wait for nothing: CLIENT KILL. */
  kill(): void {
    this.close();
    this.#wake();
  }

  /** Runs a command whose number of words was checked. */
  run(entry: Entry, words: Words): void {
    const slot = this.#open(entry, words);
    if (this.isTracking) this.host.tracking.onCommand(this, entry, words);
    const { run } = entry.row;
    if (run.kind === 'now') this.#write(slot, (reply) => run.run(this, words, reply));
    else if (run.kind === 'later') run.run(this, words, (write) => this.#write(slot, write));
    else {
      const plan = run.plan(words, this);
      if (plan instanceof Refusal) this.#write(slot, (reply) => reply.error(plan.line));
      else this.#carryOut(slot, plan, entry.isWrite);
    }
  }

  /** Replies without running anything. */
  say(write: (reply: ReplyWriter) => void): void {
    this.#write(this.#open(null, NO_WORDS), write);
  }

  refuse(line: string): void {
    this.say((reply) => reply.error(line));
  }

  /** A message that answers no request; it takes its place among the replies. */
  push(write: (reply: ReplyWriter) => void): void {
    if (this.#isAbandoned) return;
    if (this.#isWriting) {
      this.#pushes.push(write);
      return;
    }
    const slot = this.#open(null, NO_WORDS);
    slot.isSilent = false;
    this.#write(slot, write);
  }

  #newSlot(): RespSlot {
    const slot: RespSlot = {
      state: 'open',
      bytes: UNTOLD,
      held: null,
      atTurn: null,
      protocol: 2,
      entry: null,
      words: NO_WORDS,
      startedMs: 0,
      isSilent: false,
      plan: null,
      decided: null,
      onReply: (reply) => this.#onReply(slot, reply),
    };
    return slot;
  }

  #open(entry: Entry | null, words: Words): RespSlot {
    const slot = this.#queue.open();
    const { client } = this;
    slot.protocol = client.protocol;
    slot.entry = entry;
    slot.words = words;
    slot.startedMs = this.#batchMs;
    slot.isSilent =
      client.answers !== 'on' && client.answers !== 'skip' && entry?.row.flags.includes('unsilenced') !== true;
    return slot;
  }

  /** Looks at the keys of a plan, changes them, answers when the changes are durable. */
  #carryOut(slot: RespSlot, plan: Plan, isWrite: boolean): void {
    const { store, facts, notifications, tracking } = this.host;
    slot.plan = plan;
    const { keys, blind, parts } = plan;
    if (keys.length > BULK_ITEMS_MAX) this.#write(slot, (reply) => reply.error(TOO_MANY_KEYS));
    else if (keys.length === 0) this.#write(slot, (reply) => plan.apply(EMPTY, reply));
    else if (blind !== undefined) {
      tracking.wrote(blind, this);
      this.#queue.tell(slot, 0);
      store.submit({ kind: 'write', items: blind, onExisting: 'overwrite' }, slot.onReply);
    } else if (isWrite) {
      const decide = (held: readonly (Held | null)[]): Result<readonly Change[], KvError> => {
        const keyspace = notifications.keyspace(keys, held, facts.wallMs());
        keyspace.command = slot.entry?.name ?? '';
        this.#scratch.reset();
        plan.apply(keyspace, this.#reply.to(this.#scratch, slot.protocol));
        slot.decided = this.#scratch.copy();
        this.#queue.tell(slot, slot.decided.length);
        const changes = notifications.changesOf(keyspace);
        tracking.wrote(changes, this);
        return ok(changes);
      };
      store.update({ keys, decide }, slot.onReply);
    } else if (parts !== undefined && parts.paths.length > 0)
      store.submit({ kind: 'queryMany', paths: parts.paths }, slot.onReply);
    else if (keys.length === 1) store.submit({ kind: 'get', key: keys[0] as Uint8Array }, slot.onReply);
    else store.submit({ kind: 'queryMany', paths: keys.map(pathOf) }, slot.onReply);
  }

  #onReply(slot: RespSlot, reply: Reply): void {
    if (this.#isAbandoned) return;
    const plan = slot.plan as Plan;
    const writer = this.#begin(slot);
    if (reply.kind === 'failed') writer.error(lineOf(reply.error));
    else if (slot.decided !== null) writer.writer.bytes(slot.decided);
    else if (reply.kind === 'found') this.#answerRead(plan, [reply.found], reply.notes, writer);
    else if (reply.kind === 'foundMany') this.#answerRead(plan, reply.found, reply.notes, writer);
    else plan.apply(EMPTY, writer);
    this.#finish(slot);
  }

  #answerRead(plan: Plan, found: readonly Found[], notes: Notes, reply: ReplyWriter): void {
    if (notes.uncertain) {
      reply.error(UNCERTAIN);
      return;
    }
    const { statistics, facts } = this.host;
    for (const one of found) {
      if (one === null) statistics.misses++;
      else statistics.hits++;
    }
    if (plan.parts !== undefined) plan.parts.write(found, reply);
    else plan.apply(new Keyspace(plan.keys, found.map(heldOf), facts.wallMs()), reply);
  }

  #write(slot: RespSlot, write: (reply: ReplyWriter) => void): void {
    if (this.#isAbandoned) return;
    write(this.#begin(slot));
    this.#finish(slot);
  }

  /** Where the reply of a slot goes; `#finish` must follow in the same breath. */
  #begin(slot: RespSlot): ReplyWriter {
    const into: ByteWriter = slot.isSilent ? this.#nowhere : this.#queue.writerFor(slot);
    if (slot.isSilent) {
      into.reset();
      this.#queue.writerFor(slot);
    }
    this.#replyStart = into.length;
    this.#isWriting = true;
    return this.#reply.to(into, slot.protocol);
  }

  #finish(slot: RespSlot): void {
    const into = this.#reply.writer;
    const start = this.#replyStart;
    this.#isWriting = false;
    const failure = failureIn(into, start);
    if (slot.entry !== null) this.#count(slot, slot.entry, failure !== null);
    if (failure !== null) this.host.statistics.fail(failure);
    this.#queue.close(slot);
    if (this.#pushes.length > 0) for (const push of this.#pushes.splice(0)) this.push(push);
  }

  #count(slot: RespSlot, entry: Entry, hasFailed: boolean): void {
    const { facts, statistics, slowLog } = this.host;
    const milliseconds = facts.clockMs() - slot.startedMs;
    statistics.count(entry, milliseconds, hasFailed);
    if (milliseconds * 1_000 >= slowLog.thresholdUs && slowLog.thresholdUs >= 0 && !entry.isSecret)
      slowLog.add(slot.words, milliseconds, this.client, facts.wallMs());
  }

  #onEmit(slot: RespSlot): void {
    // What a slot held must not live on in the pool.
    slot.words = NO_WORDS;
    slot.plan = null;
    slot.decided = null;
    slot.entry = null;
  }
}

const UNCERTAIN = 'CLUSTERDOWN the answer is uncertain: no in-sync owner is up for this key';

function heldOf(found: Found): Held | null {
  return found === null ? null : { value: found.value, expiresAtMs: found.expiresAtMs ?? null };
}

function pathOf(key: Uint8Array): Path {
  return { segments: [key], joinable: 1 };
}
