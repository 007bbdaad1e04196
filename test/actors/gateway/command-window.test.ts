/** How many commands one connection may have in flight: few before it is known how long answers are. */
import { describe, expect, test } from 'vitest';
import { CommandWindow } from '../../../actors/gateway/command-window.ts';
import { CONNECTION_LIMITS } from '../../../actors/gateway/connection.ts';
import { CONNECTION_COMMANDS_MAX, OUTPUT_BYTES_HARD_MAX, OUTPUT_BYTES_SOFT_MAX } from '../../../src/model/limits.ts';

const MEBIBYTE = 1024 * 1024;
const NONE = { underWay: 0, untold: 0, bytes: 0, longest: 0 };
const NOTHING = { inFlight: 0, replies: NONE, unreadMax: Number.POSITIVE_INFINITY };

/** Commands with answers of any length that a window lets in. */
function sizeOf(window: CommandWindow, unsentBytes = 0): number {
  let size = 0;
  while (window.hasRoom({ ...NOTHING, inFlight: size, replies: { ...NONE, untold: size } }, unsentBytes)) size++;
  return size;
}

/** A window that was full so often, and always emptied by answers of which the longest had so many bytes. */
function used(rounds: number, longest: number): CommandWindow {
  const window = new CommandWindow(CONNECTION_LIMITS);
  for (let i = 0; i < rounds; i++) {
    sizeOf(window);
    window.answered(longest);
  }
  return window;
}

describe('a window', () => {
  test('lets in eight commands at first, and twice as many whenever short answers leave, up to a hundred and twenty-eight', () => {
    const sizes = [0, 1, 2, 3, 4, 5, 100].map((rounds) => sizeOf(used(rounds, 10)));

    expect(sizes).toEqual([8, 16, 32, 64, 128, 128, 128]);
  });

  test('never lets in more than fill the hard limit with answers sixteen times as long as the last, though always one', () => {
    const sizes = [MEBIBYTE / 8, MEBIBYTE, 4 * MEBIBYTE, 16 * MEBIBYTE].map((bytes) => sizeOf(used(20, bytes)));

    expect(sizes).toEqual([64, 8, 2, 1]);
  });

  test('opens again when long answers are followed by short ones', () => {
    const window = used(20, 4 * MEBIBYTE);

    const sizes = [0, 1, 2].map(() => {
      const size = sizeOf(window);
      window.answered(10);
      return size;
    });

    expect(sizes).toEqual([2, 4, 8]);
  });

  test('does not grow for who asks one thing after the other', () => {
    const window = new CommandWindow(CONNECTION_LIMITS);

    for (let i = 0; i < 50; i++) {
      window.hasRoom(NOTHING, 0);
      window.answered(10);
    }

    expect(sizeOf(window)).toBe(8);
  });

  test('counts what is unread as what may come, and lets nothing in beyond the soft limit', () => {
    const window = used(20, 10);

    expect(sizeOf(window, MEBIBYTE / 2)).toBe(OUTPUT_BYTES_HARD_MAX / OUTPUT_BYTES_SOFT_MAX - 1);
    expect(sizeOf(window, OUTPUT_BYTES_SOFT_MAX + 1)).toBe(0);
    expect(window.hasRoom({ ...NOTHING, replies: { ...NONE, bytes: OUTPUT_BYTES_SOFT_MAX + 1 } }, 0)).toBe(false);
    expect(window.hasRoom({ ...NOTHING, unreadMax: 100 }, 101)).toBe(false);
  });

  test('holds commands whose answers are short back by their number only', () => {
    const window = new CommandWindow(CONNECTION_LIMITS);

    expect(window.hasRoom({ ...NOTHING, inFlight: CONNECTION_COMMANDS_MAX - 1 }, 0)).toBe(true);
    expect(window.hasRoom({ ...NOTHING, inFlight: CONNECTION_COMMANDS_MAX }, 0)).toBe(false);
  });

  test('is small again after a rest', () => {
    const window = used(20, 10);

    window.rest();

    expect(sizeOf(window)).toBe(8);
  });
});
