import { expect, test } from 'vitest';
import { brokerHost, brokerOptions, serverOptions } from '../../src/cli/source-options.ts';

const SERVERS = [
  { host: '127.0.0.1', port: 5001 },
  { host: '127.0.0.1', port: 5002 },
];

test('a broker needs its server file and the number of copies, and has no defaults for them', () => {
  expect(brokerOptions({}, {})).toEqual({ ok: false, error: '-s <serverFile> is required' });
  expect(brokerOptions({ 'server-file': 's' }, {})).toEqual({
    ok: false,
    error: '-k <copies of each key> is required',
  });
  expect(brokerOptions({ 'server-file': 's', replicas: 'two' }, {})).toEqual({
    ok: false,
    error: '--replicas: expected a whole number from 0 to 999, got "two"',
  });
  expect(brokerOptions({ 'server-file': 's', replicas: '2', 'data-file': ['a', '-'], wait: '10s' }, {})).toEqual({
    ok: true,
    value: {
      serverFile: 's',
      dataFiles: ['a', '-'],
      replicas: 2,
      allowDegraded: false,
      waitMs: 10_000,
      skipBad: false,
      exec: [],
      json: false,
    },
  });
});

test("a broker's host has a server at each address and no port that others know", () => {
  const host = brokerHost({ 'connect-only': true, dir: '/d', durability: 'os' }, {}, SERVERS, 2);

  expect(host).toMatchObject({
    ok: true,
    value: {
      cluster: { servers: 2, replicas: 2, mode: 'replicated', durability: 'os' },
      places: [
        { directory: '/d/s1', address: SERVERS[0] },
        { directory: '/d/s2', address: SERVERS[1] },
      ],
      textPort: 0,
      respPort: 'off',
      httpPort: 'off',
      connectOnly: true,
      sample: false,
    },
  });
});

test.each([
  [0, '-k must be at least 1, got 0'],
  [3, 'Not as many servers as the k number! Please reduce -k or change -s file.'],
])('a broker refuses %i copies on two servers', (replicas, message) => {
  expect(brokerHost({}, {}, SERVERS, replicas)).toEqual({ ok: false, error: message });
});

test('servers alone keep their data apart by their ports, unless a folder is named', () => {
  const first = serverOptions({ address: '127.0.0.1', port: '5001' }, {});
  const named = serverOptions({ address: '::1', port: '5001', dir: '/d' }, {});
  const fromEnvironment = serverOptions({ address: '::1', port: '0' }, { DB_DATA_DIR: '/e' });

  expect(first).toMatchObject({
    value: {
      cluster: { servers: 1, replicas: 1, mode: 'single' },
      directory: 'data/server-5001',
      places: [{ directory: 'data/server-5001/s1', address: { host: '127.0.0.1', port: 5001 } }],
      textPort: 'off',
    },
  });
  expect(named).toMatchObject({ value: { directory: '/d' } });
  expect(fromEnvironment).toMatchObject({ value: { directory: '/e' } });
});
