import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Exchange, mismatch } from './golden.ts';
import { allUp, type Program, startProgram, Terminal } from './program.ts';
import { TRAPS } from './traps.ts';

/** Every request whose answer is not the expected one, with both. */
async function wrongAnswers(terminal: Terminal, exchanges: readonly Exchange[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const [request, expected] of exchanges) {
    const difference = mismatch(await terminal.ask(request), expected);
    if (difference !== null) wrong.push(`${request}: ${difference}`);
  }
  return wrong;
}

function arrow(key: string, value: string): string {
  return `${key} -> [ "v" -> "${value}" ]`;
}

describe('three servers with two copies', () => {
  let program: Program;
  let terminal: Terminal;

  beforeAll(async () => {
    program = await startProgram(['--enable-faults', '--empty', '--quiet']);
    terminal = await Terminal.open(program.text);
  });

  afterAll(async () => {
    terminal.close();
    await program.stop();
  });

  test.each(TRAPS)('$name', async ({ exchanges }) => {
    expect(await wrongAnswers(terminal, exchanges)).toEqual([]);
  });

  test('Z6: what one connection writes, another reads, and so does the next after it', async () => {
    const writer = await Terminal.open(program.text);
    const written = await writer.ask('PUT "z6" -> [ "a" -> 1 ]');
    const read = await terminal.ask('GET z6');
    writer.close();
    const reader = await Terminal.open(program.text);
    const readLater = await reader.ask('GET z6');
    reader.close();

    expect([written, read, readLater]).toEqual([['OK'], ['z6 -> [ "a" -> 1 ]'], ['z6 -> [ "a" -> 1 ]']]);
  });

  test('Z9: owners are drawn for every record, each has its copies, and there is one answer', async () => {
    const keys = Array.from({ length: 600 }, (_, i) => `z9:${i}`);
    const before = await keysPerServer(program.text, 2);

    await terminal.askAll(keys.map((key) => `SET ${key} {"v":1}`));
    const after = await keysPerServer(program.text, 2);
    const answers = await terminal.askAll(['GET z9:5', 'QUERY z9:5.v', 'COMPUTE 2*x WHERE x = QUERY z9:5.v', 'PING']);

    const stored = after.map((count, server) => count - (before[server] as number));
    // Two of three servers each: 400 and four deviations of a binomial draw.
    for (const count of stored) expect(Math.abs(count - 400)).toBeLessThan(46);
    expect(answers).toEqual([['z9:5 -> [ "v" -> 1 ]'], ['z9:5.v -> 1'], ['2'], ['PONG']]);
  });

  test('Z10: a megabyte in small pieces, ten thousand fields, and the connection stays in step', async () => {
    const big = 'abcdefghij'.repeat(100_000);
    const line = `PUT "z10" -> [ "v" -> "${big}" ]\n`;
    const fields = Array.from({ length: 10_000 }, (_, i) => `"f${i}" -> ${i}`).join(' | ');

    for (let at = 0; at < 2_000; at++) await terminal.send(line.slice(at, at + 1));
    for (let at = 2_000; at < line.length; at += 1_023) await terminal.send(line.slice(at, at + 1_023));
    const stored = await terminal.answer();
    const read = await terminal.final('GET z10');
    const wide = await terminal.askAll([`PUT "z10w" -> [ ${fields} ]`, 'QUERY z10w.f9999', 'GET z10w', 'PING']);

    expect(stored).toEqual(['OK']);
    expect(read === arrow('z10', big)).toBe(true);
    expect([wide[0], wide[1], wide[3]]).toEqual([['OK'], ['z10w.f9999 -> 9999'], ['PONG']]);
    expect(wide[2]?.[0] === `z10w -> [ ${fields} ]`).toBe(true);
  });

  test('Z13, Z16: a delete is refused with a server down, which then comes back to a broker that went on', async () => {
    const refused = await wrongAnswers(terminal, [
      ['PUT "z16" -> [ "v" -> "old" ]', 'OK'],
      ['FAULT crash s1', /^OK/],
      ['DELETE z16', /^ERROR UNRELIABLE .*s1/],
      ['GET z16', [arrow('z16', 'old')]],
      ['PUT "z16" -> [ "v" -> "new" ]', /^OK/],
      ['FAULT restart s1', /^OK/],
    ]);
    await allUp(program.text);
    const caughtUp = await wrongAnswers(terminal, [
      ['FAULT crash s2', /^OK/],
      ['GET z16', [arrow('z16', 'new')]],
      ['FAULT heal', /^OK/],
    ]);
    await allUp(program.text);
    const deleted = await wrongAnswers(terminal, [
      ['DELETE z16', 'z16 -> OK'],
      ['GET z16', ['z16 -> NOT FOUND']],
    ]);

    expect([...refused, ...caughtUp, ...deleted]).toEqual([]);
  });
});

