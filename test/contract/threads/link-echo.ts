/** The other side of a link under test: sends every frame back; a frame "sleep <ms>" makes it sleep first, "end" ends it. */
import { workerData } from 'node:worker_threads';
import { text } from '../../../src/lib/bytes.ts';
import { Prng } from '../../../src/lib/prng.ts';
import type { ChannelEnd } from '../../../src/node/channel.ts';
import { openLink } from '../../../src/node/link.ts';
import { LinkHub } from '../../../src/node/link-hub.ts';

const { end } = workerData as { end: ChannelEnd };
let isOver = false;

const hub: LinkHub<'test'> = new LinkHub<'test'>({
  onFrame: (from, bytes, start, frameEnd) => {
    const word = frameEnd - start < 16 ? text(bytes, start, frameEnd) : '';
    if (word === 'end') isOver = true;
    if (word.startsWith('sleep ')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(word.slice(6)));
    hub.send(from, bytes.slice(start, frameEnd));
  },
  onBatchEnd: () => {
    if (!isOver) return;
    hub.flush();
    process.exit();
  },
  onLinkLost: () => process.exit(),
});
hub.attach('test', (events) => openLink(end, new Prng(1), events));
