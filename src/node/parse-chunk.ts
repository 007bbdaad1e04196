/**
 * Whole lines of a data file as packed records in one buffer, so that they cross from a pool's thread to the caller
 * without a copy. One line that cannot be read does not spoil the others.
 *
 *   packed = *( key value )          ; each a varint length and its bytes
 */
import { parseRecords } from '../document/records.ts';
import { ByteReader, ByteWriter } from '../lib/bytes.ts';
import type { Item } from '../model/commands.ts';

/** A line that cannot be read: its number in the file, from 1, and why. */
export type LineError = { readonly line: number; readonly message: string };

export type ParsedChunk = {
  readonly packed: Uint8Array;
  readonly records: number;
  readonly errors: readonly LineError[];
  readonly warnings: readonly string[];
};

const LF = 0x0a;

/** `bytes`: whole lines, the first of them with number `line`. */
export function parseChunk(bytes: Uint8Array, line: number): ParsedChunk {
  const whole = parseRecords(bytes, 0, bytes.length, line);
  if (whole.ok) return packed([whole.value.records], [], whole.value.warnings);
  const records: Item[][] = [];
  const errors: LineError[] = [];
  const warnings: string[] = [];
  for (let start = 0, number = line; start < bytes.length; number++) {
    const found = bytes.indexOf(LF, start);
    const end = found < 0 ? bytes.length : found;
    const one = parseRecords(bytes, start, end, number);
    if (one.ok) {
      records.push(one.value.records);
      warnings.push(...one.value.warnings);
    } else {
      errors.push({ line: number, message: one.error.message });
    }
    start = end + 1;
  }
  return packed(records, errors, warnings);
}

/** The records of a chunk, as views into it. */
export function unpackRecords(chunk: ParsedChunk): Item[] {
  const reader = new ByteReader(chunk.packed);
  const items: Item[] = [];
  while (reader.remaining > 0) items.push({ key: reader.sized(), value: reader.sized() });
  return items;
}

function packed(lists: readonly Item[][], errors: readonly LineError[], warnings: readonly string[]): ParsedChunk {
  const writer = new ByteWriter(64 * 1024);
  let records = 0;
  for (const list of lists) {
    for (const { key, value } of list) {
      writer.sized(key);
      writer.sized(value);
      records++;
    }
  }
  return { packed: writer.copy(), records, errors, warnings };
}
