/**
 * Is a read as fast as Redis's? GET of 64 bytes by redis-benchmark on both sides, with one copy and as a host is started
 * by default, every write durable on both sides. No timing is a test.
 */
import { besideRedis } from './measure/beside-redis.ts';
import { ONE_COPY, TWO_COPIES } from './measure/host.ts';
import { HAS_REDIS, NO_REDIS } from './measure/redis.ts';
import { report } from './measure/report.ts';

const LEAST = { target: { least: 0.9 }, test: 'get' } as const;

report({
  question: 'get',
  title: 'P4: GET beside Redis',
  rows: HAS_REDIS
    ? await besideRedis([ONE_COPY, TWO_COPIES].flatMap((shape) => [1, 16].map((depth) => ({ ...LEAST, shape, depth }))))
    : [],
  notes: HAS_REDIS ? [] : [NO_REDIS],
});
