/**
 * A thread that begins like a storage server and does what the broker's frames say: "throw", "exit", "peers" (answers
 * who it has links to), "to <n> <text>" (sends the text to server n, who hands it to its broker), anything else echoes.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { text, utf8 } from '../../../../src/lib/bytes.ts';
import { Prng } from '../../../../src/lib/prng.ts';
import type { ServerIndex } from '../../../../src/model/ids.ts';
import type { ChannelEnd } from '../../../../src/node/channel.ts';
import { serveControl } from '../../../../src/node/control.ts';
import { openLink } from '../../../../src/node/link.ts';
import { LinkHub } from '../../../../src/node/link-hub.ts';
import type { Neighbour } from '../../../../src/faults/action.ts';
import { GATE, type ServerThreadData } from '../../../../src/node/server-thread.ts';
import type { LinkRule } from '../../../../src/routing/link-rules.ts';

const data = workerData as ServerThreadData;
const gate = new Int32Array(data.gate);
const peers = new Set<Neighbour>();

const hub: LinkHub<Neighbour> = new LinkHub<Neighbour>({
  onFrame: (from, bytes, start, end) => onText(from, text(bytes, start, end)),
  onBatchEnd: () => undefined,
  onLinkLost: (from) => {
    peers.delete(from);
  },
});

function onText(from: Neighbour, said: string): void {
  if (from !== 'broker') {
    hub.send('broker', utf8(`from ${from}: ${said}`));
    return;
  }
  const [verb, to, ...rest] = said.split(' ');
  if (verb === 'throw') throw new Error('thrown on demand');
  if (verb === 'exit') process.exit(7);
  if (verb === 'to') hub.send(Number(to) as ServerIndex, utf8(rest.join(' ')));
  else if (verb === 'peers')
    hub.send(
      'broker',
      utf8(
        [...peers]
          .map(String)
          .toSorted((a, b) => a.localeCompare(b))
          .join(' '),
      ),
    );
  else hub.send('broker', utf8(`${data.incarnation} ${said}`));
}

function attachLink(to: Neighbour, end: ChannelEnd): void {
  hub.attach(to, (events) => openLink(end, new Prng(data.seed), events));
  if (to !== 'broker') peers.add(to);
}

serveControl(data.control, {
  stop: () => void setImmediate(() => process.exit(0)),
  hang: () => {
    Atomics.compareExchange(gate, 0, GATE.shut, GATE.waited);
    Atomics.wait(gate, 0, GATE.waited);
  },
  attachLink,
  replaceRules: (to: Neighbour, rules: LinkRule[]) => hub.replaceRules(to, rules),
});
for (const { to, rules } of data.rules) hub.replaceRules(to, rules);
for (const { to, end } of data.links) attachLink(to, end);
parentPort?.postMessage({ kind: 'online' });
