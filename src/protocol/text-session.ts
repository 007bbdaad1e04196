/**
 * One connection of the text protocol as a state machine without I/O: bytes in, replies out, in the order of the
 * requests though their answers come in any. Nothing that a client sends can make it throw, hang or grow without
 * bound. Keys and values that it submits are views of lines it owns: they are never written again, so whoever gets
 * them may keep them.
 *
 *   request = verb [ blanks arguments ] [ CR ] LF        verb in any case; an empty line is no request
 */
import { goesOn, withoutContinuation } from '../compute/statement.ts';
import { text } from '../lib/bytes.ts';
import type { CommandPort } from '../model/commands.ts';
import { fail } from '../model/errors.ts';
import { DOCUMENT_BYTES_MAX } from '../model/limits.ts';
import type { Administration } from '../model/status.ts';
import { Barrier } from './barrier.ts';
import { arityOf, notHere, unknownCommand, wrongArguments } from './command-help.ts';
import type { CommandName, CommandRow } from './command-row.ts';
import { commandNamed } from './command-table.ts';
import { Conversation, type SessionOptions } from './conversation.ts';
import {
  onBulkSet,
  onCompute,
  onDelete,
  onExport,
  onGet,
  onKeys,
  onPut,
  onQuery,
  onQueryMany,
  onSet,
} from './data-requests.ts';
import { frequentVerb } from './frequent-verbs.ts';
import { LineReader } from './lines.ts';
import { oneLine } from './replies.ts';
import type { ReplyCounts } from './reply-queue.ts';
import { malformedText } from './requests.ts';
import {
  onAngle,
  onCheckPut,
  onExit,
  onFault,
  onForce,
  onFormat,
  onHelp,
  onJoin,
  onPing,
  onShutdown,
  onSnapshot,
  onStatus,
  type WordsHandler,
  wordsOf,
} from './session-requests.ts';
import { skipBlanks, trimBlanks } from './words.ts';

export class TextSession {
  readonly #talk: Conversation;
  readonly #lines: LineReader;
  /** A COMPUTE that goes on in the next line, as one line so far. */
  #unfinished: string | null = null;
  /** Lines that wait for an operator's command before them, or for all that was asked before them. */
  readonly #barrier: Barrier<Uint8Array>;

