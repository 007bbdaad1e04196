import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SCAN_CURSORS_BYTES_MAX, SCAN_CURSORS_MAX } from '../../../../src/model/limits.ts';
import { ask, askAll, open } from '../client.ts';

const keys = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4, unit: fc.constantFrom('a', 'b', ':', '1', 'é') }), {
  maxLength: 60,
});

describe('SCAN', () => {
  test('every key that is there from beginning to end is met exactly once, whatever comes and goes', () => {
    fc.assert(
      fc.property(keys, keys, fc.integer({ min: 1, max: 7 }), (stay, come, count) => {
        const opened = open();
        const passing = come.filter((key) => !stay.includes(key));
        for (const key of stay) ask(opened, 'SET', key, '1');
        const met: string[] = [];
        let cursor = '0';
        let round = 0;

        do {
          const [next, page] = ask(opened, 'SCAN', cursor, 'COUNT', String(count)) as [string, string[]];
          met.push(...page);
          cursor = next;
          const key = passing[round++ % (passing.length || 1)];
          if (key !== undefined)
            ask(opened, round % 2 === 0 ? 'DEL' : 'SET', ...(round % 2 === 0 ? [key] : [key, '1']));
        } while (cursor !== '0');

        const names = stay.map((key) => Buffer.from(key).toString('latin1'));
        expect(met.filter((key) => names.includes(key)).sort()).toEqual(names.sort());
        expect(new Set(met).size).toBe(met.length);
      }),
      { numRuns: 150 },
    );
  });

  test('a pattern and a type leave out what they say', () => {
    const opened = open();
    askAll(opened, [
      ['SET', 'a:1', 'x'],
      ['HSET', 'a:2', 'f', 'v'],
      ['PUT', 'a:3', '{}'],
      ['SET', 'b:1', 'x'],
    ]);

    expect(ask(opened, 'SCAN', '0', 'MATCH', 'a:*')).toEqual(['0', ['a:1', 'a:2', 'a:3']]);
    expect(ask(opened, 'SCAN', '0', 'TYPE', 'hash')).toEqual(['0', ['a:2']]);
    expect(ask(opened, 'SCAN', '0', 'TYPE', 'ReJSON-RL')).toEqual(['0', ['a:3']]);
    expect(ask(opened, 'SCAN', '0', 'MATCH', '*:1', 'TYPE', 'string')).toEqual(['0', ['a:1', 'b:1']]);
  });

  test('a cursor may be used again; one that was forgotten is an error, not a scan that leaves keys out', () => {
    const opened = open();
    for (const key of ['a', 'b', 'c']) ask(opened, 'SET', key, '1');
    const [cursor] = ask(opened, 'SCAN', '0', 'COUNT', '1') as [string];

    expect(ask(opened, 'SCAN', cursor)).toEqual(ask(opened, 'SCAN', cursor));
    for (let i = 0; i < SCAN_CURSORS_MAX; i++) opened.host.cursors.keep(new Uint8Array(1));
    expect(ask(opened, 'SCAN', cursor)).toMatch(/^-ERR invalid cursor/);
    expect(ask(opened, 'SCAN', '12345678901')).toMatch(/^-ERR invalid cursor/);
  });

  test('cursors behind long keys are forgotten by their bytes, the oldest first, and the newest never', () => {
    const { cursors } = open().host;
    const third = new Uint8Array(SCAN_CURSORS_BYTES_MAX / 3);
    const kept = [cursors.keep(third), cursors.keep(third), cursors.keep(third), cursors.keep(third)];

    expect(kept.map((cursor) => cursors.placeOf(cursor) !== undefined)).toEqual([false, true, true, true]);
  });
});

describe('all keys', () => {
  test('KEYS, DBSIZE, RANDOMKEY and FLUSHALL agree with what was stored', () => {
    fc.assert(
      fc.property(keys, (stored) => {
        const opened = open();
        for (const key of stored) ask(opened, 'SET', key, '1');
        const names = stored.map((key) => Buffer.from(key).toString('latin1')).sort();

        expect((ask(opened, 'KEYS', '*') as string[]).sort()).toEqual(names);
        expect(ask(opened, 'KEYS', 'a*')).toEqual(names.filter((name) => name.startsWith('a')).sort());
        expect(ask(opened, 'DBSIZE')).toBe(stored.length);
        const random = ask(opened, 'RANDOMKEY') as string | null;
        expect(stored.length === 0 ? random === null : names.includes(random ?? '')).toBe(true);
        expect(ask(opened, 'FLUSHALL')).toBe('OK');
        expect(ask(opened, 'DBSIZE')).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  test('a key whose time has come is met by nobody', () => {
    const opened = open();
    ask(opened, 'SET', 'a', '1', 'PX', '100');
    ask(opened, 'SET', 'b', '1');

    opened.store.now += 101;

    expect(ask(opened, 'KEYS', '*')).toEqual(['b']);
    expect(
      askAll(opened, [
        ['GET', 'a'],
        ['EXISTS', 'a'],
        ['TTL', 'a'],
        ['SET', 'a', '2', 'NX'],
        ['TTL', 'a'],
      ]),
    ).toEqual([null, 0, -2, 'OK', -1]);
  });
});
