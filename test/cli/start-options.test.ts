import { expect, test } from 'vitest';
import { configJson } from '../../src/cli/print-config.ts';
import { startOptions } from '../../src/cli/start-options.ts';

const DEFAULTS = startOptions({}, {});

test('without flags: three servers, two copies, all ports on the loopback address', () => {
  expect(DEFAULTS).toMatchObject({
    ok: true,
    value: {
      cluster: {
        servers: 3,
        replicas: 2,
        mode: 'replicated',
        durability: 'fsync',
        putMode: 'upsert',
        deleteMode: 'strict',
      },
      places: [
        { directory: 'data/s1', address: null },
        { directory: 'data/s2', address: null },
        { directory: 'data/s3', address: null },
      ],
      directory: 'data',
      host: '127.0.0.1',
      textPort: 7400,
      respPort: 7401,
      httpPort: 'off',
      load: [],
      faults: false,
      index: false,
      seed: null,
      quiet: false,
      logFormat: 'pretty',
    },
  });
});

test.each([
  [{ servers: '5', replicas: '3' }, { cluster: { servers: 5, replicas: 3 } }],
  [{ servers: '1' }, { cluster: { servers: 1, replicas: 1 } }],
  [{ mode: 'single' }, { cluster: { servers: 1, replicas: 1, mode: 'single' } }],
  [{ mode: 'leader', servers: '5' }, { cluster: { servers: 5, replicas: 5 } }],
  [
    { dir: '/d' },
    { directory: '/d', places: [{ directory: '/d/s1' }, { directory: '/d/s2' }, { directory: '/d/s3' }] },
  ],
  [
    { dir: 's1=/a,s3=/c' },
    { directory: 'data', places: [{ directory: '/a' }, { directory: 'data/s2' }, { directory: '/c' }] },
  ],
  [{ dir: '/d,s2=/b=1,2' }, { directory: '/d', places: [{}, { directory: '/b=1,2' }, {}] }],
  [
    { port: '0', 'resp-port': 'off', 'http-port': 'OFF' },
    { textPort: 0, respPort: 'off', httpPort: 'off' },
  ],
  [
    { 'server-ports': true, port: '7500' },
    {
      places: [
        { address: { host: '127.0.0.1', port: 7510 } },
        { address: { port: 7511 } },
        { address: { port: 7512 } },
      ],
    },
  ],
  [{ 'server-ports': true, port: '0' }, { places: [{ address: { port: 0 } }, { address: { port: 0 } }, {}] }],
  [{ durability: 'memory' }, { cluster: { durability: 'memory' }, places: [{ directory: null }, {}, {}] }],
  [{ load: ['a', 'b'] }, { load: ['a', 'b'] }],
  [
    { seed: '42', quiet: true, 'log-format': 'json' },
    { seed: 42, quiet: true, logFormat: 'json' },
  ],
  [
    { 'enable-faults': true, index: true },
    { faults: true, index: true },
  ],
  [{ 'put-mode': 'insert', 'delete-mode': 'available' }, { cluster: { putMode: 'insert', deleteMode: 'available' } }],
] as const)('flags %j', (flags, expected) => {
  expect(startOptions(flags, {})).toMatchObject({ ok: true, value: expected });
});

