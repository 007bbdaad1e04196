import { expect, test } from 'vitest';
import { Guard, needsGuard } from '../../actors/guard.ts';
import type { Update } from '../../src/broker/updates.ts';
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
    port: { submit: (_, reply) => reply(FOUND), update: ({ decide }, reply) => reply(outcomeOf(decide([null]))) },
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
  const update = (decide: Update['decide']): Reply => {
    let answer: Reply | null = null;
    guard.update({ keys: [utf8('a')], decide }, (reply) => {
      answer = reply;
    });
    return answer as unknown as Reply;
  };
  return { guard, ask, update, ended, states };
}

function outcomeOf(decided: ReturnType<Update['decide']>): Reply {
  if (!decided.ok) return { kind: 'failed', error: decided.error, notes: NO_NOTES };
  return { kind: 'written', items: decided.value.length, notes: NO_NOTES };
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
  const { guard, update } = guardOf({ readOnlyAfterIndex: true });
  const key = utf8('a');
  const decided = (value: Uint8Array | null): Reply => update(() => ok([{ key, value }]));
  const before = decided(utf8('1'));

  guard.onIndexed();

  expect(before).toMatchObject({ kind: 'written', items: 1 });
  expect([update(() => ok([])), decided(null)]).toMatchObject([{ kind: 'written' }, { kind: 'written' }]);
  expect(decided(utf8('1'))).toMatchObject({ kind: 'failed', error: { code: 'NOPERM' } });
});

test('an update that changes nothing is a read: refused while k servers are down, and the others go on', () => {
  const { update, states } = guardOf({ onKDown: 'refuse' });
  const reads = (): Reply => update(() => ok([]));
  const deletes = (): Reply => update(() => ok([{ key: utf8('a'), value: null }]));
  expect([reads(), deletes()]).toMatchObject([{ kind: 'written' }, { kind: 'written' }]);

  states.fill('down', 1);

  expect(reads()).toMatchObject({ kind: 'failed', error: { code: 'UNAVAILABLE', message: SENTENCE } });
  expect(deletes()).toMatchObject({ kind: 'written', items: 1 });
});
