import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { text, utf8 } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import { createLinkEnds, type Link, openLink, transferListOf } from '../../src/node/link.ts';
import { LinkHub } from '../../src/node/link-hub.ts';
import { REPAIR_BYTES_MAX } from '../../src/routing/link-repair.ts';
import type { LinkRule } from '../../src/routing/link-rules.ts';

const RING_BYTES = 64 * 1024;

/** A link to a thread that sends every frame back, and what came. */
class Echo {
  readonly link: Link;
  readonly received: Uint8Array[] = [];
  readonly batches: number[] = [];
  readonly hub: LinkHub<'echo'>;
  readonly worker: Worker;
  lost: { broken: boolean; reason: string } | null = null;
  #check: () => void = () => undefined;

  constructor(form: 'ring' | 'port') {
    const [here, there] = createLinkEnds(form, RING_BYTES);
    const thread = new URL('./threads/link-echo.ts', import.meta.url);
    this.worker = new Worker(thread, { workerData: { end: there }, transferList: transferListOf(there) });
    this.hub = new LinkHub<'echo'>({
      onFrame: (_from, bytes, start, end) => this.received.push(bytes.slice(start, end)),
      onBatchEnd: () => {
        this.batches.push(this.received.length);
        this.#check();
      },
      onLinkLost: (_from, _link, loss) => {
        this.lost = loss;
        this.#check();
      },
    });
    this.link = this.hub.attach('echo', (events) => openLink(here, new Prng(2), events));
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#check = () => {
        if (condition()) resolve();
      };
      this.#check();
    });
  }

  async end(): Promise<void> {
    this.hub.close();
    await this.worker.terminate();
  }
}