test.each([
  [{ servers: '0' }, '--servers: expected a whole number from 1 to 16, got "0"'],
  [{ servers: 'three' }, '--servers: expected a whole number from 1 to 16, got "three"'],
  [{ servers: '17' }, '--servers: expected a whole number from 1 to 16, got "17"'],
  [{ servers: '2', replicas: '3' }, '--replicas: 3 copies do not fit on 2 servers'],
  [{ replicas: '0' }, '--replicas: expected a whole number from 1 to 16, got "0"'],
  [{ replicas: '-1' }, '--replicas: expected a whole number from 1 to 16, got "-1"'],
  [{ mode: 'lieder' }, '--mode: expected single or replicated or leader or masterless, got "lieder"'],
  [{ mode: 'single', servers: '3' }, '--servers: mode single has one server, got 3'],
  [{ mode: 'leader', replicas: '2' }, '--replicas: mode leader keeps every key on all 3 servers, got 2'],
  [{ port: '65536' }, '--port: expected a port from 0 to 65535 or off, got "65536"'],
  [{ 'http-port': 'none' }, '--http-port: expected a port from 0 to 65535 or off, got "none"'],
  [{ 'server-ports': true, port: 'off' }, '--server-ports: there is no --port to count from'],
  [{ 'server-ports': true, port: '65530' }, '--server-ports: 65542 is over 65535'],
  [{ dir: 's4=/a' }, '--dir: there is no server s4 among 3'],
  [{ dir: 's1=/a,s1=/b' }, '--dir: s1 is named twice'],
  [{ dir: 's1=' }, '--dir: expected DIR or s1=DIR,s2=DIR, got "s1="'],
  [{ durability: 'sometimes' }, '--durability: expected fsync or os or memory, got "sometimes"'],
  [{ seed: '1.5' }, '--seed: expected a whole number from 0 to 4294967295, got "1.5"'],
  [{ 'log-format': 'xml' }, '--log-format: expected pretty or json, got "xml"'],
  [{ 'on-k-down': 'panic' }, '--on-k-down: expected warn or refuse or exit, got "panic"'],
  [{ 'exit-when': 'bored' }, '--exit-when: expected k-down, got "bored"'],
  [{ load: ['a', '-'] }, '--load: expected a file; "coppice load -" reads standard input'],
  [{ 'node-id': 'one' }, '--node-id: expected a whole number from 0 to 15, got "one"'],
  [{ 'node-id': '2', peers: 'http://h:1' }, '--node-id: expected a whole number from 0 to 1, got "2"'],
  [{ peers: 'h:1' }, '--peers: expected URLs such as http://localhost:8001 with commas between, got "h:1"'],
  [{ peers: 'http://h:1,,' }, '--peers: expected URLs such as http://localhost:8001 with commas between, got ""'],
  [{ peers: 'http://h:1, http://h:1' }, '--peers: http://h:1 is named twice'],
  [{ peers: 'http://h:1', mode: 'replicated' }, '--peers: mode replicated has all its servers in one process'],
  [{ peers: 'http://h:1', servers: '3' }, '--servers: 1 peers and this process are 2 servers, got 3'],
] as const)('flags %j are refused', (flags, message) => {
  expect(startOptions(flags, {})).toEqual({ ok: false, error: message });
});

test('a flag beats the environment, and the environment a default', () => {
  const env = { DB_PORT: '8000', DB_DATA_DIR: 'kept', COPPICE_SERVERS: '4', COPPICE_INDEX: 'true' };

  expect(startOptions({}, env)).toMatchObject({
    value: { httpPort: 8000, directory: 'kept', cluster: { servers: 4 }, index: true },
  });
  expect(startOptions({ 'http-port': '1', dir: 'd', servers: '2' }, env)).toMatchObject({
    value: { httpPort: 1, directory: 'd', cluster: { servers: 2 } },
  });
  expect(startOptions({}, { ...env, COPPICE_HTTP_PORT: '2' })).toMatchObject({ value: { httpPort: 2 } });
});

test("the first sources' node and peers come from the environment too, and a flag beats it", () => {
  const env = { DB_NODE_ID: '1', DB_PEERS: 'http://localhost:8001, http://localhost:8002' };

  expect(startOptions({}, env)).toMatchObject({
    value: {
      nodeId: 1,
      peers: ['http://localhost:8001', 'http://localhost:8002'],
      cluster: { mode: 'leader', servers: 3, replicas: 3 },
    },
  });
  expect(startOptions({ 'node-id': '0', peers: '' }, env)).toMatchObject({
    value: { nodeId: 0, peers: [], cluster: { mode: 'replicated', servers: 3, replicas: 2 } },
  });
  expect(startOptions({}, { DB_NODE_ID: '1.5' })).toEqual({
    ok: false,
    error: 'DB_NODE_ID: expected a whole number from 0 to 15, got "1.5"',
  });
});

test('a data directory may be named as the second source does', () => {
  expect(startOptions({ 'data-dir': 'd0' }, {})).toMatchObject({ value: { directory: 'd0' } });
  expect(startOptions({ 'data-dir': 'd0', dir: 'd1' }, {})).toMatchObject({ value: { directory: 'd1' } });
  expect(startOptions({ 'data-dir': 'd0' }, { DB_DATA_DIR: 'd2' })).toMatchObject({ value: { directory: 'd0' } });
});

test('the configuration that holds is shown with the names of the flags', () => {
  const options = startOptions({ 'exit-when': 'k-down', port: '1' }, { DB_DATA_DIR: 'kept' });
  if (!options.ok) throw new Error(options.error);

  const shown = JSON.parse(configJson(options.value));

  expect(shown).toMatchObject({ servers: 3, dir: 'kept', port: 1, 'exit-when': 'k-down', 'on-k-down': 'warn' });
});

test('a bad value of the environment names its variable', () => {
  expect(startOptions({}, { DB_PORT: 'x' })).toEqual({
    ok: false,
    error: 'DB_PORT: expected a port from 0 to 65535 or off, got "x"',
  });
});
