import { describe, expect, test } from 'vitest';
import { isLinearizable, type Operation } from '../../src/sim/linearizability.ts';

const UNKNOWN = Number.POSITIVE_INFINITY;

function write(value: string | null, startMs: number, endMs: number): Operation {
  return { kind: 'write', value, startMs, endMs };
}

function read(value: string | null, startMs: number, endMs: number): Operation {
  return { kind: 'read', value, startMs, endMs };
}

describe('the linearizability check', () => {
  test.each<[string, Operation[], boolean]>([
    ['an empty history', [], true],
    ['a read of what was written before', [write('a', 0, 1), read('a', 2, 3)], true],
    ['a stale read', [write('a', 0, 1), write('b', 2, 3), read('a', 4, 5)], false],
    ['a lost write', [write('a', 0, 1), read(null, 2, 3)], false],
    ['a read during a write that sees it or not', [write('a', 0, 10), read(null, 1, 2), read('a', 3, 4)], true],
    ['a value that comes and goes', [write('a', 0, 10), read('a', 1, 2), read(null, 3, 4)], false],
    [
      'a write of unknown outcome that is seen later',
      [write('a', 0, UNKNOWN), read(null, 1, 2), read('a', 5, 6)],
      true,
    ],
    ['a write of unknown outcome that never happened', [write('a', 0, UNKNOWN), read(null, 5, 6)], true],
    ['a write of unknown outcome that is undone', [write('a', 0, UNKNOWN), read('a', 1, 2), read(null, 5, 6)], false],
    ['a resurrected delete', [write('a', 0, 1), write(null, 2, 3), read('a', 4, 5)], false],
    ['two writers that cross', [write('a', 0, 5), write('b', 1, 4), read('a', 6, 7), read('a', 8, 9)], true],
    [
      'two readers that disagree about the order',
      [write('a', 0, 5), write('b', 0, 5), read('a', 6, 7), read('b', 8, 9)],
      false,
    ],
  ])('knows the verdict on %s', (_name, history, verdict) => {
    expect(isLinearizable(history)).toBe(verdict);
  });
});
