import { expect, test } from 'vitest';
import { fromPlain } from '../../src/document/plain.ts';
import { NO_BYTES, text, utf8 } from '../../src/lib/bytes.ts';
import { type Found, NO_NOTES } from '../../src/model/commands.ts';
import type { Version } from '../../src/model/ids.ts';
import { answerOf, commandOf } from '../../src/sim/workload-commands.ts';

test('a COMPUTE tells every value that it read, up to the largest', () => {
  const action = { kind: 'getMany', keys: ['r1', 'f2', 'r3', 'r4'], by: 'compute' } as const;
  const values = ['999999', '1', '500000', '7'];

  const command = commandOf(action);
  const answer = answerOf(action, { kind: 'foundMany', found: values.map(found), notes: NO_NOTES }, []);

  expect(command.kind === 'queryMany' && command.paths.map(({ segments: [key] }) => text(key ?? NO_BYTES))).toEqual(
    action.keys,
  );
  expect(answer).toEqual({
    kind: 'seen',
    observations: action.keys.map((key, i) => ({ key, value: values[i], version: null })),
  });
});

test('a COMPUTE over a key that holds nothing tells of that key alone', () => {
  const action = { kind: 'getMany', keys: ['r1', 'f2'], by: 'compute' } as const;

  const answer = answerOf(action, { kind: 'foundMany', found: [found('3'), null], notes: NO_NOTES }, []);

  expect(answer).toEqual({ kind: 'seen', observations: [{ key: 'f2', value: null, version: null }] });
});

test('a page of a scan tells what is not there, up to its end', () => {
  const action = { kind: 'scan', prefix: 'r', after: 'r0', limit: 2 } as const;
  const entries = ['r2', 'r4'].map((key) => ({ key: utf8(key), value: packed('5'), version: 9 as Version }));
  const keys = ['r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'f1'];
  const absent = (key: string) => ({ key, value: null, version: null });
  const present = ['r2', 'r4'].map((key) => ({ key, value: '5', version: 9 }));

  const page = answerOf(action, { kind: 'scanned', entries, more: true, notes: NO_NOTES }, keys);
  const last = answerOf(action, { kind: 'scanned', entries, more: false, notes: NO_NOTES }, keys);

  expect(page).toEqual({ kind: 'seen', observations: [...present, absent('r1'), absent('r3')] });
  expect(last).toEqual({ kind: 'seen', observations: [...present, absent('r1'), absent('r3'), absent('r5')] });
});

test('a bulk is one write of all its keys', () => {
  const command = commandOf({
    kind: 'bulk',
    writes: [
      ['f1', '7'],
      ['f2', '7'],
    ],
  });

  expect(command.kind === 'write' && command.items.map(({ key }) => text(key))).toEqual(['f1', 'f2']);
});

function packed(value: string): Uint8Array {
  const result = fromPlain(Number(value));
  return result.ok ? result.value : expect.fail(result.error.message);
}

function found(value: string): Found {
  return { value: packed(value), version: 1 as Version };
}
