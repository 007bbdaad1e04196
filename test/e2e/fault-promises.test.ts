/** What the store promises, asked of real threads under load while one fault after the other acts. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run, temporaryDirectory } from './program.ts';

const LINKS = [
  'delay s2 30ms +-20ms FOR 600ms',
  'delay * 5ms +-5ms exp FOR 600ms',
  'drop 10% FOR 600ms',
  'dup 30% FOR 600ms',
  'reorder 30% FOR 600ms',
  'rate s1 100000 /s FOR 600ms',
  'cut s1 -> s2 FOR 600ms',
  'cut s2 -> broker FOR 800ms',
  'partition s1 | s2 s3 FOR 600ms',
  'clog s3 FOR 300ms',
];

const THREADS_AND_DISKS = [
  'crash s1 FOR 300ms',
  'hang s2 FOR 800ms',
  'slow s3 4x FOR 600ms',
  'power-loss s2 random FOR 300ms',
  'power-loss all prefix FOR 300ms',
  'sync-fail s3',
  'torn-write s1',
  'slow-disk s2 20ms FOR 600ms',
  'disk stall s3 FOR 700ms',
  'flip-bit s1',
  'restart s1',
  'throw s2',
];

test.each([
  { what: 'messages', faults: LINKS },
  { what: 'threads and disks', faults: THREADS_AND_DISKS },
])('every history is linearizable under faults of $what', { timeout: 120_000 }, async ({ faults }) => {
  const script = join(temporaryDirectory(), 'promises.fault');
  const lines = [
    'SEED 42',
    'CLUSTER servers 3 replicas 2 mode replicated',
    'LOAD w clients 6 rate 300 mix get:45,set:40,bulk:15 keys 12',
    ...faults.map((fault, i) => `at ${300 + i * 900}ms FAULT ${fault}`),
    'at end EXPECT linearizable',
    'at end EXPECT lost = 0',
    'at end EXPECT partial bulks = 0',
  ];
  writeFileSync(script, `${lines.join('\n')}\n`);

  const { code, stdout, stderr } = await run(['fault', script]);

  expect(code, stdout + stderr).toBe(0);
});
