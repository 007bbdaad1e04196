import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { writeLine } from '../../src/document/generate.ts';
import { GENERATE_DEFAULTS, type Generation, prepareGeneration } from '../../src/document/generate-options.ts';
import { assert } from '../../src/lib/assert.ts';
import { ByteWriter, text } from '../../src/lib/bytes.ts';
import type { Item } from '../../src/model/commands.ts';
import { openPool, parseFile, type Pool } from '../../src/node/pool.ts';

const directory = mkdtempSync(join(tmpdir(), 'coppice-pool-'));
afterAll(() => rmSync(directory, { recursive: true }));

function generation(): Generation {
  const prepared = prepareGeneration({
    ...GENERATE_DEFAULTS,
    seed: 1,
    keys: [
      { name: 'name', type: 'string' },
      { name: 'age', type: 'int' },
    ],
    depth: 2,
    maxKeys: 2,
    maxLength: 4,
  });
  assert(prepared.ok, 'the options are good');
  return prepared.value.generation;
}

function lines(from: number, to: number): string {
  const writer = new ByteWriter();
  for (let index = from; index < to; index++) {
    writeLine(writer, generation(), index);
    writer.u8(0x0a);
  }
  return text(writer.view());
}

function fileOf(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

/** Keys and wrong lines of a file, in the order they were given. */
async function keysOf(path: string, options: { chunkBytes?: number; pool?: Pool } = {}) {
  const keys: string[] = [];
  const errors: string[] = [];
  const total = await parseFile(path, {
    ...options,
    onBatch: (items: Item[]) => {
      for (const { key } of items) keys.push(text(key));
    },
    onError: (line, message) => errors.push(`${line} ${message}`),
  });
  return { keys, errors, total };
}

describe('a pool', () => {
  let pool: Pool;

  afterEach(() => pool.close());

  test('makes the same lines in parts as one thread makes at once', async () => {
    pool = openPool(2);

    const parts = await Promise.all([
      pool.make(generation(), 0, 10),
      pool.make(generation(), 10, 300),
      pool.make(generation(), 300, 301),
    ]);

    expect(parts.map((part) => text(part)).join('')).toBe(lines(0, 301));
  });

  test('refuses tasks beyond its queue', async () => {
    pool = openPool(1);

    const outcomes = await Promise.allSettled(Array.from({ length: 200 }, () => pool.make(generation(), 0, 10)));

    const refused = outcomes.filter(({ status }) => status === 'rejected').length;
    expect(refused).toBeGreaterThan(100);
    expect(outcomes.length - refused).toBeGreaterThanOrEqual(64);
  });

  test('ends after the tasks that were begun', async () => {
    pool = openPool(1);
    const tasks = [pool.make(generation(), 0, 2_000), pool.make(generation(), 2_000, 2_001)];

    await pool.close();

    expect((await Promise.all(tasks)).map((part) => text(part))).toEqual([lines(0, 2_000), lines(2_000, 2_001)]);
  });

  test('is left in order by a file whose reader throws', async () => {
    pool = openPool(1);
    const reading = parseFile(fileOf('broken off', '"a" -> oops\n'.repeat(1_000)), {
      pool,
      chunkBytes: 100,
      onBatch: () => undefined,
      onError: (line) => {
        throw new Error(`line ${line}`);
      },
    });

    await expect(reading).rejects.toThrow('line 1');
    expect(text(await pool.make(generation(), 0, 1))).toBe(lines(0, 1));
  });

  test('parses a file in order, whatever the size of its chunks', async () => {
    pool = openPool(2);
    const path = fileOf('data', lines(0, 2_000));

    const inChunks = await keysOf(path, { pool, chunkBytes: 1_000 });
    const atOnce = await keysOf(path);

    expect(inChunks.keys).toEqual(Array.from({ length: 2_000 }, (_, i) => `key${i + 1}`));
    expect(inChunks).toEqual(atOnce);
  });

  test('leaves out lines that cannot be read, and names them', async () => {
    pool = openPool(1);
    const path = fileOf('wrong', '"a" -> [ ]\n"b" -> oops\n\n"c" -> [ ]\n"d" [ ]');

    const whole = await keysOf(path);
    const inChunks = await keysOf(path, { pool, chunkBytes: 12 });

    expect(whole.keys).toEqual(['a', 'c']);
    expect(whole.errors).toEqual([expect.stringMatching(/^2 2:8: /), expect.stringMatching(/^5 5:5: /)]);
    expect(inChunks).toEqual(whole);
  });
});

describe('a data file', () => {
  test('that is empty has no records', async () => {
    expect((await keysOf(fileOf('empty', ''))).total).toEqual({ records: 0, errors: 0, bytes: 0 });
  });

  test('that is not there rejects with what the file system says', async () => {
    await expect(keysOf(join(directory, 'nowhere'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is given to a slow reader one batch at a time', async () => {
    const path = fileOf('slow', lines(0, 500));
    let running = 0;
    let most = 0;

    await parseFile(path, {
      chunkBytes: 1_000,
      onBatch: async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
      },
      onError: () => undefined,
    });

    expect(most).toBe(1);
  });

  test('stops when a callback throws, with its error', async () => {
    const path = fileOf('thrown', '"a" -> oops\n'.repeat(1_000));
    const reading = parseFile(path, {
      chunkBytes: 100,
      onBatch: () => undefined,
      onError: (line) => {
        throw new Error(`line ${line}`);
      },
    });

    await expect(reading).rejects.toThrow('line 1');
  });
});
