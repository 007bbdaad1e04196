import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import { CONTROL, REPAIR_INTERVAL_MS } from '../../src/routing/link-repair.ts';
import { LINK_BACKLOG_BYTES_MAX, SendingEnd } from '../../src/routing/sending-end.ts';

/** An end over a wire that writes down what was carried: a frame as its first byte, a probe as `probe`. */
function ended() {
  const carried: string[] = [];
  const broken: string[] = [];
  const timers: { readonly atMs: number; readonly run: () => void }[] = [];
  let nowMs = 0;
  const end = new SendingEnd(new Prng(1), {
    now: () => nowMs,
    carry: (kind, _number, bytes, start) => {
      carried.push(kind === 'control' && bytes[start] === CONTROL.probe ? 'probe' : `${bytes[start]}`);
    },
    flush: () => undefined,
    after: (delayMs, run) => {
      const timer = { atMs: nowMs + delayMs, run };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), 1);
    },
    onBroken: (reason) => broken.push(reason),
  });
  const send = (...numbers: number[]): void => {
    for (const number of numbers) end.send(Uint8Array.of(number, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0, 10);
  };
  /** Lets time pass, and what was carried meanwhile be seen. */
  const run = (forMs: number): string[] => {
    const untilMs = nowMs + forMs;
    for (;;) {
      const [next] = timers.toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > untilMs) break;
      timers.splice(timers.indexOf(next), 1);
      nowMs = next.atMs;
      next.run();
    }
    nowMs = untilMs;
    return carried.splice(0);
  };
  return { end, send, run, broken, timers };
}

describe('a sending end', () => {
  test('without rules carries each frame at once, keeps nothing and sets no timer', () => {
    const { end, send, run, timers } = ended();

    send(1, 2, 3);

    expect(run(0)).toEqual(['1', '2', '3']);
    expect(end.backlogBytes).toBe(0);
    expect(timers).toEqual([]);
  });

  test('whose rules are gone still carries behind what they delayed', () => {
    const { end, send, run } = ended();
    end.replaceRules([{ kind: 'delay', delayMs: 15, jitterMs: 0 }]);
    send(1);
    end.replaceRules([]);
    send(2);

    const early = run(14);

    expect(early).toEqual([]);
    expect(run(1)).toEqual(['1', '2']);
  });

  test('keeps what it sent under rules and asks again and again until it was received', () => {
    const { end, send, run } = ended();
    end.replaceRules([{ kind: 'drop', probability: 0 }]);
    send(1);
    const asked = run(2 * REPAIR_INTERVAL_MS);

    end.onReceived(received(1));

    expect(asked).toEqual(['1', 'probe', 'probe']);
    expect(end.backlogBytes).toBe(0);
    expect(run(10 * REPAIR_INTERVAL_MS)).toEqual([]);
  });

  test('sends once more what is missing', () => {
    const { end, send, run } = ended();
    end.replaceRules([{ kind: 'drop', probability: 1 }]);
    send(1, 2);
    end.replaceRules([]);
    run(REPAIR_INTERVAL_MS - 1);

    run(1);
    end.onReceived(received(0, 0, 1));

    expect(run(0)).toEqual(['1', '2']);
  });

  test('behind a clog asks nothing, and carries everything in order when it is over', () => {
    const { end, send, run } = ended();
    end.replaceRules([{ kind: 'clog' }]);
    send(1, 2);
    const clogged = run(10 * REPAIR_INTERVAL_MS);

    end.replaceRules([]);

    expect(clogged).toEqual([]);
    expect(run(0)).toEqual(['1', '2']);
  });

  test('takes nothing of a rate for its own messages', () => {
    const { end, run } = ended();
    end.replaceRules([{ kind: 'rate', bytesPerSecond: 1 }]);

    for (let i = 0; i < 3; i++) end.sendControl(Uint8Array.of(CONTROL.probe, 0, 0, 0, 0));

    expect(run(0)).toEqual(['probe', 'probe', 'probe']);
  });

  test('breaks when too much is held back', () => {
    const { end, broken } = ended();
    const frame = new Uint8Array(LINK_BACKLOG_BYTES_MAX / 4);
    end.replaceRules([{ kind: 'clog' }]);
    for (let i = 0; i < 4; i++) end.send(frame, 0, frame.length);
    const before = broken.length;

    end.send(frame, 0, 1);

    expect(before).toBe(0);
    expect(broken).toHaveLength(1);
  });

  test('that is closed carries nothing, not even what was delayed', () => {
    const { end, send, run, timers } = ended();
    end.replaceRules([{ kind: 'delay', delayMs: 5, jitterMs: 0 }]);
    send(1);

    end.close();
    send(2);

    expect(run(1_000)).toEqual([]);
    expect(timers).toEqual([]);
  });
});

/** What a receiver says: the number it expects next, and those it misses. */
function received(expected: number, ...missing: number[]): ByteReader {
  const writer = new ByteWriter();
  for (const number of [expected, ...missing]) writer.u32(number);
  return new ByteReader(writer.view());
}
