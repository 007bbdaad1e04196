/**
 * JavaScript values to the packed form and back. null, booleans, strings, finite numbers, bigints, arrays, Maps with
 * string keys and plain objects; fields that are undefined are left out, as JSON does. Anything else is refused by
 * name (a Date would silently become {}). What comes back: objects whose fields are own properties whatever their
 * names (`__proto__` too), bigint for an int beyond the safe integers, whether it came as a number or not.
 */
import { text } from '../lib/bytes.ts';
import { ok, type Result } from '../lib/result.ts';
import { fail, type KvError } from '../model/errors.ts';
import { DEPTH_MAX, DOCUMENT_BYTES_MAX, FIELDS_MAX, KEY_BYTES_MAX } from '../model/limits.ts';
import { entriesAt } from './key-trie.ts';
import { elementsAt } from './lookup.ts';
import { ARRAY, endOf, FLOAT, INT, MAP, payloadAt, SIMPLE, STRING, varintAt } from './packed.ts';
import { Tape } from './tape.ts';
import { keyPassed } from './value-parser.ts';

type Fields = Iterator<readonly [unknown, unknown]>;
type Container = { [key: string]: unknown } | unknown[];

const encoder = new TextEncoder();
let idle: Tape | null = new Tape();

/** A packed value; TYPE names what cannot be stored, TOODEEP also ends a cycle, TOOLARGE says limit and size. */
export function fromPlain(value: unknown): Result<Uint8Array, KvError> {
  // A getter or a proxy of the caller may run here and store something itself: that finds no idle tape and makes one.
  const tape = idle ?? new Tape();
  idle = null;
  const result = pack(tape, value);
  tape.release();
  idle = tape;
  return result;
}

/** The JavaScript value. Integer-like names of an object come first in it, as always in JavaScript. */
export function toPlain(packed: Uint8Array): unknown {
  const open: { into: Container; end: number }[] = [];
  let name = '';
  let at = 0;
  for (;;) {
    const kind = (packed[at] as number) >> 5;
    const payload = payloadAt(packed, at);
    const end = endOf(packed, at);
    let value: unknown;
    if (kind < MAP) {
      value = leafOf(packed, at, payload, end);
      at = end;
    } else {
      value = kind === MAP ? {} : [];
      at = payload === end ? end : kind === MAP ? entriesAt(packed, payload) : elementsAt(packed, payload);
    }
    const parent = open[open.length - 1];
    if (parent !== undefined) place(parent.into, name, value);
    if (kind >= MAP) open.push({ into: value as Container, end });
    let last = value;
    while (open.length > 0 && (open[open.length - 1] as { end: number }).end === at) {
      last = (open.pop() as { into: Container }).into;
    }
    const inside = open[open.length - 1];
    if (inside === undefined) return last;
    if (Array.isArray(inside.into)) continue;
    const length = varintAt(packed, at);
    while ((packed[at++] as number) >= 0x80);
    name = text(packed, at, at + length);
    at += length;
  }
}

/** Walks the value with a stack of iterators: nesting is the caller's choice, and may be a cycle. */
function pack(tape: Tape, value: unknown): Result<Uint8Array, KvError> {
  tape.begin(tape.side.buffer);
  const open: Fields[] = [];
  let next: unknown = value;
  for (;;) {
    const failed = putLeaf(tape, next);
    if (failed !== null) return { ok: false, error: failed };
    const fields = fieldsOfPlain(next);
    if (fields !== null) {
      if (open.length > DEPTH_MAX) {
        return fail('TOODEEP', `${DEPTH_MAX + 1} sets below the top-level one, the limit DEPTH_MAX is ${DEPTH_MAX}`);
      }
      tape.open(Array.isArray(next) ? ARRAY : MAP);
      open.push(fields);
    }
    let more = false;
    while (open.length > 0 && !more) {
      const step = (open[open.length - 1] as Fields).next();
      if (step.done === true) {
        tape.close();
        open.pop();
        continue;
      }
      const named = putName(tape, step.value[0]);
      if (named !== null) return { ok: false, error: named };
      if (tape.count === FIELDS_MAX) {
        return fail('TOOLARGE', `more than ${FIELDS_MAX} fields in one set, the limit FIELDS_MAX`);
      }
      next = step.value[1];
      more = true;
    }
    if (!more) break;
  }
  if (tape.size > DOCUMENT_BYTES_MAX) {
    return fail('TOOLARGE', `a document of ${tape.size} bytes, the limit DOCUMENT_BYTES_MAX is ${DOCUMENT_BYTES_MAX}`);
  }
  const packed = new Uint8Array(tape.size);
  tape.pack(packed, 0);
  return ok(packed);
}

