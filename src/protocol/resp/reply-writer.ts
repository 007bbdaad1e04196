/**
 * Replies of the RESP protocol, version 2 or 3, behind what a ByteWriter holds. Where version 2 has no shape of its
 * own, it gets the one that clients expect there: a map is a flat array, a set an array, a double a bulk string.
 *
 *   reply = "+" line | "-" line | ":" int | "$" length CRLF bytes | "*" count … | "_" | "#" t/f | "," double | "(" int
 *         | "=" length CRLF format ":" bytes | "%" pairs … | "~" count … | ">" count …                     each with CRLF
 *
 * Example: the map {a: 1} is %1\r\n$1\r\na\r\n:1\r\n in version 3 and *2\r\n$1\r\na\r\n:1\r\n in version 2.
 */
import { ByteWriter, utf8 } from '../../lib/bytes.ts';

export type Protocol = 2 | 3;

export class ReplyWriter {
  writer: ByteWriter;
  protocol: Protocol;

  constructor(writer: ByteWriter = new ByteWriter(), protocol: Protocol = 2) {
    this.writer = writer;
    this.protocol = protocol;
  }

  /** Goes on elsewhere. */
  to(writer: ByteWriter, protocol: Protocol): this {
    this.writer = writer;
    this.protocol = protocol;
    return this;
  }

  ok(): void {
    this.writer.bytes(OK);
  }

  /** A status of one line of ASCII. */
  simple(line: string): void {
    this.writer.u8(0x2b);
    this.#line(line);
  }

  /** An error; its first word is what programs read. Line ends become blanks. */
  error(line: string): void {
    this.writer.u8(0x2d);
    this.#line(line.replace(/[\r\n]/g, ' '));
  }

  integer(value: number | bigint): void {
    if (typeof value === 'bigint' || value > 0xffff_ffff || value < 0) {
      this.writer.u8(0x3a);
      // Beyond 64 bits no client reads it.
      this.#line(value >= INT64_END ? INT64_MAX : String(value));
    } else this.#head(0x3a, value);
  }

  bulk(bytes: Uint8Array): void {
    this.#head(0x24, bytes.length);
    this.writer.bytes(bytes);
    this.writer.bytes(CRLF);
  }

  /** Part of `from` as a bulk string. */
  bulkPart(from: Uint8Array, start: number, end: number): void {
    this.#head(0x24, end - start);
    this.writer.bytes(from, start, end);
    this.writer.bytes(CRLF);
  }

  text(value: string): void {
    this.bulk(utf8(value));
  }

  /** There is no value. */
  nil(): void {
    this.writer.bytes(this.protocol === 3 ? NULL : NIL);
  }

  /** There is no list: EXEC of a transaction that did not happen. */
  nilArray(): void {
    this.writer.bytes(this.protocol === 3 ? NULL : NIL_ARRAY);
  }

  /** `count` replies follow. */
  array(count: number): void {
    this.#head(0x2a, count);
  }

  /** `count` pairs of replies follow. */
  map(count: number): void {
    if (this.protocol === 3) this.#head(0x25, count);
    else this.#head(0x2a, count * 2);
  }

  set(count: number): void {
    this.#head(this.protocol === 3 ? 0x7e : 0x2a, count);
  }

  /** A message that answers no request. */
  push(count: number): void {
    this.#head(this.protocol === 3 ? 0x3e : 0x2a, count);
  }

  /** A number by its digits. */
  double(digits: string): void {
    if (this.protocol === 3) {
      this.writer.u8(0x2c);
      this.#line(digits);
    } else this.text(digits);
  }

  boolean(value: boolean): void {
    if (this.protocol === 3) this.writer.bytes(value ? TRUE : FALSE);
    else this.#head(0x3a, value ? 1 : 0);
  }

  /** Text for people. */
  verbatim(value: string): void {
    if (this.protocol !== 3) {
      this.text(value);
      return;
    }
    const bytes = utf8(value);
    this.#head(0x3d, bytes.length + TXT.length);
    this.writer.bytes(TXT);
    this.writer.bytes(bytes);
    this.writer.bytes(CRLF);
  }

  /** An array of bulk strings. */
  texts(values: readonly string[]): void {
    this.array(values.length);
    for (const value of values) this.text(value);
  }

  #line(line: string): void {
    const { writer } = this;
    if (line.length > SHORT_MAX || !isAscii(line)) writer.bytes(utf8(line));
    else {
      // An encoder costs more than this for the few letters of most lines.
      writer.ensure(line.length);
      for (let i = 0; i < line.length; i++) writer.buffer[writer.length++] = line.charCodeAt(i);
    }
    writer.bytes(CRLF);
  }

  /** A type and a number below 2^32. */
  #head(type: number, value: number): void {
    const { writer } = this;
    writer.ensure(HEAD_BYTES_MAX);
    const into = writer.buffer;
    let at = writer.length;
    into[at++] = type;
    let digits = 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++;
    let rest = value;
    for (let i = at + digits - 1; i >= at; i--) {
      const tenth = Math.floor(rest / 10);
      into[i] = 0x30 + (rest - tenth * 10);
      rest = tenth;
    }
    at += digits;
    into[at++] = 0x0d;
    into[at++] = 0x0a;
    writer.length = at;
  }
}

const HEAD_BYTES_MAX = 13;

const SHORT_MAX = 32;

function isAscii(line: string): boolean {
  for (let i = 0; i < line.length; i++) if (line.charCodeAt(i) >= 0x80) return false;
  return true;
}

const INT64_END = 2 ** 63;
const INT64_MAX = '9223372036854775807';

const CRLF = utf8('\r\n');
const OK = utf8('+OK\r\n');
const NIL = utf8('$-1\r\n');
const NIL_ARRAY = utf8('*-1\r\n');
const NULL = utf8('_\r\n');
const TRUE = utf8('#t\r\n');
const FALSE = utf8('#f\r\n');
const TXT = utf8('txt:');
