import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { killLoop, killLoopSummary } from './kill-loop.ts';
import { Register } from './kill-loop-register.ts';
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
