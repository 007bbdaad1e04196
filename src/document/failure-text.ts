/**
 * What a client reads about text that was wrong: line, column and both what was found and what was expected. Columns
 * count characters (code points) from 1, from the line's own start even when the text that was parsed begins later,
 * so that they point into the request as it was typed.
 */
import { text } from '../lib/bytes.ts';
import type { KvError } from '../model/errors.ts';
import { isQuote } from './quotes.ts';
import type { Failure } from './scanner.ts';

/** Characters of a wrong word that are shown. */
const WORD_SHOWN_MAX = 20;

/** The error for `failure` in the text from `start` to `end`; `line` is the number of the line at `start`. */
export function failureError(
  bytes: Uint8Array,
  range: { readonly start: number; readonly end: number; readonly line: number },
  failure: Failure,
): KvError {
  const { at, expected, code } = failure;
  const { line, column } = positionOf(bytes, range.start, at, range.line);
  if (code !== 'PARSE') return { code, message: `${line}:${column}: ${expected}` };
  const found = describe(bytes, at, range.end);
  return { code, message: `${line}:${column}: found ${found}, expected ${expected} at column ${column}` };
}

/** Line and column of a position. */
export function positionOf(
  bytes: Uint8Array,
  start: number,
  at: number,
  firstLine: number,
): { line: number; column: number } {
  let line = firstLine;
  let lineStart = start;
  while (lineStart > 0 && bytes[lineStart - 1] !== 0x0a) lineStart--;
  for (let i = start; i < at; i++) {
    if (bytes[i] !== 0x0a) continue;
    line++;
    lineStart = i + 1;
  }
  let column = 1;
  for (let i = lineStart; i < at; i++) if (((bytes[i] as number) & 0xc0) !== 0x80) column++;
  return { line, column };
}

function describe(bytes: Uint8Array, at: number, end: number): string {
  const byte = at < end ? (bytes[at] as number) : -1;
  if (byte < 0) return 'the end';
  if (byte === 0x0a || byte === 0x0d) return 'the end of the line';
  if (isQuote(bytes, at, end)) return 'a string';
  if (byte < 0x20 || byte === 0x7f) return `the control character 0x${byte.toString(16).padStart(2, '0')}`;
  const ahead = text(bytes, at, Math.min(end, at + 4 * WORD_SHOWN_MAX));
  const word = /^[\p{L}\p{N}_]+/u.exec(ahead)?.[0];
  if (word === undefined) return `'${String.fromCodePoint(ahead.codePointAt(0) as number)}'`;
  const characters = [...word];
  return characters.length > WORD_SHOWN_MAX ? `${characters.slice(0, WORD_SHOWN_MAX).join('')}…` : word;
}
