import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Prng } from '../../src/lib/prng.ts';
import type { LinkRule } from '../../src/routing/link-rules.ts';
import { ByteSlab } from '../../src/sim/byte-slab.ts';
import { createDuplex } from '../../src/sim/duplex-link.ts';
import { EventQueue } from '../../src/sim/event-queue.ts';

const RULES: readonly LinkRule[] = [
  { kind: 'drop', probability: 0.3 },
  { kind: 'duplicate', probability: 0.5, withinMs: 50 },
  { kind: 'reorder', probability: 0.5, withinMs: 50 },
  { kind: 'delay', delayMs: 20, jitterMs: 10, distribution: 'exp' },
  { kind: 'rate', bytesPerSecond: 5_000 },
  { kind: 'cut' },
  { kind: 'clog' },
];

test('whatever rules come and go, each frame arrives once and in order', () => {
  const plan = fc.array(
    fc.record({
      rules: fc.subarray(RULES as LinkRule[]),
      frames: fc.integer({ min: 0, max: 20 }),
      waitMs: fc.integer({ min: 0, max: 200 }),
    }),
    { minLength: 1, maxLength: 8 },
  );

  fc.assert(
    fc.property(plan, fc.integer(), (steps, seed) => {
      const { queue, ends, arrived } = world(seed);
      let sent = 0;
      for (const { rules, frames, waitMs } of steps) {
        ends[0].replaceRules(rules);
        for (let i = 0; i < frames; i++) ends[0].send(Uint8Array.of(sent & 255, sent++ >> 8));
        queue.run(waitMs);
      }
      ends[0].replaceRules([]);
      queue.run(5_000);

      expect(arrived.map((frame) => (frame[0] as number) + 256 * (frame[1] as number))).toEqual(
        Array.from({ length: sent }, (_, i) => i),
      );
    }),
    { numRuns: 150 },
  );
});

test('a closed link delivers nothing, in neither direction', () => {
  const { queue, ends, arrived, broken } = world(1);
  ends[0].send(Uint8Array.of(1));
  ends[1].send(Uint8Array.of(2));
  ends[1].close();
  queue.run(1_000);

  expect(arrived).toEqual([]);
  expect(broken).toEqual([]);
});

function world(seed: number) {
  const queue = new EventQueue();
  const prng = new Prng(seed);
  const arrived: Uint8Array[] = [];
  const broken: string[] = [];
  const owner = (frames: Uint8Array[]) => ({
    run: (work: () => void) => work(),
    onFrame: (bytes: Uint8Array, start: number, end: number) => void frames.push(bytes.slice(start, end)),
    onBroken: (reason: string) => void broken.push(reason),
  });
  const ends = createDuplex(
    { queue, prng, slab: new ByteSlab(), delayMs: () => prng.float() },
    owner(arrived),
    owner(arrived),
  );
  return { queue, ends, arrived, broken };
}
