/**
 * Bytes of a connection, as they come, to requests of the RESP protocol. Incomplete is not invalid: a request may come
 * in any pieces, and each byte is looked at once. Requests that lie whole in a piece are not copied; what an unfinished
 * one announces is never allocated before it came.
 *
 *   request = "*" count CRLF count × ( "$" length CRLF bytes CRLF )     |     inline
 *   inline  = word { blanks word } [ CR ] LF           word = bare | "…" with \n \r \t \b \a \xHH \" \\ | '…' with \'
 *
 * Example: *2\r\n$3\r\nGET\r\n$1\r\na\r\n and GET a\n are the same request. Counts below 1 and empty lines are none.
 * What breaks the grammar ends the conversation, with the texts that Redis has for it.
 */
import { NO_BYTES, text } from '../../lib/bytes.ts';
import {
  DOCUMENT_BYTES_MAX,
  INLINE_BYTES_MAX,
  REQUEST_ARGUMENTS_MAX,
  REQUEST_BYTES_MAX,
  UNTRUSTED_ARGUMENTS_MAX,
  UNTRUSTED_BYTES_MAX,
} from '../../model/limits.ts';
import { always } from '../lines.ts';
import { splitInline } from './inline.ts';

/** The words of one request, the name of the command first; views of memory that is never written again. */
export type Words = readonly Uint8Array[];

export type RequestHandler = {
  /** At least one word. Answers false when no more requests are wanted. */
  onRequest(words: Words): boolean;
  /** The bytes are no RESP: `message` follows `ERR Protocol error: `. Nothing more is read. */
  onBroken(message: string): void;
  /** Whether whoever sends this may send much: not before it is authenticated. */
  isTrusted(): boolean;
};

const CR = 0x0d;
const LF = 0x0a;
const STAR = 0x2a;
const DOLLAR = 0x24;
const CRLF_BYTES = 2;

export class RequestReader {
  readonly #handler: RequestHandler;
  #bytes: Uint8Array = NO_BYTES;
  #end = 0;
  /** Where the unfinished request begins, and what of it was read. */
  #start = 0;
  #at = 0;
  /** Up to where the end of the line that begins at `#at` was looked for. */
  #searched = 0;
  /** Words that are still to come, and the length of the next one when its head was read, else -1. */
  #wanted = 0;
  #length = -1;
  /** Start and end of each word that came, in turn: the first `#boundCount` of these, which are used again. */
  #bounds: number[] = [];
  #boundCount = 0;
  #isOver = false;
  /** The first word of the last request. */
  #name: Uint8Array = NO_BYTES;

  constructor(handler: RequestHandler) {
    this.#handler = handler;
  }

  /** Bytes of the beginning of a request that is here, when its end is not. */
  get unfinishedBytes(): number {
    return this.#end - this.#start;
  }

