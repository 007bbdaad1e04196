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

type WithPort = { readonly port: MessagePort };

/** Posts the lines `from` (included) to `to` (not included), each with its end, as bytes. */
export function generate({ generation, from, to, port }: GenerateTask & WithPort): void {
  const writer = new ByteWriter(64 * 1024);
  for (let index = from; index < to; index++) {
    writeLine(writer, generation, index);
    writer.u8(LF);
  }
  const lines = writer.copy();
  port.postMessage(lines, [lines.buffer as ArrayBuffer]);
}

/** Posts the records of whole lines as a ParsedChunk. */
export function parse({ bytes, line, port }: ParseTask & WithPort): void {
  const chunk = parseChunk(bytes, line);
  port.postMessage(chunk, [chunk.packed.buffer as ArrayBuffer]);
}
