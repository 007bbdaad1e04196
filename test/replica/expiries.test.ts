import { expect, test } from 'vitest';
import { expiring } from '../../src/document/expiring.ts';
import { text, utf8 } from '../../src/lib/bytes.ts';
import type { Version } from '../../src/model/ids.ts';
import { Expiries } from '../../src/replica/expiries.ts';
import { RadixTrie } from '../../src/trie/radix-trie.ts';

const EXPIRES_AT_MS = 1_000;

function holding(key: string) {
  const trie = new RadixTrie();
  trie.set(utf8(key), 1 as Version, false, expiring(utf8('value'), EXPIRES_AT_MS));
  const expiries = new Expiries();
  expiries.add(utf8(key), EXPIRES_AT_MS);
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
