/**
 * A pool of threads for work that would keep a storage server or the gateways waiting: generation, and parsing of
 * large files. Threads start with the first task. The queue is bounded: who asks for more is refused, not remembered.
 */
import { availableParallelism } from 'node:os';
import { MessageChannel, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Generation } from '../document/generate-options.ts';
import { assert } from '../lib/assert.ts';
import { Deque } from '../lib/deque.ts';
import type { Item } from '../model/commands.ts';
import { CHUNK_BYTES, type FileChunk, fileChunks, LINE_BYTES_MAX } from './file-chunks.ts';
import { parseChunk, type ParsedChunk, unpackRecords } from './parse-chunk.ts';
import type { GenerateTask, ParseTask } from './pool-task.ts';
import { poolFile } from './spawn.ts';

/** Threads of one pool: enough for generation to outrun a disk; the servers need the other cores. */
const POOL_THREADS_MAX = 8;

/** Bytes of a file below which starting a thread takes longer than parsing. */
const POOL_BYTES_MIN = 64 * 1024;

/** Tasks that wait for a thread; a task is about a megabyte. */
const POOL_QUEUE_MAX = 64;

export type Pool = {
  readonly threads: number;
  /** The lines `from` (included) to `to` (not included), each with its end. Rejects when the queue is full. */
  make(generation: Generation, from: number, to: number): Promise<Uint8Array>;
  /** The records of whole lines, of which the first has number `line`; takes the buffer away. Rejects when the queue is full. */
  parse(bytes: Uint8Array<ArrayBuffer>, line: number): Promise<ParsedChunk>;
  /** Ends the threads, after the tasks that were begun. */
  close(): Promise<void>;
};

/** A pool without a thread yet; one core stays with whoever asks. */
export function openPool(threads = Math.max(1, Math.min(POOL_THREADS_MAX, availableParallelism() - 1))): Pool {
  const piscina = new Piscina({
    filename: poolFile(),
    minThreads: 0,
    maxThreads: threads,
    maxQueue: POOL_QUEUE_MAX,
    idleTimeout: 1_000,
  });
  const begun = new Set<Promise<unknown>>();
  const tracked = <Answer>(task: Promise<Answer>): Promise<Answer> => {
    const settled: Promise<unknown> = task.catch(() => undefined).finally(() => begun.delete(settled));
    begun.add(settled);
    return task;
  };
  return {
    threads,
    make: (generation, from, to) =>
      tracked(run<GenerateTask, Uint8Array>(piscina, 'generate', { generation, from, to }, [])),
    parse: (bytes, line) => tracked(run<ParseTask, ParsedChunk>(piscina, 'parse', { bytes, line }, [bytes.buffer])),
    async close() {
      // The package takes the last word of a thread that it ended in the middle of a task for an error that nobody can catch.
      while (begun.size > 0) await Promise.all(begun);
      await piscina.destroy();
    },
  };
}

/** The result is in its port before the pool says that the task is done. */
async function run<Task, Answer>(
  piscina: Piscina<Task & { readonly port: MessagePort }, undefined>,
  name: string,
  task: Task,
  buffers: ArrayBuffer[],
): Promise<Answer> {
  const { port1, port2 } = new MessageChannel();
  try {
    await piscina.run({ ...task, port: port2 }, { name, transferList: [port2, ...buffers] });
    const answer = receiveMessageOnPort(port1) as { readonly message: Answer } | undefined;
    assert(answer !== undefined, 'a task of the pool answers before it ends');
    return answer.message;
  } finally {
    port1.close();
  }
}

export type ParseFileOptions = {
  /** Records in the order of the file, some thousand at a time; the next come when it settles. */
  readonly onBatch: (items: Item[]) => Promise<void> | void;
  /** A line that cannot be read: it is left out. Throw to end. In the order of the file. */
  readonly onError: (line: number, message: string) => void;
  /** What was accepted but looks wrong, as `line: what`. */
  readonly onWarning?: (warning: string) => void;
  /** Bytes of the file that were handed on so far. */
  readonly onProgress?: (bytes: number) => void;
  /** A pool to share; else a large file opens one of its own. */
  readonly pool?: Pool;
  readonly chunkBytes?: number;
};

export type ParsedFile = { readonly records: number; readonly errors: number; readonly bytes: number };

/**
 * Reads a data file in any dialect (document/records.ts) in order and with bounded memory, parsing ahead in a pool when
 * it is not small. Rejects with what the file system says, or with what a callback threw.
 */
export async function parseFile(path: string, options: ParseFileOptions): Promise<ParsedFile> {
  const ahead = new Deque<Promise<Parsed>>();
  const total = { records: 0, errors: 0, bytes: 0 };
  let own: Pool | null = null;
  try {
    for await (const chunk of fileChunks(path, { chunkBytes: options.chunkBytes ?? CHUNK_BYTES })) {
      const isInline = chunk.isTooLong || (own === null && options.pool === undefined && isSmall(chunk));
      const pool = isInline ? null : (options.pool ?? (own ??= openPool()));
      const parsing = parseOne(chunk, pool);
      // Looked at in its turn; until then a failure of a later chunk must not count as unhandled.
      parsing.catch(() => undefined);
      ahead.push(parsing);
      if (ahead.size > 2 * (pool?.threads ?? 1)) await handOn(ahead, total, options);
    }
    while (ahead.size > 0) await handOn(ahead, total, options);
    return total;
  } finally {
    await own?.close();
  }
}

function isSmall({ bytes }: FileChunk): boolean {
  return bytes.length < POOL_BYTES_MIN;
}

type Parsed = { readonly chunk: ParsedChunk; readonly bytes: number };

async function parseOne({ bytes, line, isTooLong }: FileChunk, pool: Pool | null): Promise<Parsed> {
  const { length } = bytes;
  if (isTooLong) {
    const message = `${line}:1: the line is longer than ${LINE_BYTES_MAX} bytes`;
    const chunk = { packed: new Uint8Array(0), records: 0, errors: [{ line, message }], warnings: [] };
    return { chunk, bytes: 0 };
  }
  return { chunk: pool === null ? parseChunk(bytes, line) : await pool.parse(bytes, line), bytes: length };
}

async function handOn(
  ahead: Deque<Promise<Parsed>>,
  total: { records: number; errors: number; bytes: number },
  { onBatch, onError, onWarning, onProgress }: ParseFileOptions,
): Promise<void> {
  const { chunk, bytes } = (await ahead.shift()) as Parsed;
  total.records += chunk.records;
  total.errors += chunk.errors.length;
  total.bytes += bytes;
  for (const warning of chunk.warnings) onWarning?.(warning);
  for (const { line, message } of chunk.errors) onError(line, message);
  if (chunk.records > 0) await onBatch(unpackRecords(chunk));
  onProgress?.(total.bytes);
}
