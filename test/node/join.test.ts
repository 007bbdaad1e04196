import { expect, test } from 'vitest';
import type { Incarnation, ServerIndex } from '../../src/model/ids.ts';
import {
  joinedWords,
  joinRequest,
  keepMembership,
  parseJoin,
  parseJoined,
  parseMembership,
  readMembership,
} from '../../src/node/join.ts';
import { SimulatedDisk } from '../../src/sim/disk.ts';

const MEMBERSHIP = { index: 1 as ServerIndex, servers: 3, replicas: 2, epoch: 7 };

test('what a broker asks is what the server reads', () => {
  const request = joinRequest(MEMBERSHIP);

  expect(parseJoin(request.replace(/^JOIN /, ''))).toEqual({ ok: true, value: MEMBERSHIP });
});

test('a broker of a program with other frames is refused before anything is joined', () => {
  const request = JSON.stringify({ ...MEMBERSHIP, frames: 1 });

  expect(parseJoin(request)).toMatchObject({ ok: false, error: { code: 'USAGE' } });
  expect(parseJoin(JSON.stringify(MEMBERSHIP))).toMatchObject({ ok: false, error: { code: 'USAGE' } });
});

test('what the server answers is what the broker reads', () => {
  const joined = { port: 4000, incarnation: 3 as Incarnation, token: 'ab12' };

  expect(parseJoined(`OK ${joinedWords(joined)}`)).toEqual({ ok: true, value: joined });
  expect(parseJoined('ERROR CONFLICT taken')).toEqual({ ok: false, error: { code: 'CONFLICT', message: 'taken' } });
  expect(parseJoined('HTTP/1.1 400 Bad Request')).toMatchObject({ ok: false, error: { code: 'UNAVAILABLE' } });
});

test('a server remembers its place, and has none before', () => {
  const disk = new SimulatedDisk();
  disk.makeDirectory('d');
  const before = readMembership(disk, 'd');

  const kept = keepMembership(disk, 'd', MEMBERSHIP);

  expect(before).toEqual({ ok: true, value: null });
  expect(kept.ok).toBe(true);
  expect(readMembership(disk, 'd')).toEqual({ ok: true, value: MEMBERSHIP });
});

test.each([
  '',
  'null',
  '[]',
  '{"index":3,"servers":3,"replicas":2,"epoch":7}',
  '{"index":0,"servers":17,"replicas":2,"epoch":7}',
  '{"index":0,"servers":3,"replicas":4,"epoch":7}',
  '{"index":0,"servers":3,"replicas":2,"epoch":-1}',
  '{"index":0,"servers":3,"replicas":2}',
])('%j asks for no place in a cluster', (json) => {
  expect(parseMembership(json)).toMatchObject({ ok: false, error: { code: 'USAGE' } });
});
