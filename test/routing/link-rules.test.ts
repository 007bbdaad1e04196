import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Prng } from '../../src/lib/prng.ts';
import { type LinkRule, LinkRules } from '../../src/routing/link-rules.ts';

function arrivals(rules: readonly LinkRule[], frames: number, seed = 1): number[][] {
  const decided = new LinkRules(new Prng(seed));
  decided.replace(rules);
  return Array.from({ length: frames }, (_, ms) => decided.decide(ms).map((delayMs) => ms + delayMs));
}

describe('link rules', () => {
  test('let every frame pass at once when there are none', () => {
    expect(arrivals([], 3)).toEqual([[0], [1], [2]]);
  });

  test('let nothing pass when the link is cut', () => {
    expect(arrivals([{ kind: 'cut' }, { kind: 'duplicate', probability: 1, withinMs: 5 }], 3)).toEqual([[], [], []]);
  });

  test('keep the order of delayed frames, jitter or not', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(100), fc.nat(100), (seed, delayMs, jitterMs) => {
        const at = arrivals([{ kind: 'delay', delayMs, jitterMs }], 50, seed).flat();

        expect(at).toEqual(at.toSorted((a, b) => a - b));
        expect(at.every((ms, sent) => ms >= sent)).toBe(true);
      }),
    );
  });

  test('keep frames behind delayed ones in order after the rule is gone', () => {
    const rules = new LinkRules(new Prng(1));
    rules.replace([{ kind: 'delay', delayMs: 100, jitterMs: 0 }]);
    rules.decide(0);
    rules.replace([]);

    const delays = rules.decide(10);

    expect(delays).toEqual([90]);
    expect(rules.decide(100)).toEqual([0]);
  });

  test('lose, double and hold back about as many frames as they say', () => {
    const lost = arrivals([{ kind: 'drop', probability: 0.3 }], 10_000).filter((at) => at.length === 0).length;
    const doubled = arrivals([{ kind: 'duplicate', probability: 0.3, withinMs: 5 }], 10_000).filter(
      (at) => at.length === 2,
    );
    const held = arrivals([{ kind: 'reorder', probability: 0.3, withinMs: 5 }], 10_000).filter(([at], ms) => at !== ms);

    for (const count of [lost, doubled.length, held.length]) expect(Math.abs(count - 3_000)).toBeLessThan(200);
  });

  test('decide the same from the same seed', () => {
    const rules: LinkRule[] = [
      { kind: 'drop', probability: 0.2 },
      { kind: 'reorder', probability: 0.2, withinMs: 9 },
      { kind: 'duplicate', probability: 0.2, withinMs: 9 },
      { kind: 'delay', delayMs: 5, jitterMs: 3 },
    ];

    expect(arrivals(rules, 1_000, 7)).toEqual(arrivals(rules, 1_000, 7));
  });
});
