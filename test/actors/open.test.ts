/** The library as the README shows it: a whole host inside this process. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { open, type OpenOptions } from '../../actors/open.ts';

const folder = mkdtempSync(join(tmpdir(), 'coppice-open-'));
afterAll(() => rmSync(folder, { recursive: true }));

test("the README's example runs, and what it stored is there when the directory is opened again", async () => {
  const dir = join(folder, 'kept');
  {
    await using db = await open({ dir, servers: 3, replicas: 2 });
    await db.set('person1', { name: 'John', age: 22 });
    expect(await db.query('person1.age')).toBe(22);
    await db.bulkSet([
      ['a', 1],
      ['b', 2],
    ]);
    await expect(open({ dir })).rejects.toThrow(`Data Dir Locked (pid ${process.pid})`);
  }

  await using again = await open({ dir });

  expect(await again.mget(['a', 'b', 'person1'])).toEqual([1, 2, { name: 'John', age: 22 }]);
});

test('a cluster of mode single has one server, and one in memory leaves no file', async () => {
  const dir = join(folder, 'none');
  await using db = await open({ dir, mode: 'single', durability: 'memory' });

  await db.set('a', 1);

  expect((await db.status()).servers.map(({ state }) => state)).toEqual(['up']);
  expect(existsSync(dir)).toBe(false);
});

test.each([
  [{ servers: 0 }, 'servers: expected a whole number from 1 to 16, got 0'],
  [{ servers: 17 }, 'servers: expected a whole number from 1 to 16, got 17'],
  [{ servers: 2.5 }, 'servers: expected a whole number from 1 to 16, got 2.5'],
  [{ servers: '3' }, 'servers: expected a whole number from 1 to 16, got "3"'],
  [{ replicas: 0 }, 'replicas: expected a whole number from 1 to 16, got 0'],
  [{ servers: 2, replicas: 3 }, 'replicas: 3 copies do not fit on 2 servers'],
  [{ servers: 2, mode: 'single' }, 'servers: mode single has one server, got 2'],
  [{ mode: 'leader' }, 'mode leader is not in this version'],
  [{ durability: 'often' }, 'durability: expected fsync or os or memory, got "often"'],
  [{ putMode: 'replace' }, 'putMode: expected upsert or insert, got "replace"'],
  [{ deleteMode: undefined }, 'deleteMode: expected strict or available, got undefined'],
  [{ directory: 'elsewhere' }, 'unknown option "directory"'],
])('%j is refused before anything is made', async (options, message) => {
  const dir = join(folder, 'refused');

  await expect(open({ dir, ...options } as OpenOptions)).rejects.toThrow(message);

  expect(existsSync(dir)).toBe(false);
});