/** Puts a value that has no parts on the tape; an error for what is no value at all. */
function putLeaf(tape: Tape, value: unknown): KvError | null {
  switch (typeof value) {
    case 'string':
      return putText(tape, STRING, value);
    case 'number':
      if (!Number.isFinite(value)) return { code: 'TYPE', message: `${value} is not a number that can be stored` };
      return putNumber(tape, Object.is(value, -0) ? '-0' : String(value));
    case 'bigint':
      return putNumber(tape, String(value));
    case 'boolean':
      tape.simple(value ? 2 : 1);
      return null;
    case 'object':
      if (value === null) tape.simple(0);
      else if (fieldsOfPlain(value) === null) return notStorable(`a ${value.constructor?.name ?? 'foreign object'}`);
      return null;
    default:
      return notStorable(value === undefined ? 'undefined' : `a ${typeof value}`);
  }
}

function putNumber(tape: Tape, digits: string): null {
  return putText(tape, /^-?\d+$/.test(digits) ? INT : FLOAT, digits);
}

function putText(tape: Tape, kind: number, value: string): null {
  const start = tape.side.length;
  const length = encode(tape, value);
  tape.leaf(kind, ~start, length);
  return null;
}

function putName(tape: Tape, name: unknown): KvError | null {
  if (name === null) return null;
  if (typeof name !== 'string') return notStorable(`a Map key of type ${typeof name}`);
  const start = tape.side.length;
  const length = encode(tape, name);
  if (length > KEY_BYTES_MAX) return { code: 'TOOLARGE', message: keyPassed(length) };
  tape.key(~start, length);
  return null;
}

function encode(tape: Tape, value: string): number {
  const side = tape.side;
  side.ensure(value.length * 3);
  const { written } = encoder.encodeInto(value, side.buffer.subarray(side.length));
  side.length += written;
  return written;
}

/** Names (null in an array) and values of what has parts; null for what has none. */
function fieldsOfPlain(value: unknown): Fields | null {
  if (typeof value !== 'object' || value === null) return null;
  if (Array.isArray(value)) return elements(value);
  if (value instanceof Map) return (value as Map<unknown, unknown>).entries();
  const prototype: unknown = Object.getPrototypeOf(value);
  // An object of another realm has another Object.prototype: it is the one without a prototype of its own.
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return isPlain ? properties(value as { [key: string]: unknown }) : null;
}

function* elements(list: readonly unknown[]): Fields {
  for (let i = 0; i < list.length; i++) yield [null, list[i] ?? null];
}

function* properties(object: { readonly [key: string]: unknown }): Fields {
  for (const name of Object.keys(object)) {
    const value = object[name];
    if (value !== undefined) yield [name, value];
  }
}

function leafOf(packed: Uint8Array, at: number, payload: number, end: number): unknown {
  const kind = (packed[at] as number) >> 5;
  if (kind === SIMPLE) return packed[at] === 0 ? null : packed[at] === 2;
  const written = text(packed, payload, end);
  if (kind === STRING) return written;
  const number = Number(written);
  return kind === FLOAT || Number.isSafeInteger(number) ? number : BigInt(written);
}

function place(into: Container, name: string, value: unknown): void {
  if (Array.isArray(into)) into.push(value);
  else if (name !== '__proto__') into[name] = value;
  else Object.defineProperty(into, name, { value, writable: true, enumerable: true, configurable: true });
}

function notStorable(what: string): KvError {
  return {
    code: 'TYPE',
    message: `${what} cannot be stored: use null, a boolean, number, bigint, string, array, Map or plain object`,
  };
}
