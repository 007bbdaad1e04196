/** The RESP port of the real program, asked by clients that others wrote. What is not installed is named as skipped. */
import { execFileSync, spawnSync } from 'node:child_process';
import { Redis } from 'ioredis';
import { createClient, WatchError } from 'redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Program, startProgram } from './program.ts';

let program: Program;
let port = 0;

beforeAll(async () => {
  program = await startProgram(['--resp-port', '0', '--durability', 'os', '--enable-faults']);
  port = Number(/resp=\S+:(\d+)/.exec(program.ready)?.[1]);
}, 60_000);

afterAll(async () => {
  await program.stop();
});

describe('ioredis', () => {
  test.each([2, 3] as const)('version %d: connects, pipelines, runs transactions and scans', async (protocol) => {
    const client = new Redis({ port, protocol, lazyConnect: true });
    await client.connect();
    const prefix = `io${protocol}`;

    await client.set(`${prefix}:a`, 'x', 'EX', 100);
    const piped = await client.pipeline().get(`${prefix}:a`).incr(`${prefix}:n`).ttl(`${prefix}:a`).exec();
    const transaction = await client.multi().incr(`${prefix}:n`).hset(`${prefix}:h`, { f: 'v', g: 'w' }).exec();
    const hash = await client.hgetall(`${prefix}:h`);
    const bytes = Buffer.from([0, 255, 13, 10, 128]);
    await client.set(`${prefix}:bin`, bytes);
    const stored = await client.getBuffer(`${prefix}:bin`);
    const found: string[] = [];
    for await (const keys of client.scanStream({ match: `${prefix}:*`, count: 2 })) found.push(...(keys as string[]));
    await client.quit();

    expect(piped).toEqual([
      [null, 'x'],
      [null, 1],
      [null, expect.any(Number)],
    ]);
    expect(transaction).toEqual([
      [null, 2],
      [null, 2],
    ]);
    expect(hash).toEqual({ f: 'v', g: 'w' });
    expect(stored).toEqual(bytes);
    expect(found.sort()).toEqual([`${prefix}:a`, `${prefix}:bin`, `${prefix}:h`, `${prefix}:n`]);
  });

  test('hears what is published, and shows errors as errors', async () => {
    const [listener, client] = [new Redis({ port }), new Redis({ port })];
    const heard = new Promise<string[]>((settle) => {
      listener.on('message', (channel, message) => settle([channel, message]));
    });
    await listener.subscribe('news');

    expect(await client.publish('news', 'hello')).toBe(1);
    expect(await heard).toEqual(['news', 'hello']);
    await client.set('text', 'abc');
    await expect(client.incr('text')).rejects.toThrow('ERR value is not an integer or out of range');
    await expect(client.lpush('text', '1')).rejects.toThrow(/unknown command 'lpush'/i);
    await Promise.all([listener.quit(), client.quit()]);
  });
});

describe('node-redis', () => {
  test.each([2, 3] as const)('version %d: strings, hashes, documents, a watch that fails', async (RESP) => {
    const client = createClient({ RESP, socket: { port } });
    client.on('error', () => undefined);
    await client.connect();
    const prefix = `nr${RESP}`;

    await client.set(`${prefix}:a`, '1', { expiration: { type: 'EX', value: 100 }, condition: 'NX' });
    expect(await client.incrBy(`${prefix}:a`, 4)).toBe(5);
    expect(await client.mGet([`${prefix}:a`, `${prefix}:none`])).toEqual(['5', null]);
    await client.hSet(`${prefix}:h`, { f: '1', g: '2' });
    expect({ ...(await client.hGetAll(`${prefix}:h`)) }).toEqual({ f: '1', g: '2' });
    await client.json.set(`${prefix}:d`, '$', { name: 'John', tags: ['a'], age: 22 });
    expect(await client.json.get(`${prefix}:d`, { path: '$.name' })).toEqual(['John']);
    expect(await client.json.get(`${prefix}:d`)).toEqual({ name: 'John', tags: ['a'], age: 22 });
    expect(await client.json.numIncrBy(`${prefix}:d`, '$.age', 1)).toEqual([23]);
    expect(await client.json.arrAppend(`${prefix}:d`, '$.tags', 'b', 'c')).toEqual([3]);
    expect(await client.json.type(`${prefix}:d`, { path: '$.tags' })).toEqual(['array']);
    await client.watch(`${prefix}:a`);
    const other = await client.duplicate().connect();
    await other.set(`${prefix}:a`, '9');
    await expect(client.multi().get(`${prefix}:a`).exec()).rejects.toThrow(WatchError);
    const keys: string[] = [];
    for await (const page of client.scanIterator({ MATCH: `${prefix}:*` })) keys.push(...page);
    expect(keys.sort()).toEqual([`${prefix}:a`, `${prefix}:d`, `${prefix}:h`]);
    await Promise.all([client.close(), other.close()]);
  });

  test.each([2, 3] as const)(
    'version %d: the replies of the JSON commands are what the client takes them for',
    async (RESP) => {
      const client = createClient({ RESP, socket: { port } });
      await client.connect();
      const { json } = client;
      const key = `nr${RESP}:json`;

      expect(await json.mSet([{ key, path: '$', value: { a: [1, 2, 3, [4]], b: 'x', c: true, d: 1.5, o: {} } }])).toBe(
        'OK',
      );
      expect(await json.mGet([key, 'none'], '$.b')).toEqual([['x'], null]);
      expect(await json.arrIndex(key, '$.a', [4])).toEqual([3]);
      expect(await json.arrInsert(key, '$.a', 0, 'first')).toEqual([5]);
      expect(await json.arrPop(key, { path: '$.a', index: -1 })).toEqual([[4]]);
      expect(await json.arrTrim(key, '$.a', 1, 2)).toEqual([2]);
      expect(await json.arrLen(key, { path: '$.a' })).toEqual([2]);
      expect(await json.strAppend(key, 'yz', { path: '$.b' })).toEqual([3]);
      expect(await json.strLen(key, { path: '$.b' })).toEqual([3]);
      expect(await json.toggle(key, '$.c')).toEqual([0]);
      expect(await json.numMultBy(key, '$.d', 2)).toEqual([3]);
      expect(await json.objKeys(key, { path: '$' })).toEqual([['a', 'b', 'c', 'd', 'o']]);
      expect(await json.objLen(key, { path: '$.o' })).toEqual([0]);
      expect(await json.merge(key, '$', { o: { p: 1 }, c: null })).toBe('OK');
      expect(await json.get(key)).toEqual({ a: [1, 2], b: 'xyz', d: 3, o: { p: 1 } });
      expect(await json.debugMemory(key, { path: '$.o' })).toEqual([expect.any(Number)]);
      expect(await json.clear(key, { path: '$.a' })).toBe(1);
      expect(await json.set(key, '$.b', 1, { condition: 'NX' })).toBeNull();
      expect(await json.del(key, { path: '$.o' })).toBe(1);
      expect(await json.forget(key)).toBe(1);
      await client.close();
    },
  );
});

