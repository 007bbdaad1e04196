/**
 * One connection of the RESP protocol as a state machine without I/O: bytes in, replies out, in the order of the
 * requests though their answers come in any. Nothing that a client sends can make it throw, hang or grow without
 * bound. Decides whether a request may run now; what it does is in the rows of the command table.
 */
import { text } from '../../lib/bytes.ts';
import { UNTRUSTED_BYTES_MAX } from '../../model/limits.ts';
import { Barrier } from '../barrier.ts';
import type { ReplyCounts } from '../reply-queue.ts';
import { denialOf, denialText } from './access.ts';
import { type Entry, fits, subcommandOf } from './command-index.ts';
import { NOAUTH, wrongCount } from './failures.ts';
import { shown, RequestReader, type Words } from './request-reader.ts';
import type { RespHost } from './resp-host.ts';
import { Talk } from './talk.ts';
import type { Queued } from './transaction.ts';

/** Where a client is and where it came to, as `host:port`. */
export type Peer = { readonly address: string; readonly localAddress: string };

export class RespSession {
  readonly #talk: Talk;
  readonly #host: RespHost;
  readonly #reader: RequestReader;
  readonly #barrier: Barrier<Words>;
  /** Whether no more bytes come. */
  #hasEnded = false;

  /**
   * `wake` is called when a reply became ready outside of `push` and `end`, at least once before the output is looked
   * at again.
   */
  constructor(host: RespHost, peer: Peer, wake: () => void) {
    this.#host = host;
    this.#talk = new Talk(host, host.newClient(peer.address, peer.localAddress), () => {
      this.#barrier.resume();
      wake();
    });
    this.#barrier = new Barrier(this.#talk, (words) => this.#request(words));
    host.enter(this.#talk);
    this.#reader = new RequestReader({
      onRequest: (words) => this.#onRequest(words),
      onBroken: (message) => this.#onBroken(message),
      isTrusted: () => this.#talk.client.isAuthenticated,
    });
  }

  /** Requests that have no reply in the output yet. */
  get inFlight(): number {
    return this.#talk.inFlight + this.#barrier.size;
  }

  /** Requests that have to wait for the ones before them. */
  get waiting(): number {
    return this.#barrier.size;
  }

  get replies(): ReplyCounts {
    return this.#talk.replies;
  }

  /** Bytes of replies that may wait unread before requests wait too: few while nobody knows who asks. */
  get unreadMax(): number {
    return this.#talk.client.isAuthenticated ? Number.POSITIVE_INFINITY : UNTRUSTED_BYTES_MAX;
  }

  /** Whether the beginning of a request is here and its end is not. */
  get inRequest(): boolean {
    return this.#reader.unfinishedBytes > 0;
  }

  /** How many bytes of it are here. */
  get unfinishedBytes(): number {
    return this.#reader.unfinishedBytes;
  }

  /** Whether the conversation is over once the output is written. */
  get isOver(): boolean {
    const { isClosing, inFlight } = this.#talk;
    return inFlight === 0 && (isClosing || (this.#hasEnded && this.#barrier.size === 0));
  }

  /**
   * Takes requests from bytes as they come, after the first only while `hasRoom`; answers how many bytes it took. They must
   * not change afterwards; the beginning of a request is kept.
   */
  push(bytes: Uint8Array, hasRoom?: () => boolean): number {
    if (this.#talk.isClosing || this.#hasEnded) return bytes.length;
    // A Buffer's slice is a view: nobody behind this shall meet one.
    const plain =
      bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    let taken = 0;
    this.#talk.reading(() => {
      taken = this.#reader.push(plain, hasRoom);
    });
    this.#host.statistics.inputBytes += taken;
    this.#barrier.resume();
    return taken;
  }

  /** No more bytes will come: an unfinished request is none. */
  end(): void {
    this.#hasEnded = true;
  }

  /** Replies that are ready, in the order of the requests, or a first piece; valid until the next call to anything but a getter. */
  output(): Uint8Array {
    return this.#talk.output();
  }

  /** The output was taken; its memory may be used again unless who took it goes on reading it (`isKept`). */
  sent(isKept = false): void {
    this.#talk.sent(isKept);
  }

  /** Nobody reads replies any more: those that are ready and those to come are dropped. */
  abandon(): void {
    this.#barrier.clear();
    this.#talk.abandon();
  }

  #onRequest(words: Words): boolean {
    if (this.#barrier.isShut || !this.#request(words)) this.#barrier.hold(words);
    return !this.#talk.isClosing;
  }

  /** Runs a request, or refuses it; answers false, and has done nothing, when it must wait for those before it. */
  #request(words: Words): boolean {
    const talk = this.#talk;
    const { client, transaction } = talk;
    const before = client.answers;
    if (client.answers === 'skipping') client.answers = 'on';
    else if (client.answers === 'skip') client.answers = 'skipping';
    const entry = this.#entryOf(words);
    if (entry === null) {
      if (transaction.isOpen) transaction.hasFailed = true;
      return true;
    }
    const { flags } = entry.row;
    if (!client.isAuthenticated && !flags.includes('noauth')) {
      this.#host.statistics.refuse(entry);
      talk.refuse(NOAUTH);
      return true;
    }
    if (!client.user.isFree && this.#isDenied(entry, words)) return true;
    client.lastCommand = entry.name;
    if (client.protocol === 2 && client.channels + client.patterns > 0 && !flags.includes('pubsub')) {
      talk.refuse(
        `ERR Can't execute '${entry.name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
      );
      return true;
    }
    if (transaction.isOpen && !flags.includes('unqueued')) {
      this.#queue(entry, words);
      return true;
    }
    // What was asked before may change a watched key.
    const isBarrier = entry.isBarrier || (entry.name === 'exec' && transaction.watched > 0);
    const isAlone = isBarrier || (entry.name === 'exec' && transaction.hasNow);
    if ((isBarrier && talk.inFlight > 0) || (entry.isSecret && flags.includes('noauth') && this.#isLate())) {
      // It comes here again.
      client.answers = before;
      return false;
    }
    const asked = this.#host.monitors.size > 0 ? this.#toMonitor(entry, words) : [];
    talk.run(entry, words);
    for (const one of asked) this.#showToMonitors(one);
    if (isAlone) this.#barrier.shut();
    return true;
  }

  /** Whether the user may not do this: then it is refused. */
  #isDenied(entry: Entry, words: Words): boolean {
    const { client, transaction } = this.#talk;
    const denial = denialOf(client.user.may, entry, words, this.#talk);
    if (denial === null) return false;
    if (transaction.isOpen) transaction.hasFailed = true;
    this.#host.statistics.refuse(entry);
    this.#host.users.note(client, denial, client.user.name, transaction.isOpen);
    this.#talk.refuse(`NOPERM ${denialText(denial, client.user.name, false)}`);
    return true;
  }

  /** Whether an attempt to authenticate has to wait. */
  #isLate(): boolean {
    const { client, gate } = this.#talk;
    const { users, facts } = this.#host;
    return gate.isLate(
      () => users.delayMs(client.address),
      (milliseconds, run) => facts.later(milliseconds, run),
      () => this.#talk.onTurn(),
    );
  }

  #queue(entry: Entry, words: Words): void {
    const { transaction } = this.#talk;
    if (entry.row.run.kind === 'later') {
      transaction.hasFailed = true;
      this.#talk.refuse('ERR Command not allowed inside a transaction');
    } else if (!transaction.add(entry, words)) {
      this.#talk.refuse(
        'ERR transaction is too large, the limits are TRANSACTION_COMMANDS_MAX and TRANSACTION_BYTES_MAX',
      );
    } else this.#talk.say((reply) => reply.simple('QUEUED'));
    this.#talk.client.queued = transaction.size;
  }

  /** The command of a request with the right number of words; else refuses it. */
  #entryOf(words: Words): Entry | null {
    const talk = this.#talk;
    const found = this.#host.index.named(words[0] as Uint8Array);
    if (found.kind === 'entry') {
      if (fits(found.entry, words.length)) return found.entry;
      this.#host.statistics.refuse(found.entry);
      talk.refuse(wrongCount(found.entry.name));
      return null;
    }
    if (found.kind === 'none') {
      if (isHttp(words)) talk.close();
      else talk.refuse(unknownCommand(words));
      return null;
    }
    const { group } = found;
    const word = words[1];
    if (word === undefined) {
      if (group.alone !== null) return group.alone;
      talk.refuse(wrongCount(group.container.name));
      return null;
    }
    const entry = subcommandOf(group, word);
    if (entry === null) {
      const container = group.container.name.toUpperCase();
      talk.refuse(`ERR unknown subcommand '${shown(word)}'. Try ${container} HELP.`);
      return null;
    }
    if (fits(entry, words.length)) return entry;
    this.#host.statistics.refuse(entry);
    talk.refuse(wrongCount(entry.name));
    return null;
  }

  #onBroken(message: string): void {
    this.#talk.refuse(`ERR Protocol error: ${message}`);
    this.#talk.close();
  }

  /** What MONITOR shows of a request: no password and no business of operators; EXEC behind what it runs. */
  #toMonitor(entry: Entry, words: Words): readonly Queued[] {
    const { transaction } = this.#talk;
    const ran = entry.name === 'exec' && !transaction.hasFailed ? transaction.queued : [];
    return [...ran, { entry, words }].filter(
      ({ entry: { isSecret, row } }) => !isSecret && !row.flags.includes('admin'),
    );
  }

  #showToMonitors({ words }: Queued): void {
    const { monitors, facts } = this.#host;
    const seconds = (facts.wallMs() / 1_000).toFixed(6);
    const line = `${seconds} [0 ${this.#talk.client.address}] ${words.map(quoted).join(' ')}`;
    for (const talk of monitors) talk.push((reply) => reply.simple(line));
  }
}

/** Bytes of arguments that the error about an unknown command shows. */
const SHOWN_BYTES_MAX = 128;

/** Redis's own words: the name and the first arguments, each quoted. */
function unknownCommand(words: Words): string {
  let shownWords = '';
  for (let i = 1; i < words.length && shownWords.length < SHOWN_BYTES_MAX; i++)
    shownWords += `'${shown(words[i] as Uint8Array, SHOWN_BYTES_MAX - shownWords.length)}' `;
  return `ERR unknown command '${shown(words[0] as Uint8Array)}', with args beginning with: ${shownWords}`;
}

/** A browser that was made to speak to this port (cross protocol scripting): it gets no answer. */
function isHttp(words: Words): boolean {
  const first = text(words[0] as Uint8Array, 0, Math.min((words[0] as Uint8Array).length, 8)).toLowerCase();
  return first === 'post' || first === 'host:';
}

/** A word as MONITOR shows it. */
function quoted(word: Uint8Array): string {
  let shownWord = '"';
  for (const byte of word) {
    if (byte === 0x22 || byte === 0x5c) shownWord += `\\${String.fromCharCode(byte)}`;
    else if (byte === 0x0a) shownWord += '\\n';
    else if (byte === 0x0d) shownWord += '\\r';
    else if (byte === 0x09) shownWord += '\\t';
    else if (byte >= 0x20 && byte < 0x7f) shownWord += String.fromCharCode(byte);
    else shownWord += `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return `${shownWord}"`;
}
