import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { runCommand } from '../../src/cli/run-command.ts';
import { memoryTerminal } from './terminal-double.ts';

async function scriptFor(shell: string): Promise<{ code: number; script: string; complaints: string }> {
  const terminal = memoryTerminal();
  const nothing = () => Promise.reject(new Error('nothing is started'));
  const code = await runCommand(['completion', shell], {
    terminal,
    startHost: nothing,
    openPool: nothing as never,
    version: '0',
  });
  return { code, script: terminal.output(), complaints: terminal.complaints() };
}

/** What bash offers for the last of these words. */
function offered(script: string, words: readonly string[]): string[] {
  const program = `${script}
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _coppice coppice "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}"
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const run = spawnSync('bash', ['--norc', '-c', program, 'bash', ...words], { encoding: 'utf8' });
  expect(run.stderr).toBe('');
  return run.stdout.split('\n').filter((word) => word !== '');
}

test('bash completes commands, flags, values that are one of a few, and leaves the rest to files', async () => {
  const { code, script } = await scriptFor('bash');

  expect(code).toBe(0);
  expect(offered(script, ['coppice', 'st'])).toEqual(['start', 'status']);
  expect(offered(script, ['coppice', 'start', '--re'])).toEqual([
    '--replicas',
    '--resp-port',
    '--read-only-after-index',
  ]);
  expect(offered(script, ['coppice', 'start', '--mode', 's'])).toEqual(['single']);
  expect(offered(script, ['coppice', 'kvBroker', '--on-k-down', ''])).toEqual(['warn', 'refuse', 'exit']);
  expect(offered(script, ['coppice', 'inspect', ''])).toEqual(['wal', 'checkpoint']);
  expect(offered(script, ['coppice', 'inspect', 'wal', ''])).toEqual([]);
  expect(offered(script, ['coppice', 'help', 'quer'])).toEqual(['query', 'querymany']);
  expect(offered(script, ['coppice', 'load', 'data'])).toEqual([]);
});

test.each(['zsh', 'fish'])('%s is told every command, and its quotes are closed', async (shell) => {
  const { code, script } = await scriptFor(shell);

  expect(code).toBe(0);
  for (const name of ['start', 'broker', 'load', 'get', 'compute', 'completion']) expect(script).toContain(name);
  for (const flag of ['replicas', 'durability', 'print-config']) expect(script).toContain(flag);
  expect((script.match(/'/g) ?? []).length % 2).toBe(0);
});

test('another shell is refused', async () => {
  expect(await scriptFor('tcsh')).toEqual({
    code: 2,
    script: '',
    complaints: 'coppice: completion tcsh: expected bash or zsh or fish\n',
  });
});
