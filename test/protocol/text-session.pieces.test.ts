/** Ten thousand commands are answered the same, byte by byte, in whatever pieces they come. */
import { expect, test } from 'vitest';
import { text, utf8 } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import { TextSession } from '../../src/protocol/text-session.ts';
import { NaiveAdministration, NaiveStore } from './naive-store.ts';

const COMMANDS = 10_000;
/** Bytes of all pieces but the last. */
const SIZES = [1, 2, 3, 5, 7, 11, 64, 1_460, 16_384];

const LINES: readonly ((prng: Prng) => string)[] = [
  (prng) => `SET k${prng.below(50)} {"a":${prng.below(1_000)},"é":"“${prng.below(10)}”"}`,
  (prng) => `PUT "k${prng.below(50)}" -> [ "a" -> [ "b" -> ${prng.below(9)}.50 ] | "c" -> [] ]`,
  (prng) => `GET k${prng.below(60)}`,
  (prng) => `  query\tk${prng.below(60)}.a.b  `,
  (prng) => `COMPUTE 2*x+${prng.below(9)} WHERE x = QUERY k${prng.below(50)}.a`,
  (prng) => `DELETE k${prng.below(60)}\r`,
  (prng) => `BULKSET [["k${prng.below(50)}",1],["k${prng.below(50)}",{"a":2}]]`,
  (prng) => prng.pick(['PING', '', 'NONSENSE', 'FORMAT json', 'FORMAT arrow', 'GET "open', 'PUT x', '\u0000']),
];

test('the same commands have the same answers at once, byte by byte, and cut anywhere', { timeout: 60_000 }, () => {
  const prng = new Prng(11);
  const bytes = utf8(Array.from({ length: COMMANDS }, () => `${prng.pick(LINES)(prng)}\n`).join(''));
  const whole = answered(bytes, () => bytes.length);

  const other = SIZES.filter((size) => answered(bytes, () => size) !== whole);
  const drawn = answered(bytes, () => prng.between(1, 100));

  expect(whole.split('\n').length).toBeGreaterThan(COMMANDS * 0.9);
  expect(other).toEqual([]);
  expect(drawn === whole).toBe(true);
});

function answered(bytes: Uint8Array, nextSize: () => number): string {
  const options = { role: 'gateway', putMode: 'upsert', strictTypes: false, angle: 'rad' } as const;
  const session = new TextSession(new NaiveStore(), new NaiveAdministration(), options, () => undefined);
  let answers = '';
  for (let at = 0; at < bytes.length; ) {
    const size = nextSize();
    session.push(bytes.subarray(at, at + size));
    at += size;
    answers += text(session.output());
    session.sent();
  }
  return answers;
}
