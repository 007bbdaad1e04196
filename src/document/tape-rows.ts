/**
 * The rows of a tape and the one pass that packs them. Rows lie in the order of the packed bytes and every size is
 * known, so the pass needs no stack and writes each byte once.
 *
 * A row is eight numbers: where the field's key begins and its length (-1: no key), kind, where the text begins and
 * its length, the prologue's length of a set, the bytes it will take, the row after it and all its parts. Text lies
 * in the source at p ≥ 0, or, when it had escapes, in the side buffer at ~p. A set's text is its prologue: count and
 * trie, made when it closed; its length is that of prologue and parts together.
 */
import { MAP, SIMPLE, writeHead } from './packed.ts';

/** Where the numbers of a row are. */
export const KEY_START = 0;
export const KEY_LENGTH = 1;
export const KIND = 2;
export const START = 3;
export const LENGTH = 4;
export const PROLOGUE = 5;
export const SIZE = 6;
export const NEXT = 7;
export const ROW = 8;

/** Kind of a row whose text is a packed value already, and of one that a later field of the same name replaced. */
export const PACKED = 6;
export const DROPPED = 7;

/** Text is copied byte by byte up to this length: a view of it costs more than that. */
const COPIED_BY_BYTE = 48;

/** Packs the first `used` numbers of `rows` into `into` from `start` on; the caller has made room. */
export function packRows(
  rows: Int32Array,
  used: number,
  source: Uint8Array,
  side: Uint8Array,
  prologues: Uint8Array,
  into: Uint8Array,
  start: number,
): void {
  let to = start;
  for (let row = 0; row < used; ) {
    const kind = rows[row + KIND] as number;
    if (kind === DROPPED) {
      row = rows[row + NEXT] as number;
      continue;
    }
    const keyLength = rows[row + KEY_LENGTH] as number;
    if (keyLength >= 0) {
      to = writeVarint(into, to, keyLength);
      const key = rows[row + KEY_START] as number;
      to = key >= 0 ? copy(into, to, source, key, keyLength) : copy(into, to, side, ~key, keyLength);
    }
    const at = rows[row + START] as number;
    const length = rows[row + LENGTH] as number;
    if (kind === SIMPLE) into[to++] = at;
    else if (kind >= MAP && kind !== PACKED) {
      to = writeHead(into, to, kind, length);
      to = copy(into, to, prologues, at, rows[row + PROLOGUE] as number);
    } else {
      if (kind !== PACKED) to = writeHead(into, to, kind, length);
      to = at >= 0 ? copy(into, to, source, at, length) : copy(into, to, side, ~at, length);
    }
    row += ROW;
  }
}

function copy(into: Uint8Array, at: number, from: Uint8Array, start: number, length: number): number {
  if (length > COPIED_BY_BYTE) into.set(from.subarray(start, start + length), at);
  else for (let i = 0; i < length; i++) into[at + i] = from[start + i] as number;
  return at + length;
}

function writeVarint(into: Uint8Array, at: number, value: number): number {
  let to = at;
  let rest = value;
  while (rest >= 0x80) {
    into[to++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  into[to++] = rest;
  return to;
}
