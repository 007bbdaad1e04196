/**
 * Writes generated data: parts of lines made one after the other, or in a pool when there are many, and always
 * written in their order, so that the bytes depend on the seed alone. Memory is bounded by a few parts.
 */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { Generation } from '../document/generate-options.ts';
import { writeLine } from '../document/generate.ts';
import { ByteWriter } from '../lib/bytes.ts';
import type { Pool } from '../node/pool.ts';

/** Lines of one part: some 100 KB of usual data. */
const PART_LINES = 2_000;

/** Fewer lines than this are made before a pool has started its threads. */
export const POOL_LINES_MIN = 200_000;

/** Writes `lines` lines to `output`, waiting for it when it is slow. Rejects with the output's error. */
export async function generate(
  generation: Generation,
  lines: number,
  output: Writable,
  pool: Pick<Pool, 'make' | 'threads'> | null,
): Promise<void> {
  const ahead = pool === null ? 1 : pool.threads * 2;
  const making: Promise<Uint8Array>[] = [];
  let next = 0;
  for (;;) {
    while (making.length < ahead && next < lines) {
      const to = Math.min(lines, next + PART_LINES);
      const part = pool === null ? Promise.resolve(makeLines(generation, next, to)) : pool.make(generation, next, to);
      // Looked at in its turn; until then a failure of a later part must not count as unhandled.
      part.catch(() => undefined);
      making.push(part);
      next = to;
    }
    const part = making.shift();
    if (part === undefined) return;
    if (!output.write(await part)) await once(output, 'drain');
  }
}

/** The lines `from` (included) to `to` (not included), each with its end. */
function makeLines(generation: Generation, from: number, to: number): Uint8Array {
  const writer = new ByteWriter(PART_BYTES);
  for (let index = from; index < to; index++) {
    writeLine(writer, generation, index);
    writer.u8(LF);
  }
  // The writer is this part's own: no copy is needed.
  return writer.view();
}

const PART_BYTES = 128 * 1024;
const LF = 10;
