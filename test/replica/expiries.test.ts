import { expect, test } from 'vitest';
import { expiring } from '../../src/document/expiring.ts';
import { text, utf8 } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import type { Version } from '../../src/model/ids.ts';
import { Expiries } from '../../src/replica/expiries.ts';
import { RadixTrie } from '../../src/trie/radix-trie.ts';

const EXPIRES_AT_MS = 1_000;

function holding(key: string) {
  const trie = new RadixTrie();
  trie.set(utf8(key), 1 as Version, false, expiring(utf8('value'), EXPIRES_AT_MS));
  const expiries = new Expiries();
  expiries.set(utf8(key), EXPIRES_AT_MS);
  const look = (nowMs: number): string[] => expiries.due(trie, nowMs).map((each) => text(each));
  return { trie, look };
}

test('a key is named when its time has come, and about a second later again while it is there', () => {
  const { look } = holding('k');

  const named = Array.from({ length: 25 }, (_, heartbeat) => look(900 + 100 * heartbeat));

  const heartbeats = [...named.entries()].filter(([, keys]) => keys.length > 0).map(([at]) => at);
  expect(heartbeats).toEqual([1, 11, 21]);
});

test('a key that was named while the clock was ahead is named again when its time has come', () => {
  const { look } = holding('k');

  const ahead = look(1_000_000);
  const back = Array.from({ length: 30 }, (_, heartbeat) => look(100 * heartbeat).length);

  expect(ahead).toEqual(['k']);
  expect(back.indexOf(1)).toBe(10);
});

test('a key that went is not named again', () => {
  const { trie, look } = holding('k');

  const first = look(EXPIRES_AT_MS);
  trie.delete(utf8('k'));
  const later = Array.from({ length: 20 }, () => look(EXPIRES_AT_MS).length);

  expect(first).toEqual(['k']);
  expect(later.every((count) => count === 0)).toBe(true);
});

test('keys that are renewed, kept and taken away at any time are named as if each look went through all of them', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const prng = new Prng(seed);
    const trie = new RadixTrie();
    const expiries = new Expiries();
    const model = new Map<string, { atMs: number; againAt: number }>();
    let nowMs = 0;
    for (let look = 1; look <= 300; look++) {
      for (let change = prng.below(8); change > 0; change--) {
        const key = `k${prng.below(40)}`;
        if (prng.chance(0.3)) {
          trie.delete(utf8(key));
          expiries.remove(utf8(key));
          model.delete(key);
        } else {
          const atMs = nowMs + prng.below(3_000);
          trie.set(utf8(key), 1 as Version, false, expiring(utf8('value'), atMs));
          expiries.set(utf8(key), atMs);
          model.set(key, { atMs, againAt: 0 });
        }
      }
      nowMs += prng.between(-150, 300);

      const named = expiries.due(trie, nowMs).map((key) => text(key));

      const expected = [...model].filter(([, { atMs, againAt }]) => atMs <= nowMs && againAt <= look);
      for (const [, entry] of expected) entry.againAt = look + 10;
      expect(named.sort(), `seed ${seed}, look ${look}`).toEqual(expected.map(([key]) => key).sort());
      expect(expiries.size, `seed ${seed}, look ${look}`).toBe(model.size);
    }
  }
});
