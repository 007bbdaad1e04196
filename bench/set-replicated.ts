/**
 * What do two durable copies cost beside one durable copy in Redis? Three servers, k = 2, against one Redis with
 * `appendfsync always` and no replica; SET of 64 bytes by redis-benchmark on both sides. No timing is a test.
 */
import { besideRedis } from './measure/beside-redis.ts';
import { witnessHost, witnessRedis } from './measure/durability.ts';
import { TWO_COPIES } from './measure/host.ts';
import { HAS_REDIS, NO_REDIS } from './measure/redis.ts';
import { report } from './measure/report.ts';

const TEST = { shape: TWO_COPIES, test: 'set' } as const;

report({
  question: 'set-replicated',
  title: 'P2: SET durable in two copies, beside Redis with one',
  rows: HAS_REDIS
    ? await besideRedis([
        { ...TEST, depth: 1, target: { least: 0.8 } },
        { ...TEST, depth: 16, target: { least: 1 } },
      ])
    : [],
  notes: HAS_REDIS ? [await witnessHost(TWO_COPIES), await witnessRedis()] : [NO_REDIS],
});
