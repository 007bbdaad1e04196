import { describe, expect, test } from 'vitest';
import { parseFault } from '../../src/faults/statement.ts';

describe('a FAULT statement', () => {
  test.each<[string, unknown]>([
    ['crash s2', { kind: 'crash', servers: [1], forMs: null, name: null }],
    ['KILL s1,s3 FOR 2s AS old', { kind: 'crash', servers: [0, 2], forMs: 2000, name: 'old' }],
    ['hang s2 250ms', { kind: 'hang', servers: [1], forMs: 250, name: null }],
    ['pause all', { kind: 'hang', servers: [0, 1, 2], forMs: null, name: null }],
    ['resume s2', { kind: 'heal', what: { server: 1 } }],
    ['restart S3', { kind: 'restart', servers: [2] }],
    ['heal', { kind: 'heal', what: 'all' }],
    ['heal f7', { kind: 'heal', what: { name: 'f7' } }],
    ['list', { kind: 'list' }],
  ])('%s is understood', (statement, expected) => {
    expect(parseFault(statement, 3)).toEqual({ ok: true, value: expected });
  });

  test.each([
    ['', /column 1: expected one of/],
    ['explode s1', /column 1: .*got explode/],
    ['crash', /column 6: expected a server from s1 to s3/],
    ['crash s4', /column 7: .*got s4/],
    ['crash s1,s9', /column 10: .*got s9/],
    ['hang s1 2x', /column 9: expected a duration/],
    ['crash s1 FOR', /column 13: expected a duration/],
    ['crash s1 now', /column 10: expected FOR, AS or the end/],
    ['restart s1 s2', /column 12: expected the end, got s2/],
    ['drop s1 10%', /drop is not in this version/],
  ])('%s is refused with the column of what is wrong', (statement, message) => {
    const parsed = parseFault(statement, 3);

    expect(parsed.ok).toBe(false);
    if (!parsed.ok) {
      expect(parsed.error.code).toBe('BADFAULT');
      expect(parsed.error.message).toMatch(message);
    }
  });
});
