import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { EXIT_OK } from '../../src/cli/exit-codes.ts';
import { runSimulate } from '../../src/cli/simulate-command.ts';
import { compared } from '../../src/cli/simulate-task.ts';
import { play } from '../../src/sim/play.ts';
import { drawScenario } from '../../src/sim/swarm.ts';
import { memoryTerminal } from './terminal-double.ts';

const folder = mkdtempSync(join(tmpdir(), 'coppice-simulate-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('plays one seed, writes its trace, and does the same again', async () => {
  const runs = [];
  for (const name of ['first', 'second']) {
    const terminal = memoryTerminal();
    const trace = join(folder, name);
    const code = await runSimulate({ seed: '5', trace }, terminal);
    runs.push({ code, hash: /^trace .*$/m.exec(terminal.output())?.[0], trace: readFileSync(trace, 'utf8') });
  }

  expect(runs[0]).toMatchObject({ code: EXIT_OK, hash: expect.stringMatching(/^trace [0-9a-f]{8} of \d+ events$/) });
  expect(runs[1]).toEqual(runs[0]);
  expect(runs[0]?.trace).toMatch(/^0\.000 the process starts\n/);
});

test('plays seeds twice, and tells when the second time was another', { timeout: 60_000 }, async () => {
  const terminal = memoryTerminal();

  const code = await runSimulate({ seed: '1', seeds: '2', threads: '1', twice: true, json: true }, terminal);

  const first = play(drawScenario(2));
  expect(code).toBe(EXIT_OK);
  expect(compared(first, play(drawScenario(2))).violations).toEqual([]);
  expect(compared(first, { ...first, hash: '00000000' }).violations).toEqual([
    `played twice: trace ${first.hash} of ${first.events} events, then 00000000 of ${first.events}`,
  ]);
});

test('plays many seeds on threads and adds them up as JSON', { timeout: 60_000 }, async () => {
  const terminal = memoryTerminal();

  const code = await runSimulate({ seed: '1', seeds: '6', threads: '2', json: true }, terminal);

  const report = JSON.parse(terminal.output()) as Record<string, unknown>;
  expect(code).toBe(EXIT_OK);
  expect(report).toMatchObject({ ok: true, seeds: 6, failures: [], missed: [] });
  expect(report['acknowledged']).toBeGreaterThan(0);
});

test.each([
  [{ seed: '-1' }, '--seed: expected a whole number from 0 to 4294967295, got "-1"'],
  [{ mode: 'quorum' }, '--mode: expected replicated, got "quorum"'],
  [{ seeds: '5', only: '1,2' }, '--only is of one seed: give --seed and not --seeds'],
  [{ seed: '5', only: '1,x' }, '--only: expected places such as 3,17, got "1,x"'],
])('%j is refused', async (flags, message) => {
  await expect(runSimulate(flags, memoryTerminal())).rejects.toThrow(message);
});
