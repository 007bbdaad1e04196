import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type Host, type HostOptions, StartError } from '../../src/cli/host.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { VERSION } from '../../src/cli/version.ts';
import { openTextPort, type TextPort, until } from '../actors/gateway/text-port.ts';
import { ADMINISTRATION, STATUS } from '../client/reference-cluster.ts';
import { memoryTerminal, type MemoryTerminal, openTerminal } from './terminal-double.ts';

const folder = mkdtempSync(join(tmpdir(), 'coppice-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Ran = { code: number; output: string; complaints: string };

/** Runs a command line; `port` adds where the cluster is. */
async function run(
  words: string[],
  given: { port?: TextPort; input?: string; env?: Record<string, string> } = {},
): Promise<Ran> {
  const terminal = memoryTerminal(given.input, given.env);
  const at = given.port === undefined ? [] : ['-p', String(given.port.port)];
  const code = await runCommand([...words, ...at], hostOf(terminal));
  return { code, output: terminal.output(), complaints: terminal.complaints() };
}

function hostOf(terminal: MemoryTerminal, startHost: (options: HostOptions) => Promise<Host> = refuseToStart) {
  return { terminal, startHost, openPool: () => Promise.reject(new Error('no pool')) as never, version: VERSION };
}

function refuseToStart(): Promise<Host> {
  return Promise.reject(new StartError('the data directory is in use by pid 1', 1));
}

/** A host whose cluster is the reference behind a real text port. */
async function referenceHost(started: HostOptions[], state: 'up' | 'down' = 'up') {
  const port = await openTextPort();
  let end: (code: number) => void = () => undefined;
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  return (options: HostOptions): Promise<Host> => {
    started.push(options);
    return Promise.resolve({
      ports: { text: `127.0.0.1:${port.port}`, resp: null, http: null },
      servers: options.cluster.servers,
      replicas: options.cluster.replicas,
      mode: options.cluster.mode,
      commandPort: port.cluster,
      administration: {
        ...ADMINISTRATION,
        status: () => ({
          ...STATUS,
          servers: options.places.map(({ address }, i) => ({
            ...(STATUS.servers[0] as (typeof STATUS.servers)[0]),
            id: `s${i + 1}`,
            address: `${address?.host}:${address?.port}`,
            state: i === 0 ? state : 'up',
          })),
        }),
      },
      onIndexed: () => undefined,
      ended,
      stop: async () => {
        await port.gateway.drain(1_000);
        end(0);
      },
    });
  };
}

test.each([
  [['start', '--sevrers', '3'], 2, "coppice: unknown option '--sevrers' (Did you mean --servers?)\n"],
  [['strat'], 2, "coppice: unknown command 'strat' (Did you mean start?)\n"],
  [['start', '--servers'], 2, "coppice: option '--servers <N>' argument missing\n"],
  [['start', '--servers', 'x'], 2, 'coppice: --servers: expected a whole number from 1 to 16, got "x"\n'],
  [['start'], 1, 'coppice: the data directory is in use by pid 1\n'],
  [['server', '-p', '1'], 2, 'coppice: -a <address> is required\n'],
  [
    ['kvServer', '-a', '127.0.0.1', '-p', '99999'],
    2,
    'coppice: --port: expected a port from 0 to 65535, got "99999"\n',
  ],
  [['broker', '-k', '2'], 2, 'coppice: -s <serverFile> is required\n'],
  [['broker', '-s', 'none', '-k', '2'], 2, 'coppice: none: no such file or folder\n'],
  [['kvClient', '-s', 'none'], 2, 'coppice: -k <copies of each key> is required\n'],
  [['gen', '-n', '1', '-d', '1', '-l', '1', '-m', '1'], 2, 'coppice: -k is required\n'],
  [['get'], 2, "coppice: missing required argument 'key'\n"],
  [['get', 'a', 'b'], 2, "coppice: too many arguments for 'get'. Expected 1 argument but got 2: a, b.\n"],
  [['get', 'a', '-p', 'x'], 2, 'coppice: --port: expected a whole number from 1 to 65535, got "x"\n'],
  [['inspect', 'trie', 'f'], 2, 'coppice: inspect trie: expected wal or checkpoint\n'],
  [['verify', 'none'], 2, 'coppice: none: no such file or folder\n'],
  [['verify', 'package.json'], 2, 'coppice: package.json: is a file, not a folder\n'],
  [['verify', 'src'], 2, 'coppice: src: no data directory, and not that of a server: nothing to check\n'],
  [['help', 'qury'], 2, "coppice: help: unknown command 'qury', did you mean 'query'?\n"],
  [['help', 'everything'], 2, "coppice: help: unknown command 'everything'\n"],
  [['fault', 'none'], 2, 'coppice: none: no such file or folder\n'],
  [
    ['fault', 'crash', 's1'],
    2,
    'coppice: fault: takes a file with a script; one statement is a line in "coppice shell": FAULT crash s1\n',
  ],
])('%j ends with %i and one line', async (words, code, complaint) => {
  expect(await run(words)).toEqual({ code, output: '', complaints: complaint });
});

test("help is there on every level, and shows the sources' names", async () => {
  const all = await run(['--help']);
  const none = await run([]);
  const gen = await run(['createData', '-h']);

  expect(all).toMatchObject({ code: 0, complaints: '' });
  expect(none).toEqual(all);
  expect(await run(['help'])).toEqual(all);
  expect(await run(['help', 'genData'])).toEqual(gen);
  for (const name of ['start', 'kvBroker', 'kvServer', 'createData', 'load', 'export', 'shell', 'get', 'compute']) {
    expect(all.output).toContain(name);
  }
  expect(gen.output).toContain('-m, --max-keys <M>');
});

test('the version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

  expect(await run(['--version'])).toEqual({ code: 0, output: `${version}\n`, complaints: '' });
});

test('a cluster that is not there is exit code 3', async () => {
  const port = await openTextPort();
  await port.gateway.destroy();

  for (const words of [['get', 'a'], ['load', 'package.json'], ['export'], ['shell', '--exec', 'PING']]) {
    const ran = await run(words, { port });
    expect(ran.code).toBe(3);
    expect(ran.complaints).toContain('ECONNREFUSED');
  }
});

test('verbs of the table are commands: answers on stdout, warnings and errors on stderr', async () => {
  await using port = await openTextPort();

  expect(await run(['PUT', 'person 1', '{"age":', '22}'], { port })).toEqual({
    code: 0,
    output: 'OK\n',
    complaints: '',
  });
  expect(await run(['get', 'person 1'], { port })).toMatchObject({
    code: 0,
    output: 'person 1 -> [ "age" -> 22 ]\n',
  });
  expect(await run(['get', 'none'], { port })).toEqual({ code: 0, output: 'none -> NOT FOUND\n', complaints: '' });
  expect(await run(['compute', '1+1'], { port })).toMatchObject({ output: '2\n' });
  expect(await run(['compute', '1/0'], { port })).toMatchObject({ code: 1, output: '' });
  expect(await run(['get', 'none', '--json'], { port })).toMatchObject({ code: 0 });
  expect(await run(['compute', 'x', '--json'], { port })).toMatchObject({ code: 1, complaints: '' });
  port.cluster.notes = { warnings: ['down'], uncertain: false };
  expect(await run(['get', 'none'], { port })).toEqual({
    code: 0,
    output: 'none -> NOT FOUND\n',
    complaints: 'WARNING: down\n',
  });
});

test('a write without an answer is exit code 4', async () => {
  await using port = await openTextPort();
  port.cluster.hold();

  const ran = await run(['set', 'a', '1', '--timeout', '50ms'], { port });

  expect(ran).toEqual({
    code: 4,
    output: '',
    complaints: 'coppice: no answer within 50 ms; whether it took effect is unknown\n',
  });
});

test('a load and a script of questions without an answer are exit code 4', async () => {
  await using port = await openTextPort();
  port.cluster.hold();
  const file = join(folder, 'held.txt');
  writeFileSync(file, '"a" -> []\n');

  const load = await run(['load', file, '--timeout', '50ms'], { port });
  const script = await run(['shell', '--exec', 'GET a', '--timeout', '50ms'], { port });

  expect(load.code).toBe(4);
  expect(load.complaints).toBe(
    'no answer within 50 ms, 1 lines unanswered; loading again changes nothing that is stored\n',
  );
  expect(script).toEqual({ code: 4, output: '', complaints: 'coppice: no answer within 50 ms\n' });
});

test('gen writes the same bytes for the same seed, to dataToIndex.txt in the current folder unless told', async () => {
  const keyFile = join(folder, 'keyFile.txt');
  writeFileSync(keyFile, 'name string\nage int\nheight float\nstreet string\nlevel int\n');
  const words = ['genData', '-k', keyFile, '-n', '100', '-d', '3', '-l', '4', '-m', '5', '--seed', '7'];

  const shown = await run([...words, '-o', '-']);
  const kept = await run([...words, '-o', join(folder, 'out.txt')]);

  expect(shown.code).toBe(0);
  expect(shown.output.split('\n')).toHaveLength(101);
  expect(kept).toEqual({ code: 0, output: '', complaints: '' });
  expect(readFileSync(join(folder, 'out.txt'), 'utf8')).toBe(shown.output);
  expect(await run([...words, '-o', join(folder, 'no', 'out.txt')])).toMatchObject({ code: 2 });
});

test('load stores lines of all dialects, names the bad ones, and changes nothing the second time', async () => {
  await using port = await openTextPort();
  const file = join(folder, 'data.txt');
  const lines = ['"a" -> [ "x" -> 1 ]', '', "  'b':{'y': '2'}\r", '"c" -> "hello"', '{"d": {"z": 3}, "e": {}}', 'last'];
  writeFileSync(file, `\uFEFF${lines.join('\n')}`);

  const first = await run(['load', file], { port });
  const second = await run(['load', file, '--skip-bad', '--json'], { port });

  expect(first.code).toBe(2);
  expect(first.output).toMatch(/^stored 3, duplicate 0, invalid 2; \d+ documents\/s\n$/);
  expect(first.complaints.split('\n')).toHaveLength(3);
  expect(first.complaints).toMatch(/data\.txt:4: ERROR PARSE found.* at column 8\n/);
  expect(first.complaints).toMatch(/data\.txt:6: ERROR PARSE/);
  expect(second.code).toBe(0);
  expect(JSON.parse(second.output)).toMatchObject({ stored: 3, invalid: 2 });
  expect([...port.cluster.stored.keys()]).toEqual(['a', 'b', 'd', 'e']);
});

test('what a load warns of in a line names the file, the line and the column', async () => {
  await using port = await openTextPort();
  const file = join(folder, 'twice.txt');
  writeFileSync(file, '"a" -> []\n"b" -> [ "x" -> 1 | "x" -> 2 ]\n');

  const ran = await run(['load', file], { port });

  expect(ran.complaints).toBe(`${file}:2: WARNING: duplicate key "x" in a set, the last one wins at column 21\n`);
});

test('a load that is interrupted says so, and that it may be started again', async () => {
  await using port = await openTextPort();
  const terminal = openTerminal();
  const loading = runCommand(['load', '-', '-p', String(port.port)], hostOf(terminal));
  await until(() => port.gateway.connections > 0);

  terminal.typing.write('"a" -> []\n');
  terminal.signal('SIGINT');

  expect(await loading).toBe(130);
  expect(terminal.complaints()).toBe('interrupted; loading again changes nothing that is stored\n');
});

test('load from standard input, and what is exported loads again', async () => {
  await using port = await openTextPort();
  await using other = await openTextPort();
  const count = 20_000;
  const input = Array.from({ length: count }, (_, i) => `{"k${i}":{"n":${i}.0}}\n`).join('');

  const loaded = await run(['load', '-'], { port, input });
  const exported = await run(['export'], { port });
  const again = await run(['load', '-'], { port: other, input: exported.output });

  expect(loaded.output).toContain(`stored ${count}, duplicate 0, invalid 0`);
  expect(exported.output.split('\n')).toHaveLength(count + 1);
  expect(exported.output).toContain('{"k7":{"n":7.0}}\n');
  expect(again.output).toContain(`stored ${count},`);
  expect((await run(['export', 'k1999'], { port })).output.split('\n')).toHaveLength(12);
});

test('duplicates are counted where a cluster refuses them', async () => {
  await using port = await openTextPort({ putMode: 'insert' });
  const input = '"a" -> []\n"b" -> []\n"a" -> []\n';

  const loaded = await run(['load', '-'], { port, input });

  expect(loaded.output).toContain('stored 2, duplicate 1, invalid 0');
  expect(loaded.code).toBe(0);
});

test('a load whose cluster goes away is exit code 4', async () => {
  const port = await openTextPort();
  port.cluster.hold();
  const loading = run(['load', '-'], { port, input: '"a" -> []\n' });
  await until(() => port.cluster.commands.length === 1);

  await port.gateway.destroy();

  expect((await loading).code).toBe(4);
});

test('a shell without a terminal answers what is piped in, without a prompt', async () => {
  await using port = await openTextPort();

  const piped = await run(['shell'], { port, input: 'put "a" -> [ "x" -> 1 ]\n\nget a\nEXIT\nget b\n' });
  const told = await run(['shell', '--exec', 'GET a', '--exec', 'PING'], { port });
  const json = await run(['shell', '--json'], { port, input: 'QUERY a.x' });

  expect(piped.code).toBe(0);
  expect(piped.output.startsWith('OK\na -> [ "x" -> 1 ]\nOK')).toBe(true);
  expect(piped.output).not.toContain('NOT FOUND');
  expect(told).toEqual({ code: 0, output: 'a -> [ "x" -> 1 ]\nPONG\n', complaints: '' });
  expect(JSON.parse(json.output)).toMatchObject({ ok: true, value: 1 });
});

test('a broker starts the servers of its file, loads, answers questions and stops', async () => {
  const serverFile = join(folder, 'serverFile.txt');
  const dataFile = join(folder, 'brokerData.txt');
  writeFileSync(serverFile, '127.0.0.1 8000\n127.0.0.1 8001\n127.0.0.1 8002\n');
  writeFileSync(dataFile, '"person1" -> [ "age" -> 22 ]\n');
  const started: HostOptions[] = [];
  const terminal = memoryTerminal('GET person1\n\nCOMPUTE 2*x WHERE x = QUERY person1.age\nexit\nGET person1\n');

  const code = await runCommand(
    ['kvBroker', '-s', serverFile, '-i', dataFile, '-k', '2'],
    hostOf(terminal, await referenceHost(started)),
  );

  expect(code).toBe(0);
  expect(terminal.output()).toMatch(/^person1 -> \[ "age" -> 22 \]\n44\nOK.*\n$/);
  expect(terminal.complaints()).toContain('Server: 127.0.0.1 : 8000 IS UP!');
  expect(terminal.complaints()).toContain('Indexing finished! stored 1,');
  expect(started[0]).toMatchObject({
    cluster: { servers: 3, replicas: 2, mode: 'replicated' },
    places: [{ address: { port: 8000 } }, { address: { port: 8001 } }, { address: { port: 8002 } }],
  });
});

test('a broker that loads several files counts the lines of all of them', async () => {
  const serverFile = join(folder, 'oneServer.txt');
  const files = ['first.txt', 'second.txt'].map((name) => join(folder, name));
  writeFileSync(serverFile, '127.0.0.1 8000\n');
  writeFileSync(files[0] as string, '"a" -> []\nbad\n');
  writeFileSync(files[1] as string, '"b" -> []\n"c" -> []\n');
  const terminal = memoryTerminal();
  const words = ['broker', '-s', serverFile, '-k', '1', '--exec', 'GET c', ...files.flatMap((file) => ['-i', file])];

  const code = await runCommand(words, hostOf(terminal, await referenceHost([])));

  expect(code).toBe(2);
  expect(terminal.output()).toBe('c -> []\n');
  expect(terminal.complaints()).toContain(`${files[0]}:2: ERROR PARSE `);
  expect(terminal.complaints()).toContain('s1 Index Data: ERROR\nIndexing finished! stored 3, duplicate 0, invalid 1;');
});

test('a broker refuses more copies than servers with the words of its source', async () => {
  const serverFile = join(folder, 'two.txt');
  writeFileSync(serverFile, '127.0.0.1 8000\n127.0.0.1 8001\n');

  const ran = await run(['broker', '-s', serverFile, '-k', '3']);

  expect(ran).toEqual({
    code: 2,
    output: '',
    complaints: 'coppice: Not as many servers as the k number! Please reduce -k or change -s file.\n',
  });
});

test('a broker loads nothing while a server is down, unless it is told to', async () => {
  const serverFile = join(folder, 'serverFile.txt');
  writeFileSync(serverFile, '127.0.0.1 8000\n127.0.0.1 8001\n');
  const words = ['broker', '-s', serverFile, '-k', '1'];
  const strict = memoryTerminal();
  const degraded = memoryTerminal();

  const refused = await runCommand(words, hostOf(strict, await referenceHost([], 'down')));
  const accepted = await runCommand([...words, '--allow-degraded'], hostOf(degraded, await referenceHost([], 'down')));

  expect([refused, accepted]).toEqual([3, 0]);
  expect(strict.complaints()).toContain('Server: 127.0.0.1 : 8000 IS DOWN!');
  expect(strict.complaints()).toContain('1 of 2 servers are down (s1 127.0.0.1:8000)');
});

test('start prints its ready line and nothing else, and a signal ends it in order', async () => {
  const terminal = memoryTerminal();
  const running = runCommand(['start', '--servers', '3'], hostOf(terminal, await referenceHost([])));
  await until(() => terminal.output() !== '');

  terminal.signal('SIGTERM');

  expect(await running).toBe(0);
  expect(terminal.output()).toMatch(
    /^coppice ready text=127\.0\.0\.1:\d+ resp=off http=off servers=3 replicas=2 mode=replicated pid=\d+\n$/,
  );
});

test('a second signal ends a host that does not stop', async () => {
  const terminal = memoryTerminal();
  const host = await referenceHost([]);
  const stuck = async (options: HostOptions): Promise<Host> => ({
    ...(await host(options)),
    stop: () => new Promise(() => undefined),
  });
  const running = runCommand(['start'], hostOf(terminal, stuck));
  await until(() => terminal.output() !== '');

  terminal.signal('SIGINT');
  terminal.signal('SIGINT');

  expect(await running).toBe(130);
});
