import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test, vi } from 'vitest';
import { commandLine, run, startProgram, temporaryDirectory, Terminal } from './program.ts';

const SCRIPTS = resolve(import.meta.dirname, '../scripts');

const WAITING = { timeout: 30_000 };

function scriptFile(text: string): string {
  const file = join(temporaryDirectory(), 'story.fault');
  writeFileSync(file, text);
  return file;
}

function statementOf({ statement }: { statement: string }): string {
  return statement;
}

describe('coppice fault', () => {
  test.concurrent.each(['split-broker', 'unreliable-delete', 'rolling-restart'])(
    '%s ends on threads as it expects',
    async (name) => {
      const { code, stdout, stderr } = await run(['fault', join(SCRIPTS, `${name}.fault`)]);

      expect(stdout, stderr).toMatch(/^passed {4}in/m);
      expect(stdout).toMatch(/lost 0, wrong 0$/m);
      expect(code).toBe(0);
    },
  );

  test.each(['panic-at-points', 'clients-break', 'flaky-memory'])(
    '%s ends on threads as in virtual time',
    async (name) => {
      const script = join(SCRIPTS, `${name}.fault`);

      const { code, stdout, stderr } = await run(['fault', script]);

      expect(stdout, stderr).toMatch(/lost 0, wrong 0$/m);
      expect(code, stdout).toBe(0);
    },
  );

  test('an expectation that is not met ends with 5 and says so in JSON', async () => {
    const file = scriptFile('SEED 7\nCRASH s1 AS gone\nEXPECT state gone = up within 200ms\n');

    const { code, stdout } = await run(['fault', file, '--json']);

    const report = JSON.parse(stdout);
    expect(code).toBe(5);
    expect(report).toMatchObject({ passed: false, seed: 7, lost: 0, wrong: 0 });
    expect(report.expectations).toMatchObject([{ line: 3, passed: false, found: 's1 down' }]);
  });

  test('a wrong script ends with 2, names the place, and begins nothing', async () => {
    const file = scriptFile('CRASH s1\nEXPLODE s2\n');
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('coppice-fault-'));

    const { code, stdout, stderr } = await run(['fault', file]);

    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('story.fault:2:1: expected one of LOAD');
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('coppice-fault-'))).toEqual(before);
  });

  test('a running host is used, healed and left without the keys of the script', async () => {
    const program = await startProgram(['--enable-faults', '--empty']);
    const file = scriptFile(
      'LOAD w clients 4 rate 100 mix set:1 keys 5\nat 300ms HANG s2 FOR 700ms AS old\nafter 1s EXPECT state old = up within 3s\n',
    );

    const { code, stdout } = await run(['fault', file, '--port', String(program.text)]);

    const terminal = await Terminal.open(program.text);
    expect(code, stdout).toBe(0);
    expect(await terminal.ask('FAULT list')).toEqual(['OK []']);
    expect(await terminal.ask('KEYS')).toEqual(['KEYS -> ()']);
    await program.stop();
  });

  test('a running host draws from the seed of the script, as one of its own does', async () => {
    const program = await startProgram(['--enable-faults', '--empty', '--durability', 'memory']);
    const file = scriptFile('SEED 7\nCRASH one FOR 50ms\nDELAY random 2 1ms FOR 50ms\n');

    const there = await run(['fault', file, '--json', '--port', String(program.text)]);
    const own = await run(['fault', file, '--json']);

    const drawn = ({ stdout }: { stdout: string }) => JSON.parse(stdout).faults.map(statementOf);
    expect(drawn(there)[0]).toMatch(/^CRASH s\d FOR 50ms SEED \d+$/);
    expect(drawn(there)).toEqual(drawn(own));
    await program.stop();
  });

  test('Ctrl-C heals a running host and leaves it without the keys of the script', async () => {
    const program = await startProgram(['--enable-faults', '--empty']);
    const file = scriptFile('LOAD w clients 4 rate 200 mix set:1 keys 5\nat 300ms CRASH s2 AS gone\nWAIT 10m\n');
    const terminal = await Terminal.open(program.text);
    const [command, words] = commandLine(['fault', file, '--port', String(program.text)]);
    const child = spawn(command, words, { stdio: 'ignore' });
    await vi.waitUntil(async () => (await terminal.ask('FAULT list')).join().includes('gone'), WAITING);

    child.kill('SIGINT');

    expect(await once(child, 'exit')).toEqual([130, null]);
    expect(await terminal.ask('FAULT list')).toEqual(['OK []']);
    expect(await terminal.ask('KEYS')).toEqual(['KEYS -> ()']);
    await program.stop();
  });

  test('Ctrl-C while its own host starts leaves no folder', async () => {
    const folder = temporaryDirectory();
    const [command, words] = commandLine(['fault', scriptFile('WAIT 10m')]);
    const child = spawn(command, words, { stdio: 'ignore', env: { ...process.env, TMPDIR: folder } });
    await vi.waitUntil(() => readdirSync(folder).length > 0, { ...WAITING, interval: 1 });

    child.kill('SIGINT');

    expect(await once(child, 'exit')).toEqual([130, null]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a report that nobody reads leaves no folder, and its exit code is that of the script', async () => {
    const folder = temporaryDirectory();
    const [command, words] = commandLine(['fault', scriptFile('EXPECT state s1 = down')]);
    const child = spawn(command, words, {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, TMPDIR: folder },
    });

    child.stdout?.destroy();

    expect(await once(child, 'exit')).toEqual([5, null]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a host without faults refuses with 1', async () => {
    const program = await startProgram(['--empty', '--durability', 'memory']);

    const { code, stderr } = await run(['fault', scriptFile('CRASH s1'), '--port', String(program.text)]);

    expect(code).toBe(1);
    expect(stderr).toContain('FAULTSOFF');
    await program.stop();
  });
});

describe('coppice simulate SCRIPT', () => {
  test('runs the same script in virtual time', async () => {
    const script = join(SCRIPTS, 'hang-wakes-stale.fault');

    const first = await run(['simulate', script, '--json']);
    const second = await run(['simulate', script, '--json']);

    expect(first.code).toBe(0);
    expect(JSON.parse(first.stdout)).toMatchObject({ passed: true, seed: 42 });
    expect(second.stdout).toBe(first.stdout);
  });

  test.runIf(existsSync('/dev/full'))('says in one line that its report cannot be written', async () => {
    const [command, words] = commandLine(['simulate', scriptFile('WAIT 1s')]);
    const child = spawn(command, words, { stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'] });

    const said = await text(child.stderr as Readable);

    expect(said).toBe('coppice: cannot write: no space left on the disk\n');
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(1);
  });

  test('takes no flag of the search, rather than to pass over it', async () => {
    const trace = join(temporaryDirectory(), 'trace');

    const { code, stdout, stderr } = await run(['simulate', scriptFile('NOTE'), '--trace', trace]);

    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe('coppice: --trace is of drawn seeds: give no script with it\n');
  });
});