describe.each(['ring', 'port'] as const)('a link over a %s', (form) => {
  let echo: Echo;

  afterEach(() => echo.end());

  function sendNumbered(frames: number, sizeMax: number): Uint8Array[] {
    const prng = new Prng(3);
    return Array.from({ length: frames }, (_, number) => {
      const frame = new Uint8Array(4 + prng.below(sizeMax)).fill(number);
      new DataView(frame.buffer).setUint32(0, number);
      echo.hub.send('echo', frame);
      return frame;
    });
  }

  test('delivers frames of all sizes whole, once and in order', async () => {
    echo = new Echo(form);

    const sent = sendNumbered(20_000, 300);
    await echo.until(() => echo.received.length >= sent.length);

    expect(Buffer.concat(echo.received).equals(Buffer.concat(sent))).toBe(true);
    expect(echo.link.backlogBytes).toBe(0);
  });

  test('delivers a frame that is larger than the ring', async () => {
    echo = new Echo(form);
    const large = new Uint8Array(5_000_001).map((_, i) => i * 7);

    for (const frame of [utf8('before'), large, utf8('behind')]) echo.hub.send('echo', frame);
    await echo.until(() => echo.received.length === 3);

    expect(echo.received.map((frame) => frame.length)).toEqual([6, large.length, 6]);
    expect(Buffer.from(large).equals(echo.received[1] as Uint8Array)).toBe(true);
  });

  test('delivers an empty frame', async () => {
    echo = new Echo(form);

    echo.hub.send('echo', new Uint8Array(0));
    await echo.until(() => echo.received.length === 1);

    expect(echo.received).toEqual([new Uint8Array(0)]);
  });

  test('gives the frames of one turn as one batch', async () => {
    echo = new Echo(form);

    for (let i = 0; i < 100; i++) echo.hub.send('echo', utf8(`${i}`));
    await echo.until(() => echo.received.length === 100);

    expect(new Set(echo.batches.filter((count) => count > 0))).toEqual(new Set([100]));
  });

  test('copies a frame before send returns', async () => {
    echo = new Echo(form);
    const frame = utf8('first');

    echo.hub.send('echo', frame);
    frame.set(utf8('xxxxx'));
    await echo.until(() => echo.received.length === 1);

    expect(text(echo.received[0] as Uint8Array)).toBe('first');
  });

  test('shows what the other side does not read as a backlog, and lets it go when it reads again', async () => {
    echo = new Echo(form);
    echo.hub.send('echo', utf8('sleep 200'));
    echo.hub.flush();
    await echo.until(() => true);

    const sent = sendNumbered(8_000, 1_000);
    echo.hub.flush();
    const backlogBytes = echo.link.backlogBytes;
    await echo.until(() => echo.received.length === sent.length + 1);

    const bytes = sent.reduce((sum, frame) => sum + frame.length, 0);
    expect(backlogBytes).toBeGreaterThan(bytes / 3);
    expect(echo.link.backlogBytes).toBe(0);
  });

  test('tells of the end of the other side behind its last frame', async () => {
    echo = new Echo(form);

    echo.hub.send('echo', utf8('end'));
    await echo.until(() => echo.lost !== null);

    expect(echo.received.map((frame) => text(frame))).toEqual(['end']);
    expect(echo.lost).toEqual({ broken: false, reason: 'the other side is gone' });
  });

  test.each<[string, LinkRule[]]>([
    ['loses 30 % of the frames', [{ kind: 'drop', probability: 0.3 }]],
    ['doubles 50 % of the frames', [{ kind: 'duplicate', probability: 0.5, withinMs: 10 }]],
    ['holds 50 % of the frames back', [{ kind: 'reorder', probability: 0.5, withinMs: 10 }]],
    [
      'does all that and delays',
      [
        { kind: 'drop', probability: 0.1 },
        { kind: 'duplicate', probability: 0.1, withinMs: 10 },
        { kind: 'reorder', probability: 0.1, withinMs: 10 },
        { kind: 'delay', delayMs: 10, jitterMs: 5 },
      ],
    ],
    ['lets few bytes a second pass', [{ kind: 'rate', bytesPerSecond: 200_000 }]],
  ])('still delivers every frame once and in order when a rule %s', async (_name, rules) => {
    echo = new Echo(form);
    echo.link.replaceRules(rules);

    const sent = sendNumbered(1_000, 100);
    await echo.until(() => echo.received.length >= sent.length);

    expect(Buffer.concat(echo.received).equals(Buffer.concat(sent))).toBe(true);
  });

  test('keeps the order when the rules go while frames are on their way', async () => {
    echo = new Echo(form);
    echo.link.replaceRules([{ kind: 'delay', delayMs: 30, jitterMs: 0 }]);
    echo.hub.send('echo', utf8('1'));
    echo.link.replaceRules([]);

    echo.hub.send('echo', utf8('2'));
    await echo.until(() => echo.received.length === 2);

    expect(echo.received.map((frame) => text(frame))).toEqual(['1', '2']);
  });

  test('delivers nothing while it is clogged, not even what was delayed before, and everything in order afterwards', async () => {
    echo = new Echo(form);
    echo.link.replaceRules([{ kind: 'delay', delayMs: 1, jitterMs: 0 }]);
    echo.hub.send('echo', utf8('1'));
    echo.link.replaceRules([{ kind: 'clog' }]);
    echo.hub.send('echo', utf8('2'));
    echo.hub.flush();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const clogged = echo.received.length;

    echo.link.replaceRules([]);
    echo.hub.send('echo', utf8('3'));
    await echo.until(() => echo.received.length === 3);

    expect([clogged, ...echo.received.map((frame) => text(frame))]).toEqual([0, '1', '2', '3']);
  });

  test('delivers nothing while it is cut, and what was sent meanwhile when it is healed', async () => {
    echo = new Echo(form);
    echo.link.replaceRules([{ kind: 'cut' }]);
    echo.hub.send('echo', utf8('while cut'));
    echo.hub.flush();
    const cutOff = echo.received.length;

    echo.link.replaceRules([]);
    await echo.until(() => echo.received.length === 1);

    expect(cutOff).toBe(0);
    expect(text(echo.received[0] as Uint8Array)).toBe('while cut');
  });

  test('says that it broke when frames are lost for good', async () => {
    echo = new Echo(form);
    echo.link.replaceRules([{ kind: 'cut' }]);
    const frame = new Uint8Array(REPAIR_BYTES_MAX / 2 + 1);
    for (let i = 0; i < 2; i++) echo.hub.send('echo', frame);

    echo.link.replaceRules([]);
    await echo.until(() => echo.lost !== null);

    expect(echo.received).toEqual([]);
  });
});
