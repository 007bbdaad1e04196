import { expect, test } from 'vitest';
import { packMap } from '../../src/document/compose.ts';
import { fieldsOf } from '../../src/document/lookup.ts';
import { utf8 } from '../../src/lib/bytes.ts';
import { packedOf } from './models.ts';

test('a map put together from its own fields is the same map', () => {
  const whole = packedOf('{"b":{"x":[1,2]},"a":"text","":null,"long":"' + 'y'.repeat(5000) + '"}');

  const again = packMap(fieldsOf(whole));

  expect(again).toEqual({ ok: true, value: whole });
});

test('a name given twice: the last wins', () => {
  const field = (name: string, json: string) => ({ key: utf8(name), value: packedOf(json) });

  const map = packMap([field('a', '1'), field('b', '2'), field('a', '3')]);

  expect(map).toEqual({ ok: true, value: packedOf('{"b":2,"a":3}') });
});

test('no fields are the empty map', () => {
  expect(packMap([])).toEqual({ ok: true, value: packedOf('{}') });
});

test('a key over the limit is TOOLARGE', () => {
  const map = packMap([{ key: new Uint8Array(65_537), value: packedOf('1') }]);

  expect(map.ok ? '' : map.error.code).toBe('TOOLARGE');
});
