import { expect, test } from 'vitest';
import { createLog, type LogFormat } from '../../src/node/log.ts';

function lines(format: LogFormat, quiet = false): { written: string[]; log: ReturnType<typeof createLog> } {
  const written: string[] = [];
  return { written, log: createLog({ format, quiet, write: (line) => written.push(line) }) };
}

test('a json line carries level, time, message, actor, server and error', () => {
  const { written, log } = lines('json');

  log('warn', 'put out', { actor: 'broker', server: 's2', err: { code: 'TIMEOUT', message: 'silent for 500 ms' } });

  expect(JSON.parse(written.join(''))).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    msg: 'put out',
    actor: 'broker',
    server: 's2',
    err: 'TIMEOUT silent for 500 ms',
  });
});

test('every json event is one line, whatever the message and the error contain', () => {
  const { written, log } = lines('json');

  log('error', 'two\nlines', { err: new Error('of\ntext', { cause: new Error('below') }) });

  expect(written.join('').match(/\n/g)).toHaveLength(1);
  expect(JSON.parse(written.join(''))).toMatchObject({ err: expect.stringContaining('below') });
});

test('a pretty line names whom it is about before the message', () => {
  const { written, log } = lines('pretty');

  log('info', 'up', { actor: 'storage-server', server: 's1' });

  expect(written.join('')).toMatch(/^\d\d:\d\d:\d\d\.\d{3} info {2}storage-server s1: up\n$/);
});

test('a quiet log writes errors only', () => {
  const { written, log } = lines('pretty', true);

  log('info', 'up');
  log('warn', 'slow');
  log('error', 'gone', { err: 'why' });

  expect(written.join('')).toMatch(/^\S+ error gone \('why'\)\n$/);
});
