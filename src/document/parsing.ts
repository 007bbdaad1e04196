/**
 * The one tape and scanner of a thread, and how every parse of text begins and ends on them. Parsing never yields, so
 * one pair serves all; a parse that is given up leaves nothing behind, because the next one starts the tape anew.
 */
import { text } from '../lib/bytes.ts';
import { ok, type Result } from '../lib/result.ts';
import { fail, type KvError } from '../model/errors.ts';
import { DOCUMENT_BYTES_MAX } from '../model/limits.ts';
import { failureError, positionOf } from './failure-text.ts';
import { type Failure, Scanner } from './scanner.ts';
import { Tape } from './tape.ts';

/** Part of a text: positions, and the number of the line at `start`. */
export type Range = { readonly start: number; readonly end: number; readonly line: number };

/** Warnings kept for one call; a text can hold a million duplicate keys. */
const WARNINGS_MAX = 20;

const PIECE_BYTES = 16_384;
const SMALL_BYTES_MAX = 2_048;

export const tape = new Tape();
export const scanner = new Scanner(tape);

/** A piece of memory for small values, filled from the front: one allocation of a view costs a third of a buffer's. */
let piece = new Uint8Array(PIECE_BYTES);
let pieceUsed = 0;

/**
 * The complete value on the tape behind `reserve` free bytes, or TOOLARGE. Small ones are views into memory that they
 * share with their neighbours and never with the text; who keeps one for long keeps up to PIECE_BYTES.
 */
export function packTape(reserve: number): Result<Uint8Array, KvError> {
  const size = tape.size;
  if (size > DOCUMENT_BYTES_MAX) {
    return fail('TOOLARGE', `a document of ${size} bytes, the limit DOCUMENT_BYTES_MAX is ${DOCUMENT_BYTES_MAX}`);
  }
  const total = reserve + size;
  if (total > SMALL_BYTES_MAX) {
    const packed = new Uint8Array(total);
    tape.pack(packed, reserve);
    return ok(packed);
  }
  if (pieceUsed + total > PIECE_BYTES) {
    piece = new Uint8Array(PIECE_BYTES);
    pieceUsed = 0;
  }
  const start = pieceUsed;
  pieceUsed += total;
  tape.pack(piece, start + reserve);
  return ok(piece.subarray(start, pieceUsed));
}

/** A Result of what the scanner says was wrong, told by line and column. */
export function scannerFailure(bytes: Uint8Array, range: Range): { readonly ok: false; readonly error: KvError } {
  tape.release();
  return { ok: false, error: failureError(bytes, range, scanner.failure as Failure) };
}

/** The text that a tape position stands for, as bytes of its own. */
export function textAt(bytes: Uint8Array, start: number, length: number): Uint8Array {
  return start >= 0 ? bytes.slice(start, start + length) : tape.side.buffer.slice(~start, ~start + length);
}

/** Adds a warning for each key of the value on the tape that was written twice in one set. */
export function addDuplicateWarnings(warnings: string[], bytes: Uint8Array, range: Range): void {
  for (const { start, length } of tape.duplicates) {
    let place = `line ${range.line}`;
    if (start >= 0) {
      // A key that stands in the source is its text; people look for its opening quote.
      const { line, column } = positionOf(bytes, range.start, start - 1, range.line);
      place = `${line}:${column}`;
    }
    addWarning(
      warnings,
      `${place}: duplicate key ${JSON.stringify(text(textAt(bytes, start, length)))} in a set, the last one wins`,
    );
  }
}

/** Adds a warning unless there are as many as anybody reads. */
export function addWarning(warnings: string[], warning: string): void {
  if (warnings.length < WARNINGS_MAX) warnings.push(warning);
  else if (warnings.length === WARNINGS_MAX) warnings.push('more warnings are not shown');
}
