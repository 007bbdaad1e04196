import { expect, test } from 'vitest';
import { ByteReader } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import type { ChannelEnd } from '../../src/node/channel.ts';
import { createLinkEnds, openLink } from '../../src/node/link.ts';
import { LinkHub } from '../../src/node/link-hub.ts';

const FULL_BYTES = 4 * 1024 * 1024;
const ANSWER_BYTES = 300 * 1024;

/** A side that counts what it answers, and reads no more while its answers wait. */
class Answerer {
  readonly hub: LinkHub<'asker'>;
  answered = 0;

  constructor(end: ChannelEnd) {
    this.hub = new LinkHub<'asker'>({
      onFrame: (_from, bytes, start) => {
        const answer = new Uint8Array(ANSWER_BYTES);
        answer.set(bytes.subarray(start, start + 4));
        this.answered++;
        this.hub.send('asker', answer);
      },
      onBatchEnd: () => undefined,
      isFull: () => (this.hub.get('asker')?.blockedBytes ?? 0) > FULL_BYTES,
      onLinkLost: () => undefined,
    });
    this.hub.attach('asker', (events) => openLink(end, new Prng(1), events));
  }
}

test.each(['ring', 'port'] as const)('over a %s, who has too much to say reads on when it was heard', async (form) => {
  const [here, there] = createLinkEnds(form);
  const answerer = new Answerer(there);
  const asker = openLink(here, new Prng(2), { onWake() {}, onClosed() {}, onBroken() {} });
  const requests = 200;
  for (let i = 0; i < requests; i++) {
    const request = new Uint8Array(4);
    new DataView(request.buffer).setUint32(0, i, true);
    asker.send(request);
  }
  asker.flush();

  let turns = 0;
  for (let seen = -1; seen !== answerer.answered || turns < 20; turns++) {
    seen = answerer.answered;
    await nextTurn();
  }
  const unheard = answerer.answered;
  const heard: number[] = [];
  while (heard.length < requests) {
    asker.drain((bytes, start, end) => heard.push(new ByteReader(bytes, start, end).u32()), 1024 * 1024);
    asker.sleep();
    await nextTurn();
  }
  answerer.hub.close();
  asker.close();

  expect(unheard * ANSWER_BYTES).toBeGreaterThan(FULL_BYTES);
  expect(unheard * ANSWER_BYTES).toBeLessThan(2 * FULL_BYTES);
  expect(heard).toEqual(Array.from({ length: requests }, (_, i) => i));
});

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
