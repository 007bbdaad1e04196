/**
 * What does the way to another thread and back cost? Frames of 100 bytes in batches to a thread that sends them back: over a
 * link of shared rings, beside a link of posted messages and beside a bare posted message for each frame. No timing is a
 * test.
 */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { assert } from '../src/lib/assert.ts';
import { Prng } from '../src/lib/prng.ts';
import type { ChannelEnd } from '../src/node/channel.ts';
import { createLinkEnds, type Link, openLink, transferListOf } from '../src/node/link.ts';
import { beside, type Row } from './measure/answer.ts';
import { report } from './measure/report.ts';
import { interleaved } from './measure/rounds.ts';
import { amount } from './measure/settings.ts';

const BATCHES = [1, 16, 256];
const FRAME = new Uint8Array(100).fill(7);
const DRAIN_BYTES = 1 << 20;

if (isMainThread) await ask();
else serve();

async function ask(): Promise<void> {
  const rows: Row[] = [];
  const ring = await openEcho('ring');
  const port = await openEcho('port');
  const bare = await openBareEcho();
  for (const batch of BATCHES) {
    const rounds = amount(batch === 256 ? 1_000 : 10_000);
    const perSecond = (echo: Echo) => async (): Promise<number> => {
      const begin = performance.now();
      for (let i = 0; i < rounds; i++) await echo.thereAndBack(batch);
      return (rounds * batch) / ((performance.now() - begin) / 1_000);
    };
    const figures = await interleaved({ ring: perSecond(ring), port: perSecond(port), bare: perSecond(bare) });
    const name = [`there and back, ${batch} frame${batch === 1 ? '' : 's'} at a time`, 'frames/s'] as const;
    rows.push(beside(name, figures.ring, ['posted batches', figures.port]));
    rows.push(beside(name, figures.ring, ['a posted message a frame', figures.bare]));
  }
  for (const { close } of [ring, port, bare]) await close();
  report({ question: 'ring', title: 'Frames of 100 bytes to another thread and back', rows, notes: [] });
}

type Echo = {
  readonly thereAndBack: (frames: number) => Promise<void>;
  readonly close: () => Promise<unknown>;
};

async function openEcho(form: ChannelEnd['form']): Promise<Echo> {
  const [here, there] = createLinkEnds(form);
  const worker = new Worker(new URL(import.meta.url), { workerData: there, transferList: transferListOf(there) });
  await once(worker, 'message');
  let missing = 0;
  let arrived: () => void = () => {};
  const link = pumped(here, () => {
    missing--;
    if (missing === 0) arrived();
  });
  return {
    thereAndBack: (frames) =>
      new Promise((settle) => {
        missing = frames;
        arrived = settle;
        for (let i = 0; i < frames; i++) link.send(FRAME);
        link.flush();
      }),
    close: () => {
      link.close();
      return worker.terminate();
    },
  };
}

async function openBareEcho(): Promise<Echo> {
  const worker = new Worker(new URL(import.meta.url), { workerData: null });
  await once(worker, 'message');
  return {
    thereAndBack: (frames) =>
      new Promise((settle) => {
        let missing = frames;
        const onMessage = (): void => {
          missing--;
          if (missing > 0) return;
          worker.off('message', onMessage);
          settle();
        };
        worker.on('message', onMessage);
        for (let i = 0; i < frames; i++) worker.postMessage(FRAME);
      }),
    close: () => worker.terminate(),
  };
}

/** The other thread: everything back as it came. */
function serve(): void {
  assert(parentPort !== null, 'it runs in a thread');
  const end = workerData as ChannelEnd | null;
  if (end === null) parentPort.on('message', (frame) => parentPort?.postMessage(frame));
  else {
    const link: Link = pumped(end, (bytes, start, stop) => link.send(bytes, start, stop));
  }
  parentPort.postMessage('ready');
}

/** A link that hands over each frame when it comes, and flushes what was sent meanwhile. */
function pumped(end: ChannelEnd, onFrame: (bytes: Uint8Array, start: number, end: number) => void): Link {
  const pump = (): void => {
    do {
      while (link.drain(onFrame, DRAIN_BYTES)) link.flush();
      link.flush();
    } while (!link.sleep());
  };
  const link = openLink(end, new Prng(1), {
    onWake: pump,
    onClosed: () => {},
    onBroken: (reason) => assert(false, reason),
  });
  pump();
  return link;
}