  /**
   * `wake` is called when a reply became ready outside of `push` and `end`, at least once before the output is looked
   * at again.
   */
  constructor(port: CommandPort, administration: Administration, options: SessionOptions, wake: () => void) {
    this.#talk = new Conversation(port, administration, options, () => {
      this.#barrier.resume();
      wake();
    });
    this.#barrier = new Barrier(this.#talk, (line) => this.#request(line, 0, line.length));
    this.#lines = new LineReader(DOCUMENT_BYTES_MAX, {
      onLine: (bytes, start, end) => this.#onLine(bytes, start, end),
      onTooLong: () => this.#onTooLong(),
    });
  }

  /** Requests that have no reply in the output yet. Beyond CONNECTION_COMMANDS_MAX the owner reads no more for a while. */
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

  /** Whoever reaches this port is trusted. */
  get unreadMax(): number {
    return Number.POSITIVE_INFINITY;
  }

  /** Whether the beginning of a request is here and its end is not. */
  get inRequest(): boolean {
    return this.#lines.isInLine || this.#unfinished !== null;
  }

  /** Bytes of the beginning of a line that is here, when its end is not. */
  get unfinishedBytes(): number {
    return this.#lines.unfinishedBytes;
  }

  /** Whether the conversation is over once the output is written. */
  get isOver(): boolean {
    return this.#talk.isClosing && this.#talk.inFlight === 0;
  }

  /**
   * Takes requests from bytes as they come, after the first only while `hasRoom`; answers how many bytes it took. They are
   * copied, and the beginning of a request is kept.
   */
  push(bytes: Uint8Array, hasRoom?: () => boolean): number {
    if (this.#talk.isClosing) return bytes.length;
    let taken = 0;
    this.#talk.reading(() => {
      taken = this.#lines.push(bytes, hasRoom);
    });
    this.#barrier.resume();
    return taken;
  }

  /** No more bytes will come: an unfinished last line is a request too. */
  end(): void {
    if (this.#talk.isClosing) return;
    this.#talk.reading(() => {
      this.#lines.end();
      const unfinished = this.#unfinished;
      this.#unfinished = null;
      if (unfinished !== null) this.#compute(unfinished);
    });
    this.#barrier.resume();
  }

  /** Replies that are ready, in the order of the requests, or a first piece; valid until the next call to anything but a getter. */
  output(): Uint8Array {
    return this.#talk.output();
  }

  /** The output was taken, and its memory may be used again. */
  sent(isKept = false): void {
    this.#talk.sent(isKept);
  }

  /** Nobody reads replies any more: those that are ready and those to come are dropped, lines that wait are forgotten. */
  abandon(): void {
    this.#barrier.clear();
    this.#talk.abandon();
  }

  #onLine(bytes: Uint8Array, lineStart: number, lineEnd: number): boolean {
    if (this.#barrier.isShut || !this.#request(bytes, lineStart, lineEnd))
      this.#barrier.hold(bytes.slice(lineStart, lineEnd));
    return !this.#talk.isClosing;
  }

  /** One whole line. Answers false, and has done nothing, when it must wait for those before it. */
  #request(bytes: Uint8Array, lineStart: number, lineEnd: number): boolean {
    if (this.#unfinished !== null) {
      this.#continue(this.#unfinished, bytes, lineStart, lineEnd);
      return true;
    }
    const verbStart = skipBlanks(bytes, lineStart, lineEnd);
    let verbEnd = verbStart;
    while (verbEnd < lineEnd && bytes[verbEnd] !== BLANK && bytes[verbEnd] !== TAB) verbEnd++;
    if (verbEnd === verbStart) return true;
    const start = skipBlanks(bytes, verbEnd, lineEnd);
    const end = trimBlanks(bytes, start, lineEnd);
    const row =
      frequentVerb(bytes, verbStart, verbEnd) ??
      commandNamed(text(bytes, verbStart, Math.min(verbEnd, verbStart + VERB_SHOWN_MAX)));
    if (row === null)
      this.#talk.refuse(unknownCommand(oneLine(text(bytes, verbStart, Math.min(verbEnd, verbStart + VERB_SHOWN_MAX)))));
    else if ((isOperators(row) || isScan(row)) && this.#talk.inFlight > 0) return false;
    else this.#run(row, bytes, { lineStart, start, end });
    return true;
  }

  #run(
    row: CommandRow,
    bytes: Uint8Array,
    line: { readonly lineStart: number; readonly start: number; readonly end: number },
  ): void {
    const { lineStart, start, end } = line;
    const talk = this.#talk;
    if (row.notHere !== null) {
      talk.refuse(notHere(row));
      return;
    }
    if (start === end && row.arguments.length > 0 && row.arguments[0]?.count !== 'optional') {
      talk.refuse(wrongArguments(row));
      return;
    }
    const onBytes = BYTES_HANDLERS.get(row.name);
    if (onBytes !== undefined) {
      onBytes(talk, bytes, start, end, row);
      return;
    }
    const malformed = malformedText(bytes, lineStart, end);
    if (malformed !== null) {
      talk.refuse(malformed);
      return;
    }
    if (row.name === 'COMPUTE') {
      const statement = text(bytes, lineStart, end);
      if (goesOn(statement)) this.#unfinished = withoutContinuation(statement);
      else onCompute(talk, statement, start - lineStart);
      return;
    }
    const { words, rest } = wordsOf(bytes, start, end);
    if (words.length > arityOf(row).most) talk.refuse(wrongArguments(row));
    else {
      WORDS_HANDLERS.get(row.name)?.(talk, words, row, rest);
      if (isOperators(row)) this.#barrier.shut();
    }
  }

  /** Another line of a COMPUTE. */
  #continue(begun: string, bytes: Uint8Array, start: number, end: number): void {
    this.#unfinished = null;
    const malformed = malformedText(bytes, start, end);
    const line = begun + text(bytes, start, end);
    if (malformed !== null) this.#talk.refuse(malformed);
    else if (line.length > DOCUMENT_BYTES_MAX) this.#onTooLong();
    else if (goesOn(line)) this.#unfinished = withoutContinuation(line);
    else this.#compute(line);
  }

  /** A whole COMPUTE line that was put together. */
  #compute(line: string): void {
    onCompute(this.#talk, line, /^\s*\S+\s*/.exec(line)?.[0].length ?? 0);
  }

  #onTooLong(): void {
    this.#unfinished = null;
    this.#talk.refuse(
      fail('TOOLARGE', `a line of more than ${DOCUMENT_BYTES_MAX} bytes, the limit DOCUMENT_BYTES_MAX`).error,
    );
  }
}

const BLANK = 0x20;
const TAB = 0x09;

/** Bytes of an unknown verb that are shown. */
const VERB_SHOWN_MAX = 40;

/** Commands about the cluster: their place among the others of a connection matters. */
function isOperators(row: CommandRow): boolean {
  return row.flags.includes('admin');
}

/** Commands over all keys: they see what was asked before them, also a PUT whose place in the order is not known yet. */
function isScan(row: CommandRow): boolean {
  return row.name === 'KEYS' || row.name === 'EXPORT';
}

type BytesHandler = (talk: Conversation, bytes: Uint8Array, start: number, end: number, row: CommandRow) => void;

const BYTES_HANDLERS: ReadonlyMap<CommandName, BytesHandler> = new Map([
  ['PUT', onPut],
  ['GET', onGet],
  ['QUERY', onQuery],
  ['QUERYMANY', onQueryMany],
  ['DELETE', onDelete],
  ['SET', onSet],
  ['BULKSET', onBulkSet],
  ['KEYS', onKeys],
  ['EXPORT', onExport],
] as const satisfies readonly (readonly [CommandName, BytesHandler])[]);

const WORDS_HANDLERS: ReadonlyMap<CommandName, WordsHandler> = new Map([
  ['STATUS', onStatus],
  ['SNAPSHOT', onSnapshot],
  ['FORCE', onForce],
  ['FAULT', onFault],
  ['JOIN', onJoin],
  ['SHUTDOWN', onShutdown],
  ['CHECKPUT', onCheckPut],
  ['PING', onPing],
  ['FORMAT', onFormat],
  ['ANGLE', onAngle],
  ['HELP', onHelp],
  ['EXIT', onExit],
] as const satisfies readonly (readonly [CommandName, WordsHandler])[]);
