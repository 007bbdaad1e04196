/** How many commands one connection may have in flight: few before it is known how large answers are. */
import { describe, expect, test } from 'vitest';
import { CommandWindow } from '../../../actors/gateway/command-window.ts';
import { CONNECTION_LIMITS } from '../../../actors/gateway/connection.ts';

const LIMITS = { ...CONNECTION_LIMITS, commandsMax: 1_000, outputSoftMax: 1_000_000 };

/** Commands that a window lets in beside none. */
function sizeOf(window: CommandWindow): number {
  let size = 0;
  while (window.hasRoom(size)) size++;
  return size;
}

/** A window over which so many commands came and were answered, always as many as it let in. */
function used(window: CommandWindow, rounds: number, answerBytes: number): CommandWindow {
  let answered = 0;
  for (let i = 0; i < rounds; i++) {
    const size = sizeOf(window);
    window.took(size, { bytes: 20 * size, isCut: false });
    answered += size;
    window.answered(answered, size * answerBytes);
  }
  return window;
}

describe('a window', () => {
  test('lets in few commands at first, and twice as many whenever small answers leave', () => {
    expect([0, 1, 2, 3, 4].map((rounds) => sizeOf(used(new CommandWindow(LIMITS), rounds, 10)))).toEqual([
      2, 4, 8, 16, 32,
    ]);
    expect(sizeOf(used(new CommandWindow(LIMITS), 20, 10))).toBe(1_000);
  });

  test('never lets in more than fill eight times the soft limit with answers like the last', () => {
    const sizes = [300_000, 1_000_000, 16_000_000].map((bytes) => sizeOf(used(new CommandWindow(LIMITS), 20, bytes)));
    const window = used(new CommandWindow(LIMITS), 1, 10);
    window.answered(3, 3_000_000);

    expect(sizes).toEqual([26, 8, 1]);
    expect(sizeOf(window)).toBe(2);
  });

  test('does not grow for who asks one thing after the other, nor for large requests', () => {
    const window = new CommandWindow(LIMITS);

    for (let i = 1; i <= 50; i++) {
      window.took(0, { bytes: 64, isCut: true });
      window.took(1, { bytes: 64, isCut: true });
      window.hasRoom(1);
      window.answered(i, 10);
    }

    expect(sizeOf(window)).toBe(2);
  });

  test('grows when it cut many commands from what came, though all were answered at once', () => {
    const window = new CommandWindow(LIMITS);

    window.took(2, { bytes: 64, isCut: true });
    window.answered(2, 14);

    expect(sizeOf(window)).toBe(4);
  });

  test('takes as many bytes as its commands are long when several came at once, and a long request in few pieces', () => {
    const window = new CommandWindow(LIMITS);
    const at = (commands: number, bytes: number, isCut: boolean): number => {
      window.took(commands, { bytes, isCut });
      return window.bytes;
    };

    const first = window.bytes;
    const afterLong = [at(0, 64, true), at(0, 128, true), at(0, 256, true), at(1, 200, false)];
    const afterMany = [at(2, 300, true), at(2, 1_000, true), at(9, 256, true)];

    expect(first).toBe(64);
    expect(afterLong).toEqual([128, 256, 256, 256]);
    expect(afterMany).toEqual([300, 512, 256]);
  });

  test('is small again after a rest', () => {
    const window = used(new CommandWindow(LIMITS), 20, 10);

    window.rest();

    expect(sizeOf(window)).toBe(2);
  });
});
