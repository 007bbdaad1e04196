import { expect, test } from 'vitest';
import { Guard, needsGuard } from '../../actors/guard.ts';
import type { HostRules } from '../../src/cli/host.ts';
import { utf8 } from '../../src/lib/bytes.ts';
import { ok } from '../../src/lib/result.ts';
import { type Command, NO_NOTES, type Reply } from '../../src/model/commands.ts';
import type { ServerState } from '../../src/model/status.ts';

const NO_RULES: HostRules = { onKDown: 'warn', exitWhenKDown: false, readOnlyAfterIndex: false };
const FOUND: Reply = { kind: 'found', found: null, notes: NO_NOTES };
const GET: Command = { kind: 'get', key: utf8('a') };
const WRITE: Command = { kind: 'write', items: [], onExisting: 'overwrite' };
const DELETE: Command = { kind: 'delete', key: utf8('a') };
const SENTENCE = '2 or more servers are down (2 of 3), correct output cannot be guaranteed';

/** A guard of two copies on three servers, before a port that answers everything in the same way. */
function guardOf(rules: Partial<HostRules>, states: ServerState[] = ['up', 'up', 'up']) {
  const ended: string[] = [];
  const guard = new Guard({
    rules: { ...NO_RULES, ...rules },
    replicas: 2,
    port: { submit: (_, reply) => reply(FOUND) },
    states: () => states,
    end: (reason) => ended.push(reason),
  });
  const ask = (command: Command): Reply => {
    let answer: Reply | null = null;
    guard.submit(command, (reply) => {
      answer = reply;
    });
    return answer as unknown as Reply;
  };
  return { guard, ask, ended, states };
}

test('only a host with rules has a guard', () => {
  expect(needsGuard(NO_RULES)).toBe(false);
  expect(needsGuard({ ...NO_RULES, onKDown: 'refuse' })).toBe(true);
  expect(needsGuard({ ...NO_RULES, exitWhenKDown: true })).toBe(true);
  expect(needsGuard({ ...NO_RULES, readOnlyAfterIndex: true })).toBe(true);
});

test('reads are refused while k servers are down or recovering, and writes go on', () => {
  const { ask, states, ended } = guardOf({ onKDown: 'refuse' }, ['up', 'down', 'suspect']);
  expect(ask(GET)).toBe(FOUND);

  states[2] = 'recovering';
  const refused = ask(GET);

  expect(refused).toMatchObject({ kind: 'failed', error: { code: 'UNAVAILABLE', message: SENTENCE } });
  expect([ask(WRITE), ask(DELETE)]).toEqual([FOUND, FOUND]);
  expect(ended).toEqual([]);
});

test('a read with k servers down ends the host once, if that is wanted', () => {
  const { ask, ended } = guardOf({ onKDown: 'exit' }, ['down', 'down', 'up']);

  ask(WRITE);
  expect(ended).toEqual([]);
  ask(GET);
  ask(GET);

  expect(ended).toEqual([`${SENTENCE}: the host ends, as --on-k-down exit asks`]);
});

test('k servers that go down end the host without being asked, but servers that catch up at its start do not', () => {
  const { guard, states, ended } = guardOf({ exitWhenKDown: true }, ['up', 'recovering', 'recovering']);
  guard.check();
  states[1] = 'up';
  guard.check();
  expect(ended).toEqual([]);

  states[1] = 'recovering';
  guard.check();

  expect(ended).toEqual([`${SENTENCE}: the host ends, as --exit-when=k-down asks`]);
});

test('k servers that are down from the start end the host', () => {
  const { guard, ended } = guardOf({ exitWhenKDown: true }, ['up', 'down', 'down']);

  guard.check();

  expect(ended).toHaveLength(1);
});

test('values are taken until the data is loaded, and deletes after that too', () => {
  const { guard, ask } = guardOf({ readOnlyAfterIndex: true });
  expect(ask(WRITE)).toBe(FOUND);

  guard.onIndexed();

  expect(ask(WRITE)).toMatchObject({
    error: { code: 'NOPERM', message: 'PUT requests are not supported after server indexing' },
  });
  expect([ask(DELETE), ask(GET)]).toEqual([FOUND, FOUND]);
});

test('after the data is loaded updates may look and delete, and store nothing', () => {
  const { guard } = guardOf({ readOnlyAfterIndex: true });
  const key = utf8('a');
  const decided = (value: Uint8Array | null): unknown =>
    guard.allowed({ keys: [key], decide: () => ok([{ key, value }]) }).decide([null]);
  const before = decided(utf8('1'));

  guard.onIndexed();

  const looked = guard.allowed({ keys: [key], decide: () => ok([]) }).decide([null]);
  expect(before).toEqual(ok([{ key, value: utf8('1') }]));
  expect([looked, decided(null)]).toEqual([ok([]), ok([{ key, value: null }])]);
  expect(decided(utf8('1'))).toMatchObject({ ok: false, error: { code: 'NOPERM' } });
});
