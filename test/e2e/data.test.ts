import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Program, run, startProgram, temporaryDirectory, Terminal } from './program.ts';

const KEY_FILE = 'name string\nage int\nheight float\nstreet string\nlevel int\n';
const ARROW = '"key1" -> [ "level" -> [ "height" -> 80.38 | "name" -> "oq" | " level" -> 26 ] | "street" -> [] ]';
const BRACE = `'person8':{'hair_color': 'Wc3aB', 'age': '55', 'family_members': {}}`;
const JSON_LINE = '{"doc1": {"a": {"b": 4, "c": 2.0}}, "doc2": null}';

function fileOf(name: string, lines: readonly string[]): string {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

async function askOnce(program: Program, requests: readonly string[]): Promise<string[]> {
  const terminal = await Terminal.open(program.text);
  const answers = await terminal.askAll(requests);
  terminal.close();
  return answers.map((answer) => answer.join('\n'));
}

test('a first run brings sample data, and the next one keeps what is there', async () => {
  const first = await startProgram(['--quiet']);
  const sample = await askOnce(first, [
    'GET person1',
    'QUERY person2.address.number',
    'GET key1000',
    'DELETE person1',
    'SET person3 "mine"',
    'SET own 1',
  ]);
  await first.stop();
  const second = await startProgram(['--quiet'], first.directory);
  const kept = await askOnce(second, ['GET person1', 'GET person3', 'GET own', 'GET person4']);
  await second.stop();

  expect(sample[0]).toBe('person1 -> [ "name" -> "John" | "age" -> 22 ]');
  expect(sample[1]).toBe('person2.address.number -> 12');
  expect(sample[2]).toMatch(/^key1000 -> \[/);
  expect(kept).toEqual(['person1 -> NOT FOUND', 'person3 -> mine', 'own -> 1', 'person4 -> []']);
});

test('--load reads every dialect before the host is ready, and names the line that it cannot read', async () => {
  const files = [fileOf('arrow.txt', [ARROW]), fileOf('brace.txt', [BRACE]), fileOf('lines.json', [JSON_LINE])];
  const program = await startProgram(['--quiet', ...files.flatMap((file) => ['--load', file])]);
  const loaded = await askOnce(program, ['GET key1', 'GET person8', 'GET doc1', 'GET doc2', 'GET person1']);
  await program.stop();
  const bad = fileOf('bad.txt', [ARROW, '"person5" -> "hello"']);
  const directory = temporaryDirectory();
  const refused = await run(['start', '--dir', directory, '--port', '0', '--quiet', '--load', bad]);

  expect(loaded).toEqual([
    ARROW.replace('"key1"', 'key1'),
    'person8 -> [ "hair_color" -> "Wc3aB" | "age" -> "55" | "family_members" -> [] ]',
    'doc1 -> [ "a" -> [ "b" -> 4 | "c" -> 2.0 ] ]',
    'doc2 -> null',
    'person1 -> NOT FOUND',
  ]);
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toMatch(/bad\.txt:2: /);
});

describe('commands against a running host', () => {
  let program: Program;
  let port: string;

  beforeAll(async () => {
    program = await startProgram(['--empty', '--quiet']);
    port = String(program.text);
  });

  afterAll(() => program.stop());

  test('loading a file twice is loading it once', async () => {
    const file = fileOf('mixed.txt', [ARROW, BRACE, '', JSON_LINE]);

    const first = await run(['load', file, '-p', port]);
    const exported = await run(['export', '-p', port]);
    const second = await run(['load', file, '-p', port]);
    const again = await run(['export', '-p', port]);

    for (const { code, stdout } of [first, second]) {
      expect(code).toBe(0);
      expect(stdout).toMatch(/^stored 3, duplicate 0, invalid 0; \d+ documents\/s\n$/);
    }
    expect(exported.stdout.trim().split('\n')).toHaveLength(4);
    expect(again.stdout).toBe(exported.stdout);
  });

  test('lines that cannot be loaded are named, the others are loaded', async () => {
    const file = fileOf('bad.txt', [
      '"good1" -> [ "a" -> 1 ]',
      '"bad" -> "hello"',
      '',
      '"good2" -> []',
      '"worse" -> [',
    ]);

    const loaded = await run(['load', file, '-p', port]);
    const skipped = await run(['load', '--skip-bad', file, '-p', port]);
    const stored = await askOnce(program, ['GET good1', 'GET bad', 'GET good2', 'GET worse']);

    expect(loaded.code).toBe(2);
    expect(loaded.stdout).toMatch(/^stored 2, duplicate 0, invalid 2;/);
    expect(loaded.stderr).toMatch(/bad\.txt:2: ERROR PARSE .*expected '\[' at column 10/);
    expect(loaded.stderr).toMatch(/bad\.txt:5: ERROR PARSE /);
    expect(skipped.code).toBe(0);
    expect(stored).toEqual(['good1 -> [ "a" -> 1 ]', 'bad -> NOT FOUND', 'good2 -> []', 'worse -> NOT FOUND']);
  });

  test('what was generated, loaded and exported loads into another host as the very same', async () => {
    const keyFile = fileOf('keyFile.txt', [KEY_FILE.trim()]);
    const generated = await run([
      'gen',
      '-k',
      keyFile,
      '-n',
      '500',
      '-d',
      '3',
      '-l',
      '4',
      '-m',
      '5',
      '--seed',
      '42',
      '--key-prefix',
      'gen',
      '-o',
      '-',
    ]);
    const loaded = await run(['load', '-', '-p', port], { input: generated.stdout });
    const line = generated.stdout.split('\n')[6] as string;
    const got = await run(['get', 'gen7', '-p', port]);
    await askOnce(program, [
      'SET "tab\\tand\\nline" {"big":9007199254740993,"f":2.0,"n":null,"l":[1,[],{}]}',
      'SET bare "text"',
    ]);
    const exported = await run(['export', '-p', port]);

    const other = await startProgram([
      '--empty',
      '--quiet',
      '--durability',
      'memory',
      '--servers',
      '1',
      '--replicas',
      '1',
    ]);
    const copied = await run(['load', '-', '-p', String(other.text)], { input: exported.stdout });
    const again = await run(['export', '-p', String(other.text)]);
    await other.stop();

    expect(generated.code).toBe(0);
    expect(loaded).toMatchObject({ code: 0, stdout: expect.stringMatching(/^stored 500, /) as string });
    expect(got).toMatchObject({ code: 0, stdout: `${line.replace('"gen7"', 'gen7')}\n` });
    expect(exported.stdout).toContain('9007199254740993,"f":2.0');
    expect(copied).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout === exported.stdout).toBe(true);
  });
});

test('a flag of what is not in this version is refused, not ignored', async () => {
  const refused = await run(['start', '--dir', temporaryDirectory(), '--port', '0', '--index']);

  expect(refused).toEqual({ code: 1, stdout: '', stderr: 'coppice: --index is not in this version\n' });
});

test('a port for HTTP is refused, not ignored, while there is none', async () => {
  const refused = await run(['start', '--dir', temporaryDirectory(), '--port', '0', '--http-port', '7402']);

  const said = 'coppice: HTTP on port 7402 is not in this version: leave --http-port (DB_PORT) out, or say off\n';
  expect(refused).toEqual({ code: 2, stdout: '', stderr: said });
});
