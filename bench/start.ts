/**
 * How long does a `coppice` command take that does nothing, and a host with nothing in it? Beside `node -e 0`, which is
 * what no command can be faster than, and an empty Redis. No timing is a test.
 */
import { beside } from './measure/answer.ts';
import { coppice, startHost } from './measure/host.ts';
import { run } from './measure/processes.ts';
import { HAS_REDIS, startRedis } from './measure/redis.ts';
import { report } from './measure/report.ts';
import { interleaved } from './measure/rounds.ts';
import { settings } from './measure/settings.ts';

/** A start is short, and no two are alike. */
const ROUNDS = settings.rounds * 3;

const figures = await interleaved(
  {
    node: () => milliseconds(() => run([process.execPath, '-e', '0'])),
    // The warm-up leaves compiled code behind, as the first command of a user does.
    command: () => milliseconds(() => coppice(['--version'])),
    host: () => ready(startHost),
    redis: () => (HAS_REDIS ? ready(startRedis) : Number.NaN),
  },
  { rounds: ROUNDS },
);
report({
  question: 'start',
  title: 'Starting',
  rows: [
    beside(['coppice --version', 'ms'], figures.command, ['node -e 0', figures.node]),
    beside(
      ['an empty host of 3 servers, until it is ready', 'ms'],
      figures.host,
      HAS_REDIS ? ['Redis', figures.redis] : ['node -e 0', figures.node],
    ),
  ],
  notes: [],
});

async function ready(begin: () => Promise<{ readonly stop: () => Promise<void> }>): Promise<number> {
  const before = performance.now();
  const { stop } = await begin();
  const time = performance.now() - before;
  await stop();
  return time;
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}
