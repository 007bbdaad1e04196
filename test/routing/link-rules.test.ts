import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Prng } from '../../src/lib/prng.ts';
import { type Distribution, type LinkRule, LinkRules } from '../../src/routing/link-rules.ts';

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

  test('spread delays as their distribution says', () => {
    const mean = (distribution: Distribution): number => {
      // Frames far apart: none waits for the one before.
      const rules = new LinkRules(new Prng(3));
      rules.replace([{ kind: 'delay', delayMs: 100, jitterMs: 20, distribution }]);
      const delays = Array.from({ length: 5_000 }, (_, i) => rules.decide(i * 10_000)[0] as number);
      return delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
    };

    expect(mean('const')).toBe(100);
    for (const distribution of ['uniform', 'normal'] as const)
      expect(Math.abs(mean(distribution) - 100)).toBeLessThan(2);
    expect(Math.abs(mean('exp') - 120)).toBeLessThan(2);
  });

  test('let as many bytes a second pass as the rate says', () => {
    const rules = new LinkRules(new Prng(1));
    rules.replace([{ kind: 'rate', bytesPerSecond: 10_000 }]);

    const last = Array.from({ length: 100 }, () => rules.decide(0, 100)).at(-1) as number[];

    // 10,000 bytes, of which 100 were in the bucket.
    expect(last[0]).toBeCloseTo(990);
    expect(rules.decide(5_000, 100)).toEqual([0]);
  });

  test('say when nothing may arrive', () => {
    const rules = new LinkRules(new Prng(1));
    rules.replace([{ kind: 'clog' }, { kind: 'delay', delayMs: 5, jitterMs: 0 }]);

    expect([rules.isClogged, rules.decide(0)]).toEqual([true, [5]]);
    rules.replace([]);
    expect(rules.isClogged).toBe(false);
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
