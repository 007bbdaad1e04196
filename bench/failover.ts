/**
 * How long does nobody answer when a server dies under load? Three servers, k = 2, clients that each write one value
 * after the other; in the middle one server crashes. The longest time that any client waited for one answer, beside the
 * longest when nothing crashes, and how many acknowledged values were gone afterwards. No timing is a test.
 */
import { alone, beside, type Row } from './measure/answer.ts';
import { ask, converse } from './measure/client.ts';
import { type Host, startHost, statusOf, TWO_COPIES } from './measure/host.ts';
import { report } from './measure/report.ts';
import { interleaved } from './measure/rounds.ts';

const CLIENTS = 8;
const KEYS_OF_A_CLIENT = 100;
const BEFORE_MS = 500;
const AFTER_MS = 1_000;
const POLL_MS = 50;
const WAIT_MS_MOST = 50;

/** What a client was promised, by key: the number of the last write that was answered OK. */
type Acknowledged = Map<string, number>;

const host = await startHost({ ...TWO_COPIES, flags: ['--enable-faults'] });
const acknowledged = Array.from({ length: CLIENTS }, (): Acknowledged => new Map());
const attempted = Array.from({ length: CLIENTS }, (): Acknowledged => new Map());
let writes = 0;
let refused = 0;
let victim = 0;
const rows = await measure();
const lost = await countLost(host);
await host.stop();
report({
  question: 'failover',
  title: 'P10: a server crashes under load, k = 2 on 3 servers',
  rows: [...rows, alone('acknowledged values lost', '', [lost], { most: 0 })],
  notes: [
    `${writes.toLocaleString('en')} writes acknowledged, ${refused} refused, values of ${CLIENTS * KEYS_OF_A_CLIENT} keys read again`,
    'the death of a leader is not measured: this version has no mode with a leader',
  ],
});

async function measure(): Promise<Row[]> {
  const figures = await interleaved({
    calm: () => longestWait(() => Promise.resolve()),
    crash: async () => {
      const server = `s${(victim++ % TWO_COPIES.servers) + 1}`;
      const wait = await longestWait(async () => void (await ask(host.text, [`FAULT crash ${server}`])));
      await ask(host.text, ['FAULT heal']);
      while ((await statusOf(host)).servers.some(({ state }) => state !== 'up')) {
        await new Promise((settle) => setTimeout(settle, POLL_MS));
      }
      return wait;
    },
  });
  const name = ['longest wait of a client for one answer', 'ms'] as const;
  const target = { most: WAIT_MS_MOST, of: 'ours' } as const;
  return [beside(name, figures.crash, ['nothing crashes', figures.calm], target)];
}

/** Milliseconds, from the event on. */
async function longestWait(event: () => Promise<void>): Promise<number> {
  let from = Number.POSITIVE_INFINITY;
  const end = performance.now() + BEFORE_MS + AFTER_MS;
  const waits = Array.from({ length: CLIENTS }, () => 0);
  const clients = waits.map((_, client) =>
    write(client, end, (sent, answered) => {
      if (answered >= from) waits[client] = Math.max(waits[client] as number, answered - sent);
    }),
  );
  await new Promise((settle) => setTimeout(settle, BEFORE_MS));
  from = performance.now();
  await event();
  await Promise.all(clients);
  return Math.max(...waits);
}

/** One write after the other until `end`, and who was promised what. */
async function write(client: number, end: number, onAnswer: (sent: number, answered: number) => void): Promise<void> {
  const promised = acknowledged[client] as Acknowledged;
  const tried = attempted[client] as Acknowledged;
  let key = '';
  let value = Math.max(0, ...tried.values());
  let sent = 0;
  const next = (): string => {
    value++;
    key = `client${client}.${value % KEYS_OF_A_CLIENT}`;
    tried.set(key, value);
    sent = performance.now();
    return `SET "${key}" ${value}`;
  };
  await converse(
    host.text,
    (answer) => {
      const now = performance.now();
      onAnswer(sent, now);
      if (answer.startsWith('OK')) {
        promised.set(key, value);
        writes++;
      } else refused++;
      return now < end ? next() : null;
    },
    next(),
  );
}

/** Keys that have neither the last acknowledged value nor one that was sent after it. */
async function countLost({ text }: Host): Promise<number> {
  let lost = 0;
  for (const [client, promised] of acknowledged.entries()) {
    const keys = [...promised.keys()];
    const answers = await ask(
      text,
      keys.map((key) => `GET "${key}"`),
    );
    for (const [i, answer] of answers.entries()) {
      const key = keys[i] as string;
      const value = Number(/-> (\d+)$/.exec(answer.trim())?.[1]);
      const newest = attempted[client]?.get(key) as number;
      if (!(value >= (promised.get(key) as number) && value <= newest)) lost++;
    }
  }
  return lost;
}
