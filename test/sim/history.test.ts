import { expect, test } from 'vitest';
import { Prng } from '../../src/lib/prng.ts';
import { type HistoryEvent, mergeHistories, operationsOf, readHistory, writeHistory } from '../../src/sim/history.ts';
import { generate } from './checkers/generated.ts';

const SHAPE = { operations: 60, processes: 4, keys: 3, several: true, versions: true, unknown: 0.1 };

test('a history is the same after it was written as lines and read, seeds 1 to 50', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const history = generate(new Prng(seed), SHAPE);

    const read = readHistory(writeHistory(history));

    expect(read.ok && read.value, `seed ${seed}`).toEqual(history);
  }
});

test('faults, scans and deletions have their lines too', () => {
  const truth = { stopped: 1, behind: 3, starts: 4 };
  const ending = { process: 1, warned: true, truth };
  const history: HistoryEvent[] = [
    { type: 'fault', atMs: 0.5, text: 'crash s2' },
    { type: 'invoke', process: 1, atMs: 1, action: { kind: 'scan', prefix: 'r', after: '', limit: 2 }, truth },
    { type: 'fail', atMs: 2, code: 'UNAVAILABLE', ...ending },
    { type: 'invoke', process: 1, atMs: 3, action: { kind: 'delete', key: 'r1' } },
    { type: 'ok', atMs: 4, answer: { kind: 'deleted', existed: true }, uncertain: false, ...ending },
  ];

  const read = readHistory(writeHistory(history));

  expect(read.ok && read.value).toEqual(history);
});

test.each([
  ['{"type":"invoke"', 'line 2 is not JSON'],
  ['{"type":"invoke","process":1,"atMs":1,"action":{"kind":"set","key":"x"}}', 'line 2 is not an event of a history'],
  ['{"type":"ok","process":1,"atMs":1,"warned":false}', 'line 2 is not an event of a history'],
  ['{"type":"oops","process":1,"atMs":1,"warned":false}', 'line 2 is not an event of a history'],
  ['null', 'line 2 is not an event of a history'],
])('a line that is no event is named: %s', (line, message) => {
  const read = readHistory(`{"type":"fault","atMs":0,"text":"crash s1"}\n${line}\n`);

  expect(!read.ok && read.error.message).toContain(message);
});

test('a process that does two things at once, or ends what it never began, is no history', () => {
  const invocation: HistoryEvent = { type: 'invoke', process: 1, atMs: 1, action: { kind: 'get', key: 'x' } };
  const end: HistoryEvent = { type: 'info', process: 1, atMs: 2, code: 'TIMEOUT', warned: false };

  expect(operationsOf([invocation, invocation]).ok).toBe(false);
  expect(operationsOf([end]).ok).toBe(false);
  expect(operationsOf([invocation, end, invocation]).ok).toBe(true);
});

test('an operation whose outcome is unknown never ends, whether the history says so or stops before', () => {
  const invocation: HistoryEvent = { type: 'invoke', process: 1, atMs: 1, action: { kind: 'get', key: 'x' } };
  const end: HistoryEvent = { type: 'info', process: 1, atMs: 2, code: 'TIMEOUT', warned: false };

  const ended = operationsOf([invocation, end]);
  const cut = operationsOf([invocation]);

  expect(ended.ok && ended.value[0]?.end).toBe(Number.POSITIVE_INFINITY);
  expect(cut.ok && cut.value[0]?.end).toBe(Number.POSITIVE_INFINITY);
});

test('histories of several recorders become one, in which what touches overlaps', () => {
  const action = { kind: 'get', key: 'x' } as const;
  const first: HistoryEvent[] = [
    { type: 'invoke', process: 1, atMs: 1, action },
    { type: 'fail', process: 1, atMs: 5, code: 'UNAVAILABLE', warned: false },
  ];
  const second: HistoryEvent[] = [{ type: 'invoke', process: 2, atMs: 5, action }];

  expect(mergeHistories([first, second])).toEqual([first[0], second[0], first[1]]);
});
