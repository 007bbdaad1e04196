/** Ten thousand commands are answered the same, byte by byte, in whatever pieces they come. */
import { expect, test } from 'vitest';
import { Prng } from '../../../src/lib/prng.ts';
import { joined, open, raw, request } from './client.ts';

const COMMANDS = 10_000;
/** Bytes of all pieces but the last. */
const SIZES = [1, 2, 3, 5, 7, 11, 64, 1_460, 16_384];

const WORDS: readonly ((prng: Prng) => readonly string[])[] = [
  (prng) => ['SET', `k${prng.below(50)}`, `line\r\n$3\r\n${prng.below(1_000)}é`],
  (prng) => ['GET', `k${prng.below(60)}`],
  (prng) => ['INCR', `n${prng.below(9)}`],
  (prng) => ['HSET', `h${prng.below(9)}`, `f${prng.below(9)}`, 'v'.repeat(prng.below(200))],
  (prng) => ['HGETALL', `h${prng.below(9)}`],
  (prng) => ['DEL', `k${prng.below(60)}`, `h${prng.below(9)}`],
  (prng) => ['JSON.SET', `d${prng.below(9)}`, '$', `{"a":[${prng.below(9)},null]}`],
  (prng) => ['JSON.GET', `d${prng.below(9)}`, '$.a[0]'],
  (prng) => ['HELLO', prng.pick(['2', '3'])],
  (prng) => [prng.pick(['MULTI', 'EXEC', 'DISCARD', 'PING', 'NONSENSE', 'GET'])],
];

test('the same commands have the same answers at once, byte by byte, and cut anywhere', { timeout: 60_000 }, () => {
  const prng = new Prng(12);
  const bytes = joined(Array.from({ length: COMMANDS }, () => request(...prng.pick(WORDS)(prng))));
  const whole = answered(bytes, () => bytes.length);

  const other = SIZES.filter((size) => answered(bytes, () => size) !== whole);
  const drawn = answered(bytes, () => prng.between(1, 100));

  expect(whole.split('\r\n').length).toBeGreaterThan(COMMANDS);
  expect(other).toEqual([]);
  expect(drawn === whole).toBe(true);
});

function answered(bytes: Uint8Array, nextSize: () => number): string {
  const opened = open();
  let answers = '';
  for (let at = 0; at < bytes.length; ) {
    const size = nextSize();
    opened.session.push(bytes.subarray(at, at + size));
    at += size;
    answers += raw(opened);
  }
  return answers;
}
