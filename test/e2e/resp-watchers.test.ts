/** Clients that others wrote, who are told of changes by the real program, and who may not do everything. */
import { connect } from 'node:net';
import { Redis } from 'ioredis';
import { BasicClientSideCache, createClient } from 'redis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Program, startProgram } from './program.ts';

let program: Program;
let port = 0;

async function open(directory?: string): Promise<void> {
  program = await startProgram(['--resp-port', '0', '--durability', 'os'], directory);
  port = Number(/resp=\S+:(\d+)/.exec(program.ready)?.[1]);
}

beforeAll(() => open(), 60_000);

afterAll(async () => {
  await program.stop();
});

/** Sends lines to the text port and answers once as many have been answered. */
async function textPort(...lines: string[]): Promise<void> {
  const socket = connect(Number(/text=\S+:(\d+)/.exec(program.ready)?.[1]));
  let said = '';
  socket.write(`${lines.join('\n')}\n`);
  for await (const chunk of socket) {
    said += String(chunk);
    if (said.split('\n').length > lines.length) break;
  }
}

/** Settles as soon as `read` answers `wanted`, and with its last answer when that does not come. */
async function until<T>(read: () => Promise<T> | T, wanted: T): Promise<T> {
  const end = performance.now() + 5_000;
  for (;;) {
    const answer = await read();
    if (JSON.stringify(answer) === JSON.stringify(wanted) || performance.now() > end) return answer;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('ioredis hears what happens to keys, through whichever port', async () => {
  const [listener, client] = [new Redis({ port }), new Redis({ port })];
  const heard: string[] = [];
  listener.on('pmessage', (_pattern, channel: string, message: string) => heard.push(`${channel} ${message}`));
  await client.config('SET', 'notify-keyspace-events', 'KEA');
  await listener.psubscribe('__key*__:*');

  await client.hset('ev:h', 'f', 'v');
  await client.set('ev:t', 'x', 'PX', 50);
  await textPort('PUT "ev:d" : { "a" : 1 }', 'DELETE ev:d');
  const wanted = [
    '__keyspace@0__:ev:h hset',
    '__keyevent@0__:hset ev:h',
    '__keyspace@0__:ev:t set',
    '__keyevent@0__:set ev:t',
    '__keyspace@0__:ev:t expire',
    '__keyevent@0__:expire ev:t',
    '__keyspace@0__:ev:d set',
    '__keyevent@0__:set ev:d',
    '__keyspace@0__:ev:d del',
    '__keyevent@0__:del ev:d',
    '__keyspace@0__:ev:t expired',
    '__keyevent@0__:expired ev:t',
  ];

  expect((await until(() => heard.toSorted(), wanted.toSorted())).toSorted()).toEqual(wanted.toSorted());
  expect(heard.filter((event) => !event.includes('ev:t'))).toEqual(wanted.filter((event) => !event.includes('ev:t')));
  await client.config('SET', 'notify-keyspace-events', '');
  await Promise.all([listener.quit(), client.quit()]);
});

test('node-redis answers from its cache until a key changes, through whichever port', async () => {
  const cache = new BasicClientSideCache({ ttl: 0, maxEntries: 100, evictPolicy: 'LRU' });
  const client = createClient({ RESP: 3, socket: { port }, clientSideCache: cache });
  const other = new Redis({ port });
  await client.connect();
  await other.set('cs:a', '1');
  await other.hset('cs:h', 'f', '1');

  const first = [await client.get('cs:a'), await client.hGet('cs:h', 'f')];
  const again = [await client.get('cs:a'), await client.hGet('cs:h', 'f')];
  const hits = cache.stats().hitCount;
  await other.incr('cs:a');
  const counted = await until(() => client.get('cs:a'), '2');
  await textPort('PUT cs:a : { "x" : 1 }');
  const put = await until(() => client.get('cs:a'), '{"x":1}');
  await other.del('cs:h');
  const gone = await until(() => client.hGet('cs:h', 'f'), null);

  expect([first, again, hits]).toEqual([['1', '1'], ['1', '1'], 2]);
  expect([counted, put, gone]).toEqual(['2', '{"x":1}', null]);
  await Promise.all([client.close(), other.quit()]);
});

test('a user may do what he was given, and is kept over a restart by ACL SAVE', async () => {
  const operator = new Redis({ port });
  await operator.call('ACL', 'SETUSER', 'reader', 'on', '>secret', '~pub:*', '+@read', '+@connection', '+info');
  expect(await operator.call('ACL', 'SAVE')).toBe('OK');
  await operator.set('pub:a', '1');
  const reader = new Redis({ port, username: 'reader', password: 'secret' });

  expect(await reader.get('pub:a')).toBe('1');
  await expect(reader.get('private')).rejects.toThrow('NOPERM No permissions to access a key');
  await expect(reader.set('pub:a', '2')).rejects.toThrow(
    "NOPERM User reader has no permissions to run the 'set' command",
  );
  await expect(reader.call('FAULT', 'list')).rejects.toThrow(/^NOPERM/);
  const wrong = createClient({ username: 'reader', password: 'wrong', socket: { port, reconnectStrategy: false } });
  wrong.on('error', () => undefined);
  await expect(wrong.connect()).rejects.toThrow(/WRONGPASS/);
  await Promise.all([operator.quit(), reader.quit()]);
  await program.stop();
  await open(program.directory);
  const again = new Redis({ port, username: 'reader', password: 'secret' });
  expect(await again.get('pub:a')).toBe('1');
  await again.quit();
});
