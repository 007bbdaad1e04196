/**
 * What one connection of the text protocol is in the middle of: its settings, the commands it waits for, the replies in
 * their order. Handlers of requests speak through it; it never looks at what a client wrote.
 */
import type { Angle } from '../compute/functions.ts';
import { type ByteWriter, NO_BYTES } from '../lib/bytes.ts';
import { type Command, type CommandPort, NO_NOTES, type Reply } from '../model/commands.ts';
import type { PutMode } from '../model/config.ts';
import { ERRORS, type KvError } from '../model/errors.ts';
import type { Administration } from '../model/status.ts';
import { FOUND, type Question, writeReply } from './answers.ts';
import { type ReplyFormat, writeError, writeOk } from './replies.ts';
import { type ReplyCounts, ReplyQueue, type Slot, UNTOLD } from './reply-queue.ts';

export type SessionOptions = {
  /** Whose port it is: a miss says `key -> NOT FOUND` on a gateway and `NOTFOUND` on a storage server. */
  readonly role: 'gateway' | 'server';
  readonly putMode: PutMode;
  /** Refuses strings that hold a number in COMPUTE. */
  readonly strictTypes: boolean;
  /** Unit of angles until ANGLE says otherwise. */
  readonly angle: Angle;
};

type ReplySlot = Slot & {
  format: ReplyFormat;
  label: Uint8Array;
  question: Question;
  /** Whether CHECKPUT counts it, and what became of it. */
  isWrite: boolean;
  error: KvError | null;
  readonly onReply: (reply: Reply) => void;
};

export class Conversation {
  readonly port: CommandPort;
  readonly administration: Administration;
  readonly options: SessionOptions;
  format: ReplyFormat;
  angle: Angle;
  /** No request after this one is read. */
  isClosing = false;
  readonly #queue: ReplyQueue<ReplySlot>;
  #isAbandoned = false;
  #writes = 0;
  #failedWrites = 0;
  #firstFailure: KvError | null = null;

  constructor(port: CommandPort, administration: Administration, options: SessionOptions, wake: () => void) {
    this.port = port;
    this.administration = administration;
    this.options = options;
    this.format = { dialect: 'arrow', versions: false, missing: options.role === 'gateway' ? 'label' : 'token' };
    this.angle = options.angle;
    this.#queue = new ReplyQueue(
      () => this.#newSlot(),
      (slot) => this.#onEmit(slot),
      wake,
    );
  }

  /** Commands without a reply in the output. */
  get inFlight(): number {
    return this.#queue.size;
  }

  get replies(): ReplyCounts {
    return this.#queue;
  }

  /** Runs what reads requests: replies that become ready meanwhile wake nobody. */
  reading(read: () => void): void {
    this.#queue.reading(read);
  }

  output(): Uint8Array {
    return this.#queue.output();
  }

  sent(isKept = false): void {
    this.#queue.clear(isKept);
  }

  /** Replies are neither kept nor written from now on. */
  abandon(): void {
    this.isClosing = true;
    this.#isAbandoned = true;
    this.#queue.drop();
  }

  /** Submits a command; its reply is written as the answer to `question`, `label` being the key or path as shown. */
  ask(command: Command, label: Uint8Array, question: Question): void {
    const slot = this.#open();
    slot.label = label;
    slot.question = question;
    slot.isWrite = command.kind === 'write';
    // What is told of a change is a line.
    if (slot.isWrite || command.kind === 'delete') this.#queue.tell(slot, 0);
    this.port.submit(command, slot.onReply);
  }

  /** Replies at once. */
  say(write: (writer: ByteWriter, format: ReplyFormat) => void): void {
    this.#write(this.#open(), write);
  }

  /** `OK`, and words if there are any. */
  sayOk(words = ''): void {
    this.say((writer, format) => writeOk(writer, format, words, NO_NOTES));
  }

  refuse(error: KvError): void {
    this.say((writer, format) => writeError(writer, format, error, NO_NOTES));
  }

  /** Refuses a write, for CHECKPUT to remember. */
  refuseWrite(error: KvError): void {
    const slot = this.#open();
    slot.isWrite = true;
    slot.error = error;
    this.#write(slot, (writer, format) => writeError(writer, format, error, NO_NOTES));
  }

  /** Replies `OK` and the words that come, or the error. */
  sayLater(words: Promise<string>): void {
    const slot = this.#open();
    words.then(
      (said) => this.#write(slot, (writer, format) => writeOk(writer, format, said, NO_NOTES)),
      (reason: unknown) => this.#write(slot, (writer, format) => writeError(writer, format, errorOf(reason), NO_NOTES)),
    );
  }

  /** Replies when every older command has been answered. */
  sayAtTurn(write: (writer: ByteWriter, format: ReplyFormat) => void): void {
    const slot = this.#open();
    const format = slot.format;
    this.#queue.closeAtTurn(slot, (writer) => write(writer, format));
  }

  /** What became of the writes that were answered so far. */
  get writes(): { readonly count: number; readonly failed: number; readonly firstFailure: KvError | null } {
    return { count: this.#writes, failed: this.#failedWrites, firstFailure: this.#firstFailure };
  }

  #newSlot(): ReplySlot {
    const slot: ReplySlot = {
      state: 'open',
      bytes: UNTOLD,
      held: null,
      atTurn: null,
      format: this.format,
      label: NO_BYTES,
      question: FOUND,
      isWrite: false,
      error: null,
      onReply: (reply) => this.#onReply(slot, reply),
    };
    return slot;
  }

  #open(): ReplySlot {
    const slot = this.#queue.open();
    slot.format = this.format;
    slot.isWrite = false;
    slot.error = null;
    return slot;
  }

  #onReply(slot: ReplySlot, reply: Reply): void {
    if (this.#isAbandoned) return;
    if (reply.kind === 'failed') slot.error = reply.error;
    writeReply(this.#queue.writerFor(slot), slot.format, slot.label, slot.question, reply);
    this.#queue.close(slot);
  }

  #write(slot: ReplySlot, write: (writer: ByteWriter, format: ReplyFormat) => void): void {
    write(this.#queue.writerFor(slot), slot.format);
    this.#queue.close(slot);
  }

  #onEmit(slot: ReplySlot): void {
    // What a slot held must not live on in the pool.
    slot.label = NO_BYTES;
    slot.question = FOUND;
    if (!slot.isWrite) return;
    this.#writes++;
    if (slot.error === null) return;
    this.#failedWrites++;
    this.#firstFailure ??= slot.error;
  }
}

/** A rejection as an error: operators' calls reject with one, all else is a defect of the host that must show. */
function errorOf(reason: unknown): KvError {
  if (typeof reason === 'object' && reason !== null && 'code' in reason && 'message' in reason) {
    const { code, message } = reason;
    if (typeof code === 'string' && Object.hasOwn(ERRORS, code))
      return { code: code as KvError['code'], message: String(message) };
  }
  return {
    code: 'UNAVAILABLE',
    message: `the host failed: ${reason instanceof Error ? reason.message : String(reason)}`,
  };
}
