import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import {
  CONTROL,
  REPAIR_BYTES_MAX,
  REPAIR_INTERVAL_MS,
  ReceivedFrames,
  SentFrames,
} from '../../src/routing/link-repair.ts';

/** A link that loses, doubles and mixes up; frames hold their number. Answers what was delivered. */
function exchange(frames: number, seed: number, first: number): number[] {
  const prng = new Prng(seed);
  const sent = new SentFrames();
  const received = new ReceivedFrames();
  const delivered: number[] = [];
  let wire: { number: number; frame: Uint8Array }[] = [];
  const transmit = (number: number, frame: Uint8Array): void => {
    if (prng.chance(0.3)) return;
    wire.push({ number, frame });
    if (prng.chance(0.2)) wire.push({ number, frame });
  };
  for (let i = 0; i < first; i++) received.onFrame(i, new Uint8Array(0), 0, 0);

  let next = first;
  for (let round = 0; round < 200 && delivered.length < frames; round++) {
    const now = round * REPAIR_INTERVAL_MS;
    for (let i = prng.below(20); i > 0 && next < first + frames; i--) {
      const frame = new Uint8Array(Uint32Array.of(next).buffer);
      sent.keep(next | 0, frame, now);
      transmit(next | 0, frame);
      next++;
    }
    for (const { number, frame } of prng.shuffle(wire)) {
      if (received.onFrame(number, frame, 0, frame.length) !== 'deliver') continue;
      for (let whole: Uint8Array | null = frame; whole !== null; whole = received.takeHeld()) {
        delivered.push(new DataView(whole.buffer, whole.byteOffset).getUint32(0, true));
      }
    }
    wire = [];
    if (prng.chance(0.5)) continue;
    received.onProbe(next | 0);
    const answer = new ByteWriter();
    received.writeReceived(answer);
    const gone = sent.onReceived(new ByteReader(answer.view(), 1), now, transmit);
    expect(gone).toBeNull();
  }
  return delivered;
}

describe('the repair of a link', () => {
  test('delivers every frame once and in order over a link that loses, doubles and mixes up', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 100 }), (seed, frames) => {
        const delivered = exchange(frames, seed, 3);

        expect(delivered).toEqual(Array.from({ length: frames }, (_, i) => i + 3));
      }),
      { numRuns: 200 },
    );
  });

  test('forgets a copy once it was received', () => {
    const sent = new SentFrames();
    sent.keep(0, new Uint8Array(10), 0);
    sent.keep(1, new Uint8Array(10), 0);

    const received = new ByteWriter();
    received.u32(1);
    sent.onReceived(new ByteReader(received.view()), 100, () => expect.unreachable());

    expect(sent.bytes).toBe(10);
  });

  test('says from where on it can send when what is asked for had to go', () => {
    const sent = new SentFrames();
    for (let number = 0; number < 3; number++) sent.keep(number, new Uint8Array(REPAIR_BYTES_MAX / 2), 0);

    const received = new ByteWriter();
    received.u32(0);
    received.u32(0);
    const gone = sent.onReceived(new ByteReader(received.view()), 100, () => expect.unreachable());

    expect(gone).toBe(1);
    expect(new ReceivedFrames().lostBefore(1)).toBe(1);
  });

  test('asks for what a probe says was sent', () => {
    const received = new ReceivedFrames();
    received.onProbe(2);

    const answer = new ByteWriter();
    received.writeReceived(answer);

    expect([...answer.view()]).toEqual([CONTROL.received, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
  });

  test('gives up when too much comes behind a gap', () => {
    const received = new ReceivedFrames();
    const half = new Uint8Array(REPAIR_BYTES_MAX / 2);

    const fates = [1, 2, 3].map((number) => received.onFrame(number, half, 0, half.length));

    expect(fates).toEqual(['gap', 'held', 'full']);
  });
});
