/**
 * What the pool's threads do: parts of generated data, and chunks of data files. A large result goes through a port of
 * the task's own with its buffer transferred: the pool's package hands buffers over only to its own copy of itself, and
 * the single executable has two.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Generation } from '../document/generate-options.ts';
import { writeLine } from '../document/generate.ts';
import { ByteWriter } from '../lib/bytes.ts';
import { parseChunk } from './parse-chunk.ts';

const LF = 0x0a;

export type GenerateTask = { readonly generation: Generation; readonly from: number; readonly to: number };
export type ParseTask = { readonly bytes: Uint8Array<ArrayBuffer>; readonly line: number };

/** The task of a pool that does nothing else: its result is copied. */
export type GeneratePart = GenerateTask & { readonly kind: 'generate' };

type WithPort = { readonly port: MessagePort };

/** The lines `from` (included) to `to` (not included), each with its end. */
export function makeLines(generation: Generation, from: number, to: number): Uint8Array {
  const writer = new ByteWriter(64 * 1024);
  for (let index = from; index < to; index++) {
    writeLine(writer, generation, index);
    writer.u8(LF);
  }
  return writer.copy();
}

/** Posts lines as bytes. */
export function generate({ generation, from, to, port }: GenerateTask & WithPort): void {
  const lines = makeLines(generation, from, to);
  port.postMessage(lines, [lines.buffer as ArrayBuffer]);
}

/** Posts the records of whole lines as a ParsedChunk. */
export function parse({ bytes, line, port }: ParseTask & WithPort): void {
  const chunk = parseChunk(bytes, line);
  port.postMessage(chunk, [chunk.packed.buffer as ArrayBuffer]);
}

/** Answers lines as bytes. */
// biome-ignore lint/style/noDefaultExport: the pool's package runs the default export of its file
export default function runPart({ generation, from, to }: GeneratePart): Uint8Array {
  return makeLines(generation, from, to);
}
