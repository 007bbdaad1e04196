import { describe, expect, test } from 'vitest';
import { utf8 } from '../../src/lib/bytes.ts';
import { countOf, membersOf } from '../../src/model/ids.ts';
import { ownersOf, placementGroups } from '../../src/routing/placement.ts';

const KEYS = Array.from({ length: 10_000 }, (_, i) => utf8(`key${i}`));

describe('placement', () => {
  test.each([
    [3, 2],
    [4, 3],
    [5, 2],
    [8, 3],
  ])('of %i servers and %i copies spreads keys evenly and gives every key exactly its copies', (servers, replicas) => {
    const held = new Array<number>(servers).fill(0);
    for (const key of KEYS) {
      const owners = ownersOf({ servers, replicas }, key);
      expect(countOf(owners)).toBe(replicas);
      for (const server of membersOf(owners)) held[server] = (held[server] as number) + 1;
    }
    const share = replicas / servers;
    const sigma = Math.sqrt(KEYS.length * share * (1 - share));
    for (const keys of held) expect(Math.abs(keys - KEYS.length * share)).toBeLessThan(3.5 * sigma);
  });

  test('chooses every set of owners somewhere', () => {
    const seen = new Set(KEYS.map((key) => ownersOf({ servers: 5, replicas: 2 }, key)));

    expect(seen.size).toBe(10);
    expect(new Set(placementGroups({ servers: 5, replicas: 2 }))).toEqual(seen);
  });

  test('moves only what a new server wins', () => {
    let moved = 0;
    for (const key of KEYS) {
      const before = ownersOf({ servers: 4, replicas: 1 }, key);
      const after = ownersOf({ servers: 5, replicas: 1 }, key);
      if (before !== after) {
        expect(after).toBe(1 << 4);
        moved++;
      }
    }

    expect(moved / KEYS.length).toBeGreaterThan(0.17);
    expect(moved / KEYS.length).toBeLessThan(0.23);
  });

  test('gives every server every key when there are as many copies as servers', () => {
    expect(ownersOf({ servers: 3, replicas: 3 }, utf8('x'))).toBe(0b111);
  });
});
