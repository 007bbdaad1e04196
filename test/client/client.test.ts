import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { CoppiceClient, type Value } from '../../src/client/client.ts';
import { connect } from '../../src/client/connect.ts';
import { CoppiceError } from '../../src/client/error.ts';
import { LocalTransport } from '../../src/client/local.ts';
import type { PutMode } from '../../src/model/config.ts';
import { openTextPort } from '../actors/gateway/text-port.ts';
import { ADMINISTRATION, ReferenceCluster, STATUS } from './reference-cluster.ts';

type Opened = { db: CoppiceClient; cluster: ReferenceCluster; warnings: string[]; close(): Promise<void> };

const OPENERS: [string, (putMode: PutMode) => Promise<Opened>][] = [
  [
    'over a socket',
    async (putMode) => {
      const port = await openTextPort({ putMode });
      const warnings: string[] = [];
      const db = await connect(port.url, { onWarning: (warning) => warnings.push(warning) });
      const close = async () => {
        await db.close();
        await port.gateway.destroy();
      };
      return { db, cluster: port.cluster, warnings, close };
    },
  ],
  [
    'in this process',
    async (putMode) => {
      const cluster = new ReferenceCluster();
      const warnings: string[] = [];
      const transport = new LocalTransport({
        port: cluster,
        administration: ADMINISTRATION,
        putMode,
        onClose: () => Promise.resolve(),
      });
      const db = new CoppiceClient(transport, { onWarning: (warning) => warnings.push(warning) });
      return { db, cluster, warnings, close: () => db.close() };
    },
  ],
];

