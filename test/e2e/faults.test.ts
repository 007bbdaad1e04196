import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Program, startProgram, Terminal } from './program.ts';

type Status = {
  readonly servers: readonly {
    readonly id: string;
    readonly state: string;
    readonly incarnation: number;
    readonly reason: string | null;
    readonly clockOffsetMs: number;
  }[];
  readonly faults: readonly { readonly id: string; readonly statement: string; readonly until: string | null }[];
};

const KEYS = Array.from({ length: 24 }, (_, i) => `key${i}`);

/** Milliseconds in which a fault and its end must be visible. */
const VISIBLE_MS = 1_000;

describe('every fault over the text port', () => {
  let program: Program;
  let terminal: Terminal;
  let json: Terminal;
  let log = '';
  /** What every key holds. */
  let written = 0;

  beforeAll(async () => {
    program = await startProgram(['--enable-faults', '--empty', '--seed', '7']);
    program.process.stderr?.on('data', (chunk: string) => {
      log += chunk;
    });
    terminal = await Terminal.open(program.text);
    json = await Terminal.open(program.text);
    await json.ask('FORMAT json');
  });

  beforeEach(async () => {
    await terminal.ask('FAULT heal');
    await until((status) => status.servers.every(({ state }) => state === 'up') && status.faults.length === 0);
    await writeAll();
  });

  afterAll(async () => {
    terminal.close();
    json.close();
    await program.stop();
  });

  async function status(): Promise<Status> {
    return JSON.parse(await json.final('STATUS')) as Status;
  }

  async function s2(): Promise<Status['servers'][number]> {
    return (await status()).servers[1] as Status['servers'][number];
  }

  async function until(isWished: (status: Status) => boolean, limitMs = 20_000): Promise<void> {
    await json.until('STATUS', (answer) => isWished(JSON.parse(answer) as Status), limitMs);
  }

  /** One value for all keys; milliseconds it took until the last was acknowledged. */
  async function writeAll(): Promise<number> {
    written++;
    const began = performance.now();
    const answers = await terminal.askAll(KEYS.map((key) => `SET ${key} ${written}`));
    expect(answers.map((answer) => answer.at(-1)?.split(' ')[0])).toEqual(KEYS.map(() => 'OK'));
    return performance.now() - began;
  }

  async function readAll(): Promise<string[]> {
    const answers = await terminal.askAll(KEYS.map((key) => `GET ${key}`));
    return answers.map((answer) => answer.at(-1) as string);
  }

  /** What `readAll` answers when nothing is lost. */
  function everything(): string[] {
    return KEYS.map((key) => `${key} -> ${written}`);
  }

  /** Begins a fault and sees it in STATUS and in the log in time; answers its name. */
  async function begin(statement: string): Promise<string> {
    const answer = await terminal.final(`FAULT ${statement}`);
    expect(answer).toMatch(/^OK f\d+ /);
    const [, name] = answer.split(' ') as [string, string];
    await seen(`fault ${name} begun: `);
    return name;
  }

  /** The log says it in time. */
  async function seen(text: string): Promise<void> {
    const end = performance.now() + VISIBLE_MS;
    while (!log.includes(text) && performance.now() < end) await json.ask('PING');
    expect(log).toContain(text);
  }

  async function listed(name: string): Promise<boolean> {
    return (await status()).faults.some(({ id }) => id === name);
  }

  test.each(['crash s2', 'wipe s2', 'power-loss s2', 'power-loss s2 none', 'CRASH random 1'])(
    '%s puts a server down until it is healed, and nothing is lost',
    async (statement) => {
      const name = await begin(statement);
      const { servers } = await status();
      const isListed = await listed(name);
      await writeAll();

      await terminal.ask(`FAULT heal ${name}`);
      await seen(`fault ${name} healed: `);
      await until((now) => now.servers.every(({ state }) => state === 'up'));

      expect(isListed).toBe(true);
      expect(servers.filter(({ state }) => state === 'down')).toHaveLength(1);
      expect(await listed(name)).toBe(false);
      expect(await readAll()).toEqual(everything());
    },
  );

  test('a server that is down comes back by RESTART, by a FOR, and by HEAL', async () => {
    await begin('crash s2');
    await terminal.ask('FAULT restart s2');
    await until(({ servers, faults }) => servers[1]?.state === 'up' && faults.length === 0);

    const name = await begin('crash s1 FOR 300ms');
    const { faults } = await status();
    await seen(`fault ${name} healed: `);
    await until(({ servers }) => servers[0]?.state === 'up');

    expect(faults[0]?.until).toMatch(/^\d{4}-/);
    expect(await readAll()).toEqual(everything());
  });

  test('a loss of all power takes every server down, and gives everything back that was acknowledged', async () => {
    await begin('power-loss');
    const refused = await terminal.final('GET key0');

    expect((await status()).servers.map(({ state }) => state)).toEqual(['down', 'down', 'down']);
    await terminal.ask('FAULT heal');
    await until(({ servers }) => servers.every(({ state }) => state === 'up'));

    expect(refused).toMatch(/^ERROR UNAVAILABLE/);
    expect(await readAll()).toEqual(everything());
  });

  test.each(['hang s2 2s', 'pause s2', 'cut s2 | s1 s3 broker', 'isolate s2', 'clog s2', 'disk stall s2'])(
    '%s: a server that is not heard of is put out, and is back when it is over',
    async (statement) => {
      const { incarnation } = await s2();

      const name = await begin(statement);
      const writing = writeAll();
      await until(({ servers }) => servers[1]?.state === 'down' || (servers[1]?.incarnation ?? 0) > incarnation);
      await writing;
      await terminal.ask(`FAULT heal ${name}`);
      await until(({ servers }) => servers[1]?.state === 'up');

      expect(await readAll()).toEqual(everything());
    },
  );

  test('a paused server that is resumed in time is not put out', async () => {
    const { incarnation } = await s2();

    await begin('pause s2');
    await terminal.ask('FAULT resume s2');

    expect((await s2()).incarnation).toBe(incarnation);
    expect(await readAll()).toEqual(everything());
  });

  test.each<[string, number]>([
    ['delay s2 50ms', 50],
    ['delay s2 60ms +-20ms normal', 20],
    ['delay broker -> s2 40ms const', 40],
    ['slow-disk s2 40ms', 40],
  ])('%s: writes take that much longer', async (statement, leastMs) => {
    await begin(statement);

    expect(await writeAll()).toBeGreaterThan(leastMs);
    expect(await readAll()).toEqual(everything());
  });

  test.each([
    'drop 10%',
    'duplicate s2 20%',
    'reorder s2 20%',
    'drop s2 -> broker 20%',
    'rate s2 200000 /s',
    'cut s1 -> s2',
    'slow s2 3x',
  ])('%s: every write is acknowledged, and read', async (statement) => {
    const name = await begin(statement);

    expect(await listed(name)).toBe(true);
    for (let i = 0; i < 5; i++) await writeAll();
    expect(await readAll()).toEqual(everything());
  });

  // Each on another server: one that dies again and again is started again later and later.
  test.each<[string, number]>([
    ['sync-fail s1', 0],
    ['torn-write s3', 2],
    ['write fail s1 EIO', 0],
    ['throw s3', 2],
  ])('%s: the server ends, and is started again without being asked', async (statement, server) => {
    const before = (await status()).servers[server]?.incarnation;

    const name = await begin(statement);
    while ((await status()).servers[server]?.incarnation === before) {
      await terminal.askAll(KEYS.map((key) => `SET ${key} ${written}`));
    }
    // What acts once is over then, and says so.
    if (statement.startsWith('write')) await terminal.ask(`FAULT heal ${name}`);
    await seen(`fault ${name} healed: `);
    await until(({ servers }) => servers[server]?.state === 'up');

    expect(await readAll()).toEqual(everything());
  });

  test.each(['oom s2', 'flap s2 2'])(
    '%s: the server ends and comes back, the others notice nothing',
    async (statement) => {
      const before = await status();

      await begin(statement);
      await until(({ servers }) => (servers[1]?.incarnation ?? 0) > (before.servers[1]?.incarnation ?? 0));
      await terminal.ask('FAULT heal');
      await until(({ servers }) => servers[1]?.state === 'up');

      expect((await status()).servers[0]?.incarnation).toBe(before.servers[0]?.incarnation);
      expect(await readAll()).toEqual(everything());
    },
  );

  test.each([
    'flip-bit s2',
    'bitflip s2 wal 3',
    'truncate s2 wal 700',
    'bitflip s2 meta 1',
    'misdirect s2',
    'lose write s2',
  ])('%s: what is wrong with its files is found when it starts, and repaired from the others', async (statement) => {
    await begin(statement);
    await writeAll();
    await terminal.ask('FAULT restart s2');
    await until(({ servers }) => servers[1]?.state === 'up');

    expect(await readAll()).toEqual(everything());
  });

  test('reads of its disk that fail keep a server from starting, until they are healed', async () => {
    await begin('read fail s2');
    await terminal.ask('FAULT restart s2');
    await writeAll();
    await terminal.ask('FAULT heal');
    await until(({ servers }) => servers[1]?.state === 'up');

    expect(await readAll()).toEqual(everything());
  });

  test('a full disk refuses writes with DISK, and takes them again when it is healed', async () => {
    const document = `{"filler":"${'x'.repeat(200_000)}"}`;
    await begin('disk-full s2');

    const answers = [];
    for (let i = 0; i < 60 && !answers.at(-1)?.startsWith('ERROR'); i++) {
      answers.push(await terminal.final(`SET big${i % 12} ${document}`));
    }
    const state = (await s2()).state;
    await terminal.ask('FAULT heal');
    await terminal.until(`SET big0 ${document}`, (answer) => answer.startsWith('OK'));

    expect(answers.at(-1)).toMatch(/^ERROR DISK/);
    expect(state).toBe('up');
    expect(await readAll()).toEqual(everything());
  });

  // N-01, N-06
  test('a flaky server answers with what was before, and has everything after a restart, also past a checkpoint', async () => {
    const before = written;
    await begin('flaky all 1');
    await writeAll();
    const during = await readAll();

    await terminal.ask('SNAPSHOT');
    const directory = join(program.directory, 's1');
    await vi.waitUntil(() => readdirSync(directory).some((name) => /^checkpoint-\d+$/.test(name)), { timeout: 5_000 });
    await terminal.ask('FAULT heal');
    await terminal.ask('FAULT restart all');
    await until(({ servers }) => servers.every(({ state }) => state === 'up'));

    expect(during).toEqual(KEYS.map((key) => `${key} -> ${before}`));
    expect(await readAll()).toEqual(everything());
  });

  // N-03
  test('of a bulk flaky servers show all or nothing', async () => {
    await begin('flaky all 0.5 SEED 3');
    const seen = [];
    for (let i = 0; i < 30; i++) {
      written++;
      await terminal.ask(`BULKSET ${JSON.stringify(KEYS.map((key) => [key, written]))}`);
      seen.push(new Set((await readAll()).map((line) => Number(line.split(' ').at(-1)))));
    }

    expect(seen.map(({ size }) => size)).toEqual(seen.map(() => 1));
    const shown = seen.filter((values, i) => values.has(written - 29 + i)).length;
    expect([shown > 3, shown < 27]).toEqual([true, true]);
    await terminal.ask('FAULT restart all');
    await until(({ servers }) => servers.every(({ state }) => state === 'up'));
    expect(await readAll()).toEqual(everything());
  });

  test('a server that lacks a write in memory gives no copy of it to another', async () => {
    await begin('flaky s1 1');
    await writeAll();
    await begin('wipe s2');
    await terminal.ask('FAULT heal');
    await until(({ servers }) => servers.every(({ state }) => state === 'up'));
    await terminal.ask('FAULT restart all');
    await until(({ servers }) => servers.every(({ state }) => state === 'up'));

    expect(await readAll()).toEqual(everything());
  });

  test.each<[string, (offsetMs: number) => boolean]>([
    ['skew s2 +5s', (offsetMs) => offsetMs === 5_000],
    ['skew s2 -250ms', (offsetMs) => offsetMs === -250],
    ['drift s2 2', (offsetMs) => offsetMs > 0],
    ['strobe s2 300ms every 60s', (offsetMs) => offsetMs === 300],
  ])('%s: STATUS shows how far its clock is off', async (statement, isRight) => {
    await begin(statement);
    await until(({ servers }) => servers[1]?.clockOffsetMs !== 0, VISIBLE_MS);

    expect(isRight((await s2()).clockOffsetMs)).toBe(true);
    expect((await status()).servers[0]?.clockOffsetMs).toBe(0);
    expect(await terminal.final('STATUS')).toMatch(/clock=[+-]\d+ms.* \| fault f\d+ /);
  });

  test('the faults that act are listed as one line of JSON, with their names', async () => {
    await begin('delay s2 5ms');
    await terminal.ask('FAULT drop s1 1% AS leaky');

    const list = await terminal.final('FAULT list');

    expect(JSON.parse(list.slice(list.indexOf('[')))).toMatchObject([
      { statement: expect.stringContaining('DELAY'), servers: ['s2'] },
      { id: 'leaky', servers: ['s1'] },
    ]);
  });

  test('what cannot be is refused with its column, and nothing is injected', async () => {
    expect(await terminal.final('FAULT crash s9')).toMatch(/^ERROR BADFAULT 1:7: expected a server/);
    expect(await terminal.final('FAULT explode s1')).toMatch(/^ERROR BADFAULT/);
    expect((await status()).faults).toEqual([]);
  });
});

test('without --enable-faults every statement is refused, and FORCE is not one', async () => {
  const program = await startProgram(['--empty', '--quiet', '--servers', '1', '--replicas', '1']);
  const terminal = await Terminal.open(program.text);

  const answers = [];
  for (const statement of ['crash s1', 'list', 'heal', 'nonsense'])
    answers.push(await terminal.final(`FAULT ${statement}`));
  const forced = await terminal.final('FORCE s1');
  terminal.close();
  await program.stop();

  for (const answer of answers) expect(answer).toMatch(/^ERROR FAULTSOFF /);
  expect(forced).not.toMatch(/FAULTSOFF/);
});
