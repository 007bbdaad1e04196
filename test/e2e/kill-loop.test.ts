import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { killLoop, killLoopSummary } from './kill-loop.ts';
import { Register } from './kill-loop-register.ts';
import { Ring } from './kill-loop-ring.ts';
import { temporaryDirectory } from './program.ts';

test('nothing acknowledged is lost and no bulk is halved when the whole process is killed', {
  timeout: 120_000,
}, async () => {
  const lines: string[] = [];
  const seed = randomInt(0x1_0000_0000);

  const report = await killLoop({
    rounds: 3,
    seed,
    directory: temporaryDirectory(),
    onLine: (line) => lines.push(line),
  });

  expect(report.acknowledged, `seed ${seed}: too little was written`).toBeGreaterThan(100);
  expect(
    { lost: report.lost, partial: report.partial },
    `seed ${seed}: ${killLoopSummary(report)}\n${lines.join('\n')}`,
  ).toEqual({ lost: 0, partial: 0 });
});

test('the loop knows a lost write from one that may or may not have happened', () => {
  const register = new Register(['key']);
  const first = register.begin('a', 'a1');
  const concurrent = register.begin('b', 'b1');
  register.acknowledge(first);
  register.acknowledge(concurrent);
  const later = register.begin('b', 'b2');
  const refused = register.begin('a', null);
  register.refuse(refused);

  const verdicts = ['a1', 'b1', 'b2', null].map((value) => register.wrong(value) === null);
  register.acknowledge(later);
  const verdictsAfter = ['a1', 'b1', 'b2', null].map((value) => register.wrong(value) === null);

  expect([verdicts, verdictsAfter]).toEqual([
    [true, true, true, false],
    [false, false, true, false],
  ]);
});

test('the loop knows what bulks that overlap may leave', () => {
  const ring = new Ring('key', 4);
  const first = ring.begin('a', 'a1', 0, 3);
  const second = ring.begin('b', 'b1', 1, 3);
  const third = ring.begin('c', 'c1', 3, 2);
  const reason = (found: (string | null)[]): string | null => ring.wrong(found);

  const concurrent = [
    reason([null, null, null, null]),
    reason(['a1', 'a1', 'a1', null]),
    reason(['a1', 'b1', 'b1', 'b1']),
    reason(['c1', 'a1', 'a1', 'b1']),
  ];
  const halved = [reason(['a1', null, 'a1', null]), reason(['a1', 'a1', 'b1', 'b1']), reason(['a1', 'b1', 'b1', 'c1'])];
  ring.acknowledge(second);
  const after = ring.begin('a', 'a2', 1, 2);
  ring.acknowledge(after);
  ring.refuse(third);
  const ordered = [reason(['a1', 'a2', 'a2', 'b1']), reason([null, 'a2', 'a2', 'b1'])];
  const lost = [reason([null, 'b1', 'b1', 'b1']), reason(['c1', 'a2', 'a2', 'c1']), reason(['a1', 'a2', 'a2', null])];

  expect(first.acknowledged).toBe(null);
  expect(concurrent.slice(0, 3)).toEqual([null, null, null]);
  expect(concurrent[3]).toMatch(/^no order explains/);
  for (const verdict of halved) expect(verdict).not.toBe(null);
  expect(ordered).toEqual([null, null]);
  for (const verdict of lost) expect(verdict).not.toBe(null);
});
