/**
 * Bytes: a growing writer, a bounds-checked reader, order and text. Numbers are little-endian; a varint is
 * LEB128, unsigned, up to 2^53 − 1. Knows nothing of what the bytes mean.
 */
import { assert } from './assert.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export const NO_BYTES = new Uint8Array(0);

/** UTF-8 of a string; lone surrogates become U+FFFD. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of UTF-8 bytes; invalid sequences become U+FFFD. */
export function text(bytes: Uint8Array, start = 0, end = bytes.length): string {
  const length = end - start;
  if (length <= 24) {
    let ascii = '';
    for (let i = start; i < end; i++) {
      const byte = bytes[i] as number;
      if (byte >= 0x80) return decoder.decode(bytes.subarray(start, end));
      ascii += String.fromCharCode(byte);
    }
    return ascii;
  }
  return decoder.decode(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end));
}

/** Negative, zero or positive as `a` comes before, equals or comes after `b`, bytes compared unsigned. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** A growing buffer that is reset and used again; what `view()` returns is valid until the next write or reset. */
export class ByteWriter {
  buffer: Uint8Array;
  length = 0;
  #view: DataView;
  #lastView: Uint8Array = NO_BYTES;

  constructor(capacity = 256) {
    this.buffer = new Uint8Array(capacity);
    this.#view = new DataView(this.buffer.buffer);
  }

  reset(): void {
    this.length = 0;
  }

  /** Makes room for `count` more bytes. */
  ensure(count: number): void {
    const needed = this.length + count;
    if (needed <= this.buffer.length) return;
    const larger = new Uint8Array(Math.max(needed, this.buffer.length * 2));
    larger.set(this.buffer.subarray(0, this.length));
    this.buffer = larger;
    this.#view = new DataView(larger.buffer);
    this.#lastView = NO_BYTES;
  }

  u8(value: number): void {
    this.ensure(1);
    this.buffer[this.length++] = value;
  }

  u16(value: number): void {
    this.ensure(2);
    this.#view.setUint16(this.length, value, true);
    this.length += 2;
  }

  u32(value: number): void {
    this.ensure(4);
    this.#view.setUint32(this.length, value, true);
    this.length += 4;
  }

  f64(value: number): void {
    this.ensure(8);
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  varint(value: number): void {
    this.ensure(8);
    let rest = value;
    while (rest >= 0x80) {
      this.buffer[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.buffer[this.length++] = rest;
  }

  bytes(source: Uint8Array, start = 0, end = source.length): void {
    const count = end - start;
    this.ensure(count);
    if (count <= 32) {
      for (let i = start, at = this.length; i < end; i++) this.buffer[at++] = source[i] as number;
    } else {
      this.buffer.set(start === 0 && end === source.length ? source : source.subarray(start, end), this.length);
    }
    this.length += count;
  }

  /** A varint length, then the bytes. */
  sized(source: Uint8Array): void {
    this.varint(source.length);
    this.bytes(source);
  }

  /** A varint length, then the UTF-8 of the text. */
  sizedText(value: string): void {
    this.sized(encoder.encode(value));
  }

  /** Overwrites four bytes written before. */
  patchU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  /** What was written, without a copy; the same object as last time when it is as long. */
  view(): Uint8Array {
    if (this.#lastView.length !== this.length) this.#lastView = this.buffer.subarray(0, this.length);
    return this.#lastView;
  }

  /** What was written, as a buffer of its own. */
  copy(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }
}

/** Reads what ByteWriter wrote. Reading past the end is an AssertionError: callers check framing and checksum first. */
export class ByteReader {
  bytes: Uint8Array;
  at: number;
  end: number;
  #view: DataView;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Reads another range, of the same or of other bytes. */
  reset(bytes: Uint8Array, start: number, end: number): void {
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    this.at = start;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.at;
  }

  u8(): number {
    return this.bytes[this.#advance(1)] as number;
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#advance(8), true);
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    assert(false, 'a varint is at most eight bytes');
  }

  /** The next `count` bytes, without a copy. */
  take(count: number): Uint8Array {
    const start = this.#advance(count);
    return this.bytes.subarray(start, start + count);
  }

  /** Bytes behind a varint length, without a copy. */
  sized(): Uint8Array {
    return this.take(this.varint());
  }

  sizedText(): string {
    return text(this.sized());
  }

  #advance(count: number): number {
    const start = this.at;
    assert(count >= 0 && start + count <= this.end, 'read past the end of a frame');
    this.at = start + count;
    return start;
  }
}
