/**
 * The parts of a JSON text that is known to be well formed, without reading them: an answer's value goes to the
 * parser of documents with every digit it came with, and nesting of any depth costs no stack.
 */

import { text } from '../lib/bytes.ts';

/** Where a value lies in the bytes. */
export type Slice = { readonly start: number; readonly end: number };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** The values of an object by name, or null when there is none at `start`. Names are plain words. */
export function objectFields(bytes: Uint8Array, start: number, end: number): Map<string, Slice> | null {
  let at = skipBlanks(bytes, start, end);
  if (bytes[at] !== OPEN_BRACE) return null;
  const fields = new Map<string, Slice>();
  at = skipBlanks(bytes, at + 1, end);
  while (at < end && bytes[at] !== CLOSE_BRACE) {
    const nameEnd = bytes[at] === QUOTE ? endOfValue(bytes, at, end) : -1;
    if (nameEnd === -1) return null;
    const name = text(bytes, at + 1, nameEnd - 1);
    const colon = skipBlanks(bytes, nameEnd, end);
    if (bytes[colon] !== COLON) return null;
    const valueStart = skipBlanks(bytes, colon + 1, end);
    const valueEnd = endOfValue(bytes, valueStart, end);
    if (valueEnd === -1) return null;
    fields.set(name, { start: valueStart, end: valueEnd });
    at = nextItem(bytes, valueEnd, end);
  }
  return at < end ? fields : null;
}

/** The elements of an array, or null when there is none at `start`. */
export function arrayElements(bytes: Uint8Array, start: number, end: number): Slice[] | null {
  let at = skipBlanks(bytes, start, end);
  if (bytes[at] !== OPEN_BRACKET) return null;
  const elements: Slice[] = [];
  at = skipBlanks(bytes, at + 1, end);
  while (at < end && bytes[at] !== CLOSE_BRACKET) {
    const valueEnd = endOfValue(bytes, at, end);
    if (valueEnd === -1) return null;
    elements.push({ start: at, end: valueEnd });
    at = nextItem(bytes, valueEnd, end);
  }
  return at < end ? elements : null;
}

/** Behind the value that begins at `start`; -1 when it does not end before `end`. */
function endOfValue(bytes: Uint8Array, start: number, end: number): number {
  let depth = 0;
  let at = start;
  while (at < end) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) {
      at = endOfString(bytes, at, end);
      if (at === -1) return -1;
      if (depth === 0) return at;
      continue;
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      // A bracket that was not opened here ends the number or word before it.
      if (depth === 0) return at > start ? at : -1;
      depth--;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (byte === COMMA || isBlank(byte))) return at > start ? at : -1;
    at++;
  }
  return -1;
}

function endOfString(bytes: Uint8Array, start: number, end: number): number {
  for (let at = bytes.indexOf(QUOTE, start + 1); at !== -1 && at < end; at = bytes.indexOf(QUOTE, at + 1)) {
    let backslashes = 0;
    while (bytes[at - 1 - backslashes] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return at + 1;
  }
  return -1;
}

/** Behind the comma and the blanks around it; at the closing bracket, if there is no comma. */
function nextItem(bytes: Uint8Array, after: number, end: number): number {
  const at = skipBlanks(bytes, after, end);
  return bytes[at] === COMMA ? skipBlanks(bytes, at + 1, end) : at;
}

function skipBlanks(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && isBlank(bytes[at] as number)) at++;
  return at;
}

function isBlank(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}
