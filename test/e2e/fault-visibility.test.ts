/** OPS-4: every fault and its end is visible in STATUS, in FAULT LIST and in the log, each within a second. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FORMS } from '../../src/faults/forms.ts';
import type { FaultKind } from '../../src/faults/syntax.ts';
import { allUp, type Program, startProgram, Terminal } from './program.ts';

/** One statement of each kind, all on s2 where it matters. */
const STATEMENTS: Record<FaultKind, string> = {
  crash: 'CRASH s2',
  hang: 'HANG s2',
  slow: 'SLOW s2 2x',
  throw: 'THROW s2 1000',
  oom: 'OOM s2',
  wipe: 'WIPE s2',
  flap: 'FLAP s2 3',
  flaky: 'FLAKY s2 0.5',
  power: 'POWER s2 none',
  'sync-fail': 'FSYNC FAIL s2 NTH 100000',
  'write-fail': 'WRITE FAIL s2 EIO NTH 100000',
  'read-fail': 'READ FAIL s2 P 50% NTH 3+5',
  'torn-write': 'TORN WRITE s2 NTH 100000',
  'disk-full': 'DISK FULL s2',
  'disk-slow': 'DISK SLOW s2 5ms',
  'disk-stall': 'DISK STALL s2',
  bitflip: 'BITFLIP s2 wal 1',
  misdirect: 'MISDIRECT s2 NTH 100000',
  'lose-write': 'LOSE WRITE s2 NTH 100000',
  truncate: 'TRUNCATE s2 wal 8',
  skew: 'SKEW s2 +5s',
  drift: 'DRIFT s2 1.01',
  strobe: 'STROBE s2 20ms every 1s',
  partition: 'PARTITION s2 | s1 s3 broker',
  isolate: 'ISOLATE s2',
  cut: 'CUT s1 -> s2',
  ring: 'RING',
  swizzle: 'SWIZZLE',
  drop: 'DROP s2 5%',
  dup: 'DUP s2 5%',
  reorder: 'REORDER s2 5%',
  clog: 'CLOG s1 -> s3',
  delay: 'DELAY s2 5ms',
  rate: 'RATE * 1mb/s',
  client: 'CLIENT stall',
  point: 'POINT before-wal-sync s2 sleep 1ms',
};

/** What is over when it has happened: it begins and ends in one line of the log each, and is listed at no time. */
const AT_ONCE: readonly FaultKind[] = ['oom', 'bitflip', 'truncate'];

const VISIBLE_MS = 1_000;

let program: Program;
let terminal: Terminal;
let json: Terminal;
let log = '';

beforeAll(async () => {
  program = await startProgram(['--enable-faults', '--empty', '--seed', '7']);
  program.process.stderr?.on('data', (chunk: string) => {
    log += chunk;
  });
  terminal = await Terminal.open(program.text);
  json = await Terminal.open(program.text);
  await json.ask('FORMAT json');
  // An operator's connections go on when those of clients stall.
  await json.ask('FAULT list');
  await terminal.ask('SET key 1');
});

afterAll(async () => {
  terminal.close();
  json.close();
  await program.stop();
});

/** Where the fault is seen: among those that act, by STATUS and by FAULT LIST, and as such a line of the log. */
async function sights(name: string, said: 'begun' | 'healed') {
  const status = JSON.parse(await json.final('STATUS')) as { readonly faults: readonly { readonly id: string }[] };
  const listed = await terminal.final('FAULT list');
  return {
    status: status.faults.some(({ id }) => id === name),
    list: listed.includes(`"id":"${name}"`),
    log: log.includes(`fault ${name} ${said}: `),
  };
}

/** What is seen as soon as it is as expected, or when time is up. */
async function seenInTime(name: string, said: 'begun' | 'healed', acts: boolean) {
  const end = performance.now() + VISIBLE_MS;
  for (;;) {
    const seen = await sights(name, said);
    const isRight = seen.status === acts && seen.list === acts && seen.log;
    if (isRight || performance.now() > end) return seen;
  }
}

test('there is a statement here of every kind', () => {
  expect(Object.keys(STATEMENTS).toSorted()).toEqual(FORMS.map(({ kind }) => kind).toSorted());
});

test.each(Object.entries(STATEMENTS) as [FaultKind, string][])(
  '%s: %s',
  { timeout: 60_000 },
  async (kind, statement) => {
    const acts = !AT_ONCE.includes(kind);
    const answer = await terminal.final(`FAULT ${statement}`);
    const name = answer.split(' ')[1] as string;

    const during = await seenInTime(name, 'begun', acts);
    const healed = await terminal.final(`FAULT HEAL ${name}`);
    const after = await seenInTime(name, 'healed', false);
    await terminal.ask('FAULT HEAL');
    await allUp(program.text);

    expect(answer).toMatch(/^OK f\d+ /);
    expect(during).toEqual({ status: acts, list: acts, log: true });
    expect(healed).toBe(`OK healed ${acts ? 1 : 0}`);
    expect(after).toEqual({ status: false, list: false, log: true });
  },
);

test('a fault that is healed by its FOR, or has acted as often as it was to, is over for everybody', async () => {
  const timed = (await terminal.final('FAULT DELAY s2 1ms FOR 100ms')).split(' ')[1] as string;
  const counted = (await terminal.final('FAULT POINT after-wal-sync all sleep 1ms TIMES 1')).split(' ')[1] as string;
  await terminal.askAll(Array.from({ length: 24 }, (_, i) => `SET key${i} 1`));

  expect(await seenInTime(timed, 'healed', false)).toEqual({ status: false, list: false, log: true });
  expect(await seenInTime(counted, 'healed', false)).toEqual({ status: false, list: false, log: true });
});