  /**
   * Reads the next bytes of the connection, which must not change afterwards, beyond a request only while `hasRoom`;
   * answers how many it read.
   */
  push(received: Uint8Array, hasRoom: () => boolean = always): number {
    if (this.#isOver) return received.length;
    if (this.unfinishedBytes > 0) this.#append(received);
    else {
      this.#bytes = received;
      this.#end = received.length;
      this.#start = 0;
      this.#at = 0;
      this.#searched = 0;
    }
    // A request ends in what came now: all that is behind it is of this.
    const unread = this.#read(hasRoom) ? 0 : this.#end - this.#at;
    if (this.#isOver || unread > 0 || this.#start >= this.#end) {
      this.#bytes = NO_BYTES;
      this.#start = 0;
      this.#end = 0;
    } else if (this.#start > 0 || this.#bytes === received) this.#move();
    return received.length - unread;
  }

  /** Reads whole requests as far as there are any. Answers false when it left some because there is no room. */
  #read(hasRoom: () => boolean): boolean {
    for (let isFirst = true; ; isFirst = false) {
      if (this.#wanted === 0) {
        this.#start = this.#at;
        if (this.#at >= this.#end) return true;
        if (!isFirst && !hasRoom()) return false;
        const isOver = this.#bytes[this.#at] === STAR ? !this.#readCount() : !this.#readInline();
        if (isOver) return true;
        if (this.#wanted === 0) continue;
      }
      if (!this.#readWords()) return true;
      const words: Uint8Array[] = [this.#nameIn(this.#bounds[0] as number, this.#bounds[1] as number)];
      for (let i = 2; i < this.#boundCount; i += 2)
        words.push(this.#bytes.subarray(this.#bounds[i], this.#bounds[i + 1]));
      if (!this.#give(words)) return true;
    }
  }

  /** The first word: of most requests the same as of the one before, so it is kept. */
  #nameIn(start: number, end: number): Uint8Array {
    const name = this.#name;
    let isSame = end - start === name.length;
    for (let i = 0; isSame && i < name.length; i++) isSame = this.#bytes[start + i] === name[i];
    if (isSame) return name;
    if (end - start > NAME_KEPT_BYTES) return this.#bytes.subarray(start, end);
    this.#name = this.#bytes.slice(start, end);
    return this.#name;
  }

  /** Reads `*count`. Answers false when its line is not whole, or wrong. */
  #readCount(): boolean {
    const lineEnd = this.#lineEnd(CR, 'too big mbulk count string');
    if (lineEnd < 0) return false;
    const count = integerIn(this.#bytes, this.#at + 1, lineEnd);
    if (count === null || count > REQUEST_ARGUMENTS_MAX) return this.#break('invalid multibulk length');
    if (count > UNTRUSTED_ARGUMENTS_MAX && !this.#handler.isTrusted())
      return this.#break('unauthenticated multibulk length');
    this.#skipTo(lineEnd + CRLF_BYTES);
    this.#wanted = Math.max(0, count);
    this.#boundCount = 0;
    if (this.#bounds.length > BOUNDS_KEPT_MAX) this.#bounds = [];
    return true;
  }

  /** Reads the words that are wanted. Answers false when they are not all here, or wrong. */
  #readWords(): boolean {
    while (this.#wanted > 0) {
      if (this.#length < 0 && !this.#readLength()) return false;
      if (this.#end - this.#at < this.#length + CRLF_BYTES) return false;
      this.#bounds[this.#boundCount++] = this.#at;
      this.#bounds[this.#boundCount++] = this.#at + this.#length;
      this.#skipTo(this.#at + this.#length + CRLF_BYTES);
      this.#length = -1;
      this.#wanted--;
    }
    return true;
  }

  /** Reads `$length`. Answers false when its line is not whole, or wrong. */
  #readLength(): boolean {
    if (this.#at >= this.#end) return false;
    const first = this.#bytes[this.#at] as number;
    if (first !== DOLLAR) return this.#break(`expected '$', got '${String.fromCharCode(first)}'`);
    const lineEnd = this.#lineEnd(CR, 'too big bulk count string');
    if (lineEnd < 0) return false;
    const length = integerIn(this.#bytes, this.#at + 1, lineEnd);
    if (length === null || length < 0 || length > DOCUMENT_BYTES_MAX) return this.#break('invalid bulk length');
    if (length > UNTRUSTED_BYTES_MAX && !this.#handler.isTrusted()) return this.#break('unauthenticated bulk length');
    this.#skipTo(lineEnd + CRLF_BYTES);
    if (this.#at - this.#start + length > REQUEST_BYTES_MAX)
      return this.#break(`request of more than ${REQUEST_BYTES_MAX} bytes, the limit REQUEST_BYTES_MAX`);
    this.#length = length;
    return true;
  }

  /** Reads a line of words. Answers false when it is not whole, or wrong. */
  #readInline(): boolean {
    const newline = this.#lineEnd(LF, 'too big inline request');
    if (newline < 0) return false;
    const lineEnd = newline > this.#at && this.#bytes[newline - 1] === CR ? newline - 1 : newline;
    const words = splitInline(this.#bytes, this.#at, lineEnd);
    if (words === null) return this.#break('unbalanced quotes in request');
    const isLarge = words.length > UNTRUSTED_ARGUMENTS_MAX || lineEnd - this.#at > UNTRUSTED_BYTES_MAX;
    if (isLarge && !this.#handler.isTrusted()) return this.#break('unauthenticated multibulk length');
    this.#skipTo(newline + 1);
    return words.length === 0 || this.#give(words);
  }

  #give(words: Words): boolean {
    this.#start = this.#at;
    const wantsMore = this.#handler.onRequest(words);
    if (!wantsMore) this.#isOver = true;
    return wantsMore;
  }

  /** Where the byte is that ends the line at `#at`, or -1 when it did not come. A line is bounded. */
  #lineEnd(byte: number, tooBig: string): number {
    const from = Math.max(this.#at, this.#searched);
    const end = indexOf(this.#bytes, byte, from, this.#end);
    // A line that ends with CR is whole when the byte behind it came, too.
    const isWhole = end >= 0 && end < this.#end - (byte === CR ? 1 : 0);
    if (isWhole) return end;
    this.#searched = end >= 0 && end < this.#end ? end : this.#end;
    if (this.#end - this.#at > INLINE_BYTES_MAX) this.#break(tooBig);
    return -1;
  }

  #skipTo(at: number): void {
    this.#at = at;
    this.#searched = at;
  }

  #break(message: string): false {
    this.#isOver = true;
    this.#handler.onBroken(message);
    return false;
  }

  /** Puts bytes behind those of the unfinished request. */
  #append(received: Uint8Array): void {
    const needed = this.#end + received.length;
    if (needed > this.#bytes.length) {
      const wanted = this.#length < 0 ? needed * 2 : Math.max(needed, this.#at + this.#length + CRLF_BYTES);
      const larger = new Uint8Array(Math.min(wanted, needed * 2));
      larger.set(this.#bytes.subarray(0, this.#end));
      this.#bytes = larger;
    }
    this.#bytes.set(received, this.#end);
    this.#end = needed;
  }

  /** Gives the unfinished request memory of its own: words of finished ones may be in use for long. */
  #move(): void {
    const moved = new Uint8Array(Math.max(this.#end - this.#start, SMALL_BYTES));
    moved.set(this.#bytes.subarray(this.#start, this.#end));
    for (let i = 0; i < this.#boundCount; i++) this.#bounds[i] = (this.#bounds[i] as number) - this.#start;
    this.#at -= this.#start;
    this.#searched -= this.#start;
    this.#end -= this.#start;
    this.#start = 0;
    this.#bytes = moved;
  }
}

/** Room for an unfinished request at first. */
const SMALL_BYTES = 64;

/** Bounds of words that are kept: those of a request with more words go with it. */
const BOUNDS_KEPT_MAX = 1_024;

/** First words that are kept, for the next request: names of commands are shorter. */
const NAME_KEPT_BYTES = 32;

/** Digits that a count or length may have: more is beyond every limit. */
const DIGITS_MAX = 12;

/** Bytes in which the end of a line is looked for without a call into the engine: heads of words are shorter. */
const HEAD_BYTES = 8;

/** Where the byte is first, from `from` on; -1 when it is not before `end`, or somewhere behind it. */
function indexOf(bytes: Uint8Array, byte: number, from: number, end: number): number {
  const near = Math.min(end, from + HEAD_BYTES);
  for (let at = from; at < near; at++) if (bytes[at] === byte) return at;
  return near === end ? -1 : bytes.indexOf(byte, near);
}

/** The integer that a range spells as Redis wants it written: no blanks, no plus, no leading zeros; else null. */
function integerIn(bytes: Uint8Array, start: number, end: number): number | null {
  const isNegative = bytes[start] === 0x2d;
  const first = isNegative ? start + 1 : start;
  if (end <= first || end - first > DIGITS_MAX) return null;
  if (bytes[first] === 0x30 && end - first > 1) return null;
  let value = 0;
  for (let at = first; at < end; at++) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  return isNegative ? -value : value;
}

/** A word as people read it, cut. */
export function shown(word: Uint8Array, max = 128): string {
  return text(word, 0, Math.min(word.length, max));
}
