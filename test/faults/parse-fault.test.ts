import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Surroundings } from '../../src/faults/cursor.ts';
import { formatFaultStatement } from '../../src/faults/format.ts';
import { parseFault } from '../../src/faults/parse-fault.ts';
import { AROUND, faultStatement } from './arbitrary.ts';

const THREE: Surroundings = { servers: 3, mode: 'replicated', names: new Set(['old']) };

describe('a FAULT statement', () => {
  test.each([
    ['crash s2', 'CRASH s2'],
    ['FAULT crash s2', 'CRASH s2'],
    ['KILL s1,s3 FOR 2s AS gone', 'CRASH s1,s3 FOR 2s AS gone'],
    ['hang s2 250ms', 'HANG s2 FOR 250ms'],
    ['pause all', 'HANG all'],
    ['resume s2', 'RESUME s2'],
    ['restart S3', 'RESTART s3'],
    ['heal', 'HEAL all'],
    ['heal f7', 'HEAL f7'],
    ['heal disk full', 'HEAL DISK FULL'],
    ['heal disk-full', 'HEAL DISK FULL'],
    ['list', 'LIST'],
    ['points', 'POINTS'],
    ['cut s1 | s2 broker', 'PARTITION s1 | s2 broker'],
    ['partition s1 / s2 s3 for 1s', 'PARTITION s1 | s2 s3 FOR 1s'],
    ['cut s1 -> s2', 'CUT s1 -> s2'],
    ['delay s1->s2 50ms', 'DELAY s1 -> s2 50ms'],
    ['delay s2 50ms ±20ms', 'DELAY s2 50ms +-20ms'],
    ['delay s2 50ms +-20ms normal', 'DELAY s2 50ms +-20ms normal'],
    ['drop 1%', 'DROP * 1%'],
    ['drop s2 10%', 'DROP s2 10%'],
    ['duplicate s2 5%', 'DUP s2 5%'],
    ['reorder * 5%', 'REORDER * 5%'],
    ['rate s1<->broker 64kb/s', 'RATE s1 <-> broker 65536b/s'],
    ['slow-disk s2 20ms', 'DISK SLOW s2 20ms'],
    ['disk slow s2 10x', 'DISK SLOW s2 10x'],
    ['disk-full s2', 'DISK FULL s2'],
    ['sync-fail s2', 'FSYNC FAIL s2'],
    ['fsync fail s1 NTH 3+50', 'FSYNC FAIL s1 NTH 3+50'],
    ['torn write s1', 'TORN WRITE s1'],
    ['flip-bit s2', 'BITFLIP s2 wal 1'],
    ['bitflip s2 snap 3', 'BITFLIP s2 snap 3'],
    ['bitflip s2 "wal-1" 1%', 'BITFLIP s2 "wal-1" 1%'],
    ['power-loss', 'POWER all random'],
    ['power-loss s2', 'POWER s2 random'],
    ['power random', 'POWER all random'],
    ['power random 2 none', 'POWER random 2 none'],
    ['skew s2 +5s', 'SKEW s2 +5s'],
    ['skew s2 -200ms', 'SKEW s2 -200ms'],
    ['flaky s1 0.01', 'FLAKY s1 0.01'],
    ['hang old AS older # once more', 'HANG old AS older'],
    ['isolate minority', 'ISOLATE minority'],
  ])('%s is %s', (statement, printed) => {
    const parsed = parseFault(statement, THREE);

    expect(parsed.ok ? formatFaultStatement(parsed.value) : parsed.error.message).toBe(printed);
  });

  test.each([
    ['', /^1:1: expected one of CRASH, HANG/],
    ['explode s1', /^1:1: .*got explode$/],
    ['crash', /^1:6: expected a server \(s1 to s3\)/],
    ['crash s4', /^1:7: .*got s4$/],
    ['crash s1,s9', /^1:10: .*got s9$/],
    ['hang s1 2x', /^1:9: expected a time/],
    ['crash s1 FOR', /^1:13: expected a time/],
    ['crash s1 now', /^1:10: expected FOR, AS, SEED, the end, got now$/],
    ['crash s1 FOR 1s FOR 2s', /^1:17: expected AS, SEED, the end/],
    ['crash s1 P 5%', /^1:10: expected FOR/],
    ['flip-bit s1 FOR 1s', /^1:13: expected AS/],
    ['restart s1 s2', /^1:12: expected the end, got s2$/],
    ['crash leader', /^1:7: expected servers: nobody leads in mode replicated, got leader$/],
    ['crash broker', /^1:7: expected servers: the broker lives and dies with the process$/],
    ['crash gateway', /^1:7: .*gateway lives in the thread of the broker/],
    ['crash s1 AS s7', /^1:13: expected a name/],
    ['crash s1 AS f7', /^1:13: expected a name/],
    ['crash s1 AS hang', /^1:13: expected a name that is none of the words of this language, got hang$/],
    ['crash s1 AS disk-full', /^1:13: expected a name/],
    ['strobe s1 1s every 0ms', /^1:20: expected a time above 0$/],
    ['rate s1 0kb/s', /^1:9: expected at least 1 byte, got 0kb$/],
    ['partition s1', /^1:13: expected '\|' and another group$/],
    ['drop s2 110%', /^1:9: expected percent, such as 10%, from 0 to 100, got 110%$/],
    ['drop s9 10%', /^1:6: expected a server .*got s9$/],
    ['write fail s2 EFUN', /^1:15: expected one of EIO, /],
    ['disk s2', /^1:6: expected FULL or SLOW or STALL, got s2$/],
    ['crash "s1', /^1:7: expected a server .*got "s1$/],
    ['help pizza', /^1:6: expected a kind of fault, got pizza$/],
  ])('%s is refused with the place of what is wrong', (statement, message) => {
    const parsed = parseFault(statement, THREE);

    expect(parsed.ok ? 'accepted' : parsed.error.code).toBe('BADFAULT');
    if (!parsed.ok) expect(parsed.error.message).toMatch(message);
  });

  test('is read again from its print', () => {
    fc.assert(
      fc.property(faultStatement, (statement) => {
        const printed = formatFaultStatement(statement);

        const parsed = parseFault(printed, AROUND);

        expect(parsed, printed).toEqual({ ok: true, value: statement });
      }),
      { numRuns: 2_000 },
    );
  });

  test('may be anything: it is refused in one line', () => {
    const words = fc.constantFrom(
      'crash',
      's1',
      'FOR',
      '2s',
      'cut',
      '|',
      '->',
      '"',
      'drop',
      '5%',
      'random',
      '#2',
      'heal',
      'disk',
      '+-',
      '__proto__',
    );
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.array(words).map((list) => list.join(' ')),
    );
    fc.assert(
      fc.property(text, (statement) => {
        const parsed = parseFault(statement, THREE);

        expect(parsed.ok ? '1:1: expected ' : parsed.error.message).toMatch(/^1:\d+: expected /);
      }),
      { numRuns: 3_000 },
    );
  });
});
