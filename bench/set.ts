/**
 * Is a durable write as fast as Redis's with `appendfsync always`? One copy on one server, SET of 64 bytes by
 * redis-benchmark on both sides. No timing is a test.
 */
import { besideRedis } from './measure/beside-redis.ts';
import { witnessHost, witnessRedis } from './measure/durability.ts';
import { ONE_COPY } from './measure/host.ts';
import { HAS_REDIS, NO_REDIS } from './measure/redis.ts';
import { report } from './measure/report.ts';

const TEST = { shape: ONE_COPY, test: 'set' } as const;

report({
  question: 'set',
  title: 'P1: durable SET, one copy, beside Redis with `appendfsync always`',
  rows: HAS_REDIS
    ? await besideRedis([
        { ...TEST, depth: 1, target: { least: 1 } },
        { ...TEST, depth: 16, target: { least: 2 } },
      ])
    : [],
  notes: HAS_REDIS ? [await witnessHost(ONE_COPY), await witnessRedis()] : [NO_REDIS],
});
