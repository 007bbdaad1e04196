/**
 * A file as chunks that end at line ends, read one after the other. Memory holds one chunk and one line, however
 * large the file is.
 */
import { open } from 'node:fs/promises';
import { DOCUMENT_BYTES_MAX, KEY_BYTES_MAX } from '../model/limits.ts';

/** Bytes read at once. */
export const CHUNK_BYTES = 1024 * 1024;

/** Bytes of one line: the largest document with its key, escaped. */
export const LINE_BYTES_MAX = 2 * (DOCUMENT_BYTES_MAX + KEY_BYTES_MAX);

/** `bytes`: whole lines in a buffer of their own, or one line longer than LINE_BYTES_MAX of which nothing was kept. */
export type FileChunk = {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Number of the first line, from 1. */
  readonly line: number;
  readonly isTooLong: boolean;
  readonly isLast: boolean;
};

const LF = 0x0a;

/** Rejects with what the file system says. `lineBytesMax`: how much of a line is kept while its end is looked for. */
export async function* fileChunks(
  path: string,
  { chunkBytes = CHUNK_BYTES, lineBytesMax = LINE_BYTES_MAX } = {},
): AsyncGenerator<FileChunk> {
  const file = await open(path);
  try {
    let rest: Uint8Array = new Uint8Array(0);
    let line = 1;
    let isSkipping = false;
    for (;;) {
      const buffer = new Uint8Array(rest.length + chunkBytes);
      buffer.set(rest);
      const { bytesRead } = await file.read(buffer, rest.length, chunkBytes);
      const isLast = bytesRead === 0;
      const filled = buffer.subarray(0, rest.length + bytesRead);
      const lineEnd = isLast ? filled.length : filled.lastIndexOf(LF) + 1;
      if (isSkipping) {
        const end = filled.indexOf(LF);
        rest = end < 0 ? new Uint8Array(0) : filled.slice(end + 1);
        if (end >= 0 || isLast) {
          yield { bytes: new Uint8Array(0), line, isTooLong: true, isLast };
          line++;
          isSkipping = false;
        }
        if (isLast) return;
        continue;
      }
      rest = filled.slice(lineEnd);
      if (lineEnd > 0 || isLast) yield { bytes: buffer.slice(0, lineEnd), line, isTooLong: false, isLast };
      if (isLast) return;
      line += countLines(filled, lineEnd);
      isSkipping = rest.length > lineBytesMax;
      if (isSkipping) rest = new Uint8Array(0);
    }
  } finally {
    await file.close();
  }
}

function countLines(bytes: Uint8Array, end: number): number {
  let lines = 0;
  for (let at = 0; at < end; at++) if (bytes[at] === LF) lines++;
  return lines;
}