describe('redis-cli', () => {
  const isMissing = spawnSync('redis-cli', ['--version']).error !== undefined;

  test.skipIf(isMissing)('asks, sees types, watches the host and loads in bulk', () => {
    const cli = (args: readonly string[], input = ''): string =>
      execFileSync('redis-cli', ['-p', String(port), ...args], { input, encoding: 'utf8' });

    expect(cli(['set', 'cli:a', '1'])).toBe('OK\n');
    expect(cli(['--json', '-3', 'hello', '3'])).toContain('"server":"coppice"');
    expect(cli(['put', 'cli:d', '{"a":{"b":[1,2]}}'])).toBe('OK\n');
    expect(cli(['query', 'cli:d.a.b.1'])).toBe('2\n');
    expect(cli(['compute', '2^x', 'WHERE', 'x', '=', 'QUERY', 'cli:d.a.b.1'])).toBe('4\n');
    expect(cli(['--scan', '--pattern', 'cli:*'])).toBe('cli:a\ncli:d\n');
    expect(cli(['--bigkeys'])).toContain('Biggest string found');
    expect(cli(['--pipe'], 'SET cli:p 1\r\nINCR cli:p\r\n')).toContain('errors: 0, replies: 2');
    expect(cli(['--csv', 'mget', 'cli:p', 'none'])).toBe('"2",NULL\n');
    expect(cli(['fault', 'list'])).not.toContain('ERR');
  });
});

describe('redis-benchmark', () => {
  const isMissing = spawnSync('redis-benchmark', ['--version']).error !== undefined;

  test.skipIf(isMissing)('runs', () => {
    const args = ['-p', String(port), '-t', 'ping,set,get,incr,mset,hset', '-n', '2000', '-c', '20', '-P', '8', '-q'];

    const said = execFileSync('redis-benchmark', args, { encoding: 'utf8' });

    for (const name of ['PING_INLINE', 'SET', 'GET', 'INCR', 'HSET', 'MSET']) expect(said).toContain(`${name}`);
    expect(said).not.toMatch(/error/i);
  });
});

describe('redis-py', () => {
  const python = ['/usr/bin/python3', 'python3'].find((name) => spawnSync(name, ['-c', 'import redis']).status === 0);

  test.skipIf(python === undefined)('connects, pipelines, watches and uses documents', () => {
    const script = `
import redis, json
r = redis.Redis(port=${port}, decode_responses=True)
r.set('py:a', '1', ex=100)
assert r.incrbyfloat('py:a', 0.5) == 1.5
assert 0 < r.ttl('py:a') <= 100
r.hset('py:h', mapping={'f': 'v', 'g': '2'})
assert r.hgetall('py:h') == {'f': 'v', 'g': '2'}
with r.pipeline() as p:
    p.watch('py:a')
    p.multi()
    p.set('py:b', 'x')
    p.get('py:b')
    assert p.execute() == [True, 'x']
assert sorted(r.scan_iter('py:*')) == ['py:a', 'py:b', 'py:h']
r.json().set('py:d', '$', {'a': [1, 2, 3]})
assert r.json().get('py:d', '$.a[0]') == [1]
assert r.json().arrlen('py:d', '$.a') == [3]
assert r.info()['redis_mode'] == 'standalone'
assert r.config_get('save') == {'save': ''}
assert r.client_list()[0]['resp'] in ('2', '3')
assert r.execute_command('QUERY', 'py:d.a.1') == '2'
print('fine')
`;

    const { stdout, stderr } = spawnSync(python ?? '', ['-c', script], { encoding: 'utf8' });

    expect({ stdout, stderr }).toEqual({ stdout: 'fine\n', stderr: '' });
  });
});

describe('a server that is down', () => {
  test('deletes are refused whole, and what else is asked is answered', async () => {
    const client = new Redis({ port });
    await client.mset('down:a', '1', 'down:b', '2');
    await client.call('FAULT', 'crash', 's2');

    await expect(client.del('down:a')).rejects.toThrow(/^CLUSTERDOWN delete cannot be reliably executed/);
    await expect(client.multi().set('down:c', '3').del('down:a').exec()).rejects.toThrow(/CLUSTERDOWN/);
    expect(await client.mget('down:a', 'down:b', 'down:c')).toEqual(['1', '2', null]);
    expect(await client.incr('down:a')).toBe(2);

    await client.call('FAULT', 'restart', 's2');
    await client.quit();
  });
});
