import { describe, expect, test } from 'vitest';
import { Prng } from '../../src/lib/prng.ts';
import { CONTROL } from '../../src/routing/link-repair.ts';
import { ReceivingEnd } from '../../src/routing/receiving-end.ts';
import { SendingEnd } from '../../src/routing/sending-end.ts';

/** An end that gets frames that hold their number. */
function ended() {
  const said: number[][] = [];
  const broken: string[] = [];
  const delivered: number[] = [];
  const sending = new SendingEnd(new Prng(1), {
    now: () => 0,
    carry: (_kind, _number, bytes, start, end) => said.push([...bytes.subarray(start, end)]),
    flush: () => undefined,
    after: () => () => undefined,
    onBroken: (reason) => broken.push(reason),
  });
  const end = new ReceivingEnd(sending, (reason) => broken.push(reason));
  const deliver = (bytes: Uint8Array, start: number): void => {
    delivered.push(bytes[start] as number);
    if (bytes[start] === CLOSING) end.close();
  };
  const arrive = (...numbers: number[]): void => {
    for (const number of numbers) end.onFrame(number, Uint8Array.of(number), 0, 1, deliver);
  };
  const control = (kind: number, number: number): void => {
    end.onControl(Uint8Array.of(kind, number, 0, 0, 0), 0, 5);
  };
  return { arrive, control, said, broken, delivered };
}

/** The frame whose receiver closes the link. */
const CLOSING = 5;

describe('a receiving end', () => {
  test('delivers each frame once and in order, and says nothing while none is missing', () => {
    const { arrive, said, delivered } = ended();

    arrive(0, 1, 1, 2);

    expect(delivered).toEqual([0, 1, 2]);
    expect(said).toEqual([]);
  });

  test('asks at once for what the first frame behind a gap shows to be missing', () => {
    const { arrive, said, delivered } = ended();

    arrive(2, 3);

    expect(said).toEqual([[CONTROL.received, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]]);
    arrive(1, 0);
    expect(delivered).toEqual([0, 1, 2, 3]);
  });

  test('answers a probe with what it has', () => {
    const { arrive, control, said } = ended();
    arrive(0);

    control(CONTROL.probe, 1);

    expect(said).toEqual([[CONTROL.received, 1, 0, 0, 0]]);
  });

  test('breaks once when what it misses is gone, and delivers nothing any more', () => {
    const { arrive, control, broken, delivered } = ended();
    arrive(2);

    control(CONTROL.gone, 2);
    control(CONTROL.gone, 2);
    arrive(0, 1);

    expect(broken).toEqual(['2 frames were lost']);
    expect(delivered).toEqual([]);
  });

  test('closed by who takes a frame hands on nothing behind it', () => {
    const { arrive, delivered } = ended();
    arrive(0, 1, 2, 3, 6, 5);

    arrive(4);

    expect(delivered).toEqual([0, 1, 2, 3, 4, 5]);
  });
});