describe.each(OPENERS)('a client %s', (_, open) => {
  async function opened(use: (given: Opened) => Promise<void>, putMode: PutMode = 'upsert'): Promise<void> {
    const given = await open(putMode);
    try {
      await use(given);
    } finally {
      await given.close();
    }
  }

  test.each([
    ['text', 'v1'],
    ['an empty text', ''],
    ['a number', 42],
    ['a float', 1.75],
    ['an object', { a: 1, __proto__x: [] }],
    ['a list', [1, 2, 3]],
    ['nothing', null],
    ['false', false],
    ['a large integer', 9007199254740993n],
    ['deep data', { a: { b: [{ c: 'd' }] } }],
  ])('gives back %s as it was stored', (_name, value) =>
    opened(async ({ db }) => {
      await db.set('key', value);

      expect(await db.get('key')).toEqual(value);
    }),
  );

  test('keeps keys and values of any characters', () =>
    opened(async ({ db }) => {
      const key = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => text.isWellFormed());
      // An integer beyond 2^53 comes back as a bigint, which the model does not have.
      const value = fc.jsonValue({ maxDepth: 3 }).filter((stored) => !/\d{16}/.test(JSON.stringify(stored)));
      await fc.assert(
        fc.asyncProperty(key, value, async (name, stored) => {
          await db.set(name, stored);
          const found = await db.getEntry(name);
          expect(found.found && found.value).toEqual(stored);
          expect(await db.mget([name])).toEqual([stored]);
          expect(await db.delete(name)).toBe(true);
        }),
        { numRuns: 200 },
      );
    }));

  test('tells a missing key, a stored null and a stored value apart', () =>
    opened(async ({ db }) => {
      await db.set('nil', null);
      await db.set('one', 1);

      expect(await db.getEntry('none')).toMatchObject({ found: false, uncertain: false });
      expect(await db.getEntry('nil')).toMatchObject({ found: true, value: null, version: '1.1' });
      expect(await db.getEntry('one')).toMatchObject({ found: true, value: 1, version: '1.2' });
      expect([await db.get('none'), await db.get('nil')]).toEqual([null, null]);
    }));

  test('finds nothing after a delete, and the last value after two sets', () =>
    opened(async ({ db }) => {
      await db.set('a', 'first');
      await db.set('a', 'second');
      expect(await db.get('a')).toBe('second');

      expect(await db.delete('a')).toBe(true);

      expect(await db.delete('a')).toBe(false);
      expect(await db.get('a')).toBe(null);
    }));

  test('stores a bulk as one command, an empty one as none', () =>
    opened(async ({ db, cluster }) => {
      await db.bulkSet([]);
      await db.bulkSet(
        new Map<string, Value>([
          ['b1', 'v1'],
          ['b2', 2],
          ['b3', [1, 2, 3]],
        ]),
      );

      expect(cluster.commands).toHaveLength(1);
      expect(await db.mget(['b1', 'b2', 'b3', 'b4'])).toEqual(['v1', 2, [1, 2, 3], null]);
    }));

  test('refuses a bulk with one bad value whole', () =>
    opened(async ({ db, cluster }) => {
      const bulk = db.bulkSet([
        ['a', 1],
        ['b', new Date(0)],
      ]);

      await expect(bulk).rejects.toMatchObject({ code: 'TYPE', outcome: 'definite' });
      expect(cluster.commands).toHaveLength(0);
    }));

  test('stores a deepest document and reads it back', () =>
    opened(async ({ db }) => {
      let deep: Value = 1;
      for (let i = 0; i < 1_000; i++) deep = { d: deep };

      await db.set('deep', deep);

      expect(JSON.stringify(await db.get('deep'))).toBe(JSON.stringify(deep));
    }));

  test('queries paths, also into keys that hold dots and quotes', () =>
    opened(async ({ db }) => {
      await db.set('a.b', { c: 1 });
      await db.set('q', { ' odd "name"': { x: [10, 20] } });

      expect(await db.query('a.b.c')).toBe(1);
      expect(await db.query('q." odd \\"name\\"".x.1')).toBe(20);
      expect(await db.query('q.none')).toBe(null);
    }));

  test('computes with bindings', () =>
    opened(async ({ db }) => {
      await db.set('p', { age: 22, n: 12 });

      expect(await db.compute('2*x+y', { x: 'p.age', y: 'p.n' })).toBe(56);
      expect(await db.compute('9007199254740993*x', { x: 'p.n' })).toBe(108086391056891916n);
      expect(await db.compute('1\n+1')).toBe(2);
      await expect(db.compute('1/0')).rejects.toMatchObject({ code: 'MATH' });
      await expect(db.compute('x', { x: 'p.none' })).rejects.toMatchObject({ code: 'NOTFOUND' });
    }));

  test('lists keys page by page, in byte order, from a prefix on', () =>
    opened(async ({ db, cluster }) => {
      const names = Array.from({ length: 25 }, (_name, i) => `k${i}`);
      await db.bulkSet([...names.map((name) => [name, name] as const), ['other', 1]]);

      const keys = await Array.fromAsync(db.keys('k', { pageSize: 10 }));
      const entries = await Array.fromAsync(db.entries('', { pageSize: 7 }));

      expect(keys).toEqual(names.toSorted());
      expect(entries).toEqual([...names.toSorted().map((name) => [name, name]), ['other', 1]]);
      expect(cluster.commands.filter(({ kind }) => kind === 'scan')).toHaveLength(3 + 4);
    }));

  test('exports the digits that were stored', () =>
    opened(async ({ db }) => {
      await db.set('a', [1.5, 9007199254740993n]);

      expect(await Array.fromAsync(db.lines())).toEqual(['{"a":[1.5,9007199254740993]}']);
    }));

  test('puts records, and is refused where keys must be new', () =>
    opened(async ({ db }) => {
      await db.put('a', { x: 1 });

      await expect(db.put('a', { x: 2 })).rejects.toMatchObject({ code: 'EXISTS', outcome: 'definite' });
      expect(await db.query('a.x')).toBe(1);
    }, 'insert'));

  test('an uncertain miss is an error, an uncertain hit a value with a warning', () =>
    opened(async ({ db, cluster, warnings }) => {
      await db.set('a', 1);
      cluster.notes = { warnings: ['2 or more servers are down'], uncertain: true };

      expect(await db.get('a')).toBe(1);
      await expect(db.get('b')).rejects.toMatchObject({ code: 'UNCERTAIN', retryable: true });
      expect(await db.getEntry('b')).toMatchObject({ found: false, uncertain: true });
      expect(warnings).toEqual(Array(3).fill('2 or more servers are down'));
    }));

  test('runs the verbs of operators', () =>
    opened(async ({ db }) => {
      expect(await db.status()).toEqual(STATUS);
      expect(await db.fault('crash s2')).toBe('did crash s2');
      expect(await db.force(['s1', 's3'])).toBe('forced s1 s3');
      expect(await db.snapshot()).toBe('checkpoints of 1 server');
      await expect(db.fault('tickle s2')).rejects.toMatchObject({ code: 'BADFAULT' });
      await expect(db.force(['s1\nSHUTDOWN'])).rejects.toMatchObject({ code: 'USAGE' });
    }));

  test('refuses keys that no cluster can hold before it asks', () =>
    opened(async ({ db, cluster }) => {
      await expect(db.set('', 1)).rejects.toBeInstanceOf(CoppiceError);
      await expect(db.get('k'.repeat(65_537))).rejects.toMatchObject({ code: 'TOOLARGE' });
      expect(cluster.commands).toHaveLength(0);
    }));
});