test('Z27, Z30: concurrent writers leave one order, in memory as on the disk; SHUTDOWN ends within 2 seconds', async () => {
  const first = await startProgram(['--empty', '--quiet']);
  const terminals = await Promise.all([1, 2, 3].map(() => Terminal.open(first.text)));
  const keys = Array.from({ length: 20 }, (_, i) => `z27:${i}`);

  await Promise.all(
    terminals.map((terminal, writer) =>
      terminal.askAll(
        Array.from({ length: 400 }, (_, n) => `SET ${keys[n % keys.length]} "writer ${writer} write ${n}"`),
      ),
    ),
  );
  const [terminal] = terminals as [Terminal];
  const before = await terminal.askAll(keys.map((key) => `GET ${key}`));
  const asked = performance.now();
  expect(await terminal.final('SHUTDOWN')).toMatch(/^OK/);
  const code = await first.exited;
  const took = performance.now() - asked;
  const second = await startProgram(['--empty', '--quiet'], first.directory);
  const reader = await Terminal.open(second.text);
  const after = await reader.askAll(keys.map((key) => `GET ${key}`));
  reader.close();
  await second.stop();

  expect(code).toBe(0);
  expect(took).toBeLessThan(2_000);
  expect(after).toEqual(before);
});

// The warning is due when k or more servers are down, whatever N is: not when fewer than k are up, not at two.
test.each([
  { servers: 5, replicas: 2, down: ['s1', 's2'], warns: [false, true] },
  { servers: 4, replicas: 4, down: ['s1', 's2', 's3'], warns: [false, false, false] },
  { servers: 4, replicas: 2, down: ['s1', 's2', 's3'], warns: [false, true, true] },
])('Z14, Z15: $servers servers with $replicas copies warn from $replicas down on, and go on', async (shape) => {
  const program = await startProgram([
    '--enable-faults',
    '--empty',
    '--quiet',
    '--servers',
    String(shape.servers),
    '--replicas',
    String(shape.replicas),
  ]);
  const terminal = await Terminal.open(program.text);
  await terminal.ask('PUT "a" -> [ "v" -> "1" ]');

  const warned: boolean[] = [];
  for (const server of shape.down) {
    await terminal.ask(`FAULT crash ${server}`);
    const answer = await terminal.ask('GET a');
    warned.push(answer.length > 1);
    expect(answer.at(-1)).toMatch(answer.length > 1 ? /^a -> / : /^a -> \[ "v" -> "1" \]$/);
  }
  const alive = await terminal.final('PING');
  terminal.close();
  const code = await program.stop();

  expect(warned).toEqual(shape.warns);
  expect([alive, code]).toEqual(['PONG', 0]);
});

/** How many keys each server holds, once they say that together they hold `copies` of every key there is. */
async function keysPerServer(port: number, copies: number): Promise<number[]> {
  const terminal = await Terminal.open(port);
  await terminal.ask('FORMAT json');
  const { keys } = JSON.parse(await terminal.final('KEYS')) as { keys: string[] };
  let counts: number[] = [];
  await terminal.until('STATUS', (answer) => {
    const { servers } = JSON.parse(answer) as { servers: { keys: number }[] };
    counts = servers.map((server) => server.keys);
    return counts.reduce((sum, count) => sum + count, 0) === copies * keys.length;
  });
  terminal.close();
  return counts;
}
