/** CONFIG SET: what Redis 7.0 answers, and that settings change together or not at all. */
import { expect, test } from 'vitest';
import { ask, open } from './client.ts';

const FAILED = '-ERR CONFIG SET failed (possibly related to argument';

test.each([
  ['slowlog-max-len 10 foo bar', "-ERR Unknown option or number of arguments for CONFIG SET - 'foo'"],
  ['slowlog-max-len 10 port', '-ERR syntax error'],
  ['slowlog-max-len 10 databases 3 foo bar', `${FAILED} 'databases') - can't set immutable config`],
  ['slowlog-max-len 10 SlowLog-Max-Len 20', `${FAILED} 'SlowLog-Max-Len') - duplicate parameter`],
  ['slowlog-max-len x foo bar', "-ERR Unknown option or number of arguments for CONFIG SET - 'foo'"],
  [
    'slowlog-max-len 10 slowlog-log-slower-than x',
    `${FAILED} 'slowlog-log-slower-than') - argument couldn't be parsed into an integer`,
  ],
  [
    'slowlog-max-len 10 requirepass p notify-keyspace-events KEA slowlog-log-slower-than -2',
    `${FAILED} 'slowlog-log-slower-than') - argument must be between -1 and 9223372036854775807 inclusive`,
  ],
])('CONFIG SET %s is refused and sets nothing', (pairs, line) => {
  const opened = open();
  const all = ask(opened, 'CONFIG', 'GET', '*');

  const refusal = ask(opened, 'CONFIG', 'SET', ...pairs.split(' '));

  expect(refusal).toBe(line);
  expect(ask(opened, 'CONFIG', 'GET', '*')).toEqual(all);
});

test('CONFIG SET with several pairs sets them all', () => {
  const opened = open();

  expect(ask(opened, 'CONFIG', 'SET', 'slowlog-max-len', '10', 'Notify-Keyspace-Events', 'KEA')).toBe('OK');

  expect(ask(opened, 'CONFIG', 'GET', 'slowlog-max-len', 'notify-*')).toEqual(
    expect.arrayContaining(['slowlog-max-len', '10', 'notify-keyspace-events', 'AKE']),
  );
});
