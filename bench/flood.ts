/**
 * How long does a quiet client wait, who asks for one thing at a time, while another one floods the same port: 1, 50 or
 * 500 connections, each with 10,000 commands under way? On the text port and on that of Redis's protocol, beside Redis.
 * The flood comes from a thread of its own. No timing is a test.
 */
import { alone, beside, type Row } from './measure/answer.ts';
import { drive, keyOf, resp } from './measure/client.ts';
import { percentile } from './measure/figures.ts';
import { startFlood } from './measure/flooding.ts';
import { type Host, showShape, startHost, TWO_COPIES } from './measure/host.ts';
import { openQuiet } from './measure/quiet.ts';
import { HAS_REDIS, NO_REDIS, type Redis, startRedis } from './measure/redis.ts';
import { report } from './measure/report.ts';
import { interleaved } from './measure/rounds.ts';
import { settings } from './measure/settings.ts';

const KEYS = 1_000;
const VALUE = 'v'.repeat(64);
const CROWDS = settings.isQuick ? [1, 50] : [1, 50, 500];
const PIPELINE = 10_000;
/** That the quiet client asks. */
const SECONDS = 2;
/** Each floods anew, which takes as long again. */
const ROUNDS_MOST = 3;
const P99_MS_MOST = 10;

type Protocol = {
  readonly get: (key: string) => string;
  readonly set: (key: string) => string;
  readonly ping: string;
  /** What the answers end with. */
  readonly pong: string;
  readonly got: string;
};

const TEXT: Protocol = {
  get: (key) => `GET ${key}\n`,
  set: (key) => `SET ${key} "${VALUE}"\n`,
  ping: 'PING\n',
  pong: 'PONG\n',
  got: `-> ${VALUE}\n`,
};
const RESP: Protocol = {
  get: (key) => resp('GET', key),
  set: (key) => resp('SET', key, VALUE),
  ping: resp('PING'),
  pong: '+PONG\r\n',
  got: `${VALUE}\r\n`,
};

const host = await startHost(TWO_COPIES);
const redis = HAS_REDIS ? await startRedis() : null;
const ports = [host.resp, ...(redis === null ? [] : [redis.port])];
for (const port of ports) await drive(port, { connections: 1, depth: 100, total: KEYS }, (n) => RESP.set(keyOf(n)));
const rows = [...(await measure('text', TEXT, host.text, null)), ...(await measure('RESP', RESP, host.resp, redis))];
for (const { stop } of [host, ...(redis === null ? [] : [redis])] satisfies (Host | Redis)[]) await stop();
report({
  question: 'flood',
  title: `One quiet client beside connections with ${PIPELINE.toLocaleString('en')} commands under way each`,
  rows,
  notes: redis === null ? [NO_REDIS] : [],
});

async function measure(name: string, protocol: Protocol, port: number, peer: Redis | null): Promise<Row[]> {
  const rows: Row[] = [];
  for (const flooded of ['get', 'set'] as const) {
    const command = protocol[flooded];
    const pipeline = Array.from({ length: PIPELINE - 1 }, (_, n) => command(keyOf(n % KEYS))).join('') + protocol.ping;
    for (const connections of CROWDS) {
      const p99 = async (at: number): Promise<number> => {
        const quiet = await openQuiet(at, protocol.get(keyOf(1)), protocol.got);
        const end = await startFlood({ port: at, connections, pipeline, pong: protocol.pong });
        const times = await quiet.ask(SECONDS);
        await end();
        quiet.close();
        return percentile(times, 0.99);
      };
      const sides = { ours: () => p99(port), ...(peer === null ? {} : { redis: () => p99(peer.port) }) };
      const rounds = Math.min(ROUNDS_MOST, settings.rounds);
      const { ours = [], redis: theirs } = await interleaved<string>(sides, { warmUp: false, rounds });
      const what = `p99 of GET, ${name} port, ${flooded.toUpperCase()} × ${connections}, ${showShape(TWO_COPIES)}`;
      const target = { most: P99_MS_MOST, of: 'ours' } as const;
      rows.push(
        theirs === undefined ? alone(what, 'ms', ours, target) : beside([what, 'ms'], ours, ['Redis', theirs], target),
      );
    }
  }
  return rows;
}
