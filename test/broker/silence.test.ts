/** Who is put out for being silent, and who is waited for, in virtual time. */
import { describe, expect, test } from 'vitest';
import { maskOf, type ServerIndex } from '../../src/model/ids.ts';
import { driven, keyOf } from '../sim/driven.ts';

const THREE = { servers: 3, replicas: 2 } as const;
const [FIRST, SECOND, THIRD] = [0 as ServerIndex, 1 as ServerIndex, 2 as ServerIndex];
const ALL = [FIRST, SECOND, THIRD];

/** A cluster that stands, and one key of each pair of servers. */
function stand() {
  const base = driven(THREE);
  const { cluster, queue, put, disk } = base;
  const shared = (a: ServerIndex, b: ServerIndex): string => keyOf(THREE, maskOf(a) | maskOf(b));
  put(shared(FIRST, SECOND), 'old');
  queue.run(1_000);
  const stall = (...servers: readonly ServerIndex[]): (() => void) => {
    const heals = servers.map((server) => disk(server, { kind: 'stall' }));
    return () => {
      for (const heal of heals) heal();
    };
  };
  const states = (): (string | undefined)[] => ALL.map((server) => cluster.broker?.view(server).state);
  const incarnations = (): (number | undefined)[] => ALL.map((server) => cluster.broker?.view(server).incarnation);
  return { ...base, shared, stall, states, incarnations };
}

describe('a disk that stalls', () => {
  test('under all servers puts none of them out for as long as five seconds, and what was written is done', () => {
    const { queue, write, shared, stall, states, incarnations } = stand();
    const before = incarnations();
    const heal = stall(...ALL);
    const first = write({ [shared(FIRST, SECOND)]: 'new' });
    const second = write({ [shared(SECOND, THIRD)]: 'new' });

    queue.run(4_500);
    const meanwhile = states();
    heal();
    queue.run(500);

    expect(meanwhile).toEqual(['suspect', 'suspect', 'suspect']);
    expect([first.answer()?.kind, second.answer()?.kind]).toEqual(['written', 'written']);
    expect([states(), incarnations()]).toEqual([['up', 'up', 'up'], before]);
  });

  test('under both owners of a key puts none of them out, though one that syncs nothing is heard', () => {
    const { queue, write, shared, stall, states, incarnations } = stand();
    const before = incarnations();
    const heal = stall(FIRST, SECOND);
    const written = write({ [shared(FIRST, SECOND)]: 'new' });

    queue.run(2_000);
    const meanwhile = states();
    heal();
    queue.run(500);

    expect(meanwhile).toEqual(['suspect', 'suspect', 'up']);
    expect(written.answer()).toMatchObject({ kind: 'written' });
    expect(incarnations()).toEqual(before);
  });

  test('under one of two owners puts that one out as soon as the other has synced the write', () => {
    const { queue, write, shared, stall, states } = stand();
    stall(SECOND);
    const written = write({ [shared(FIRST, SECOND)]: 'new' });

    queue.run(900);

    expect(written.answer()).toMatchObject({ kind: 'written' });
    expect(states()).toEqual(['up', 'down', 'up']);
  });

  test('under one of two owners is given the more time the larger the write is that it owes', () => {
    const { queue, write, shared, stall, states } = stand();
    stall(SECOND);
    const written = write({ [shared(FIRST, SECOND)]: 'v'.repeat(12 * 1024 * 1024) });

    queue.run(1_000);
    const meanwhile = [written.answer()?.kind, states()[1]];
    queue.run(500);

    expect(meanwhile).toEqual([undefined, 'suspect']);
    expect(written.answer()).toMatchObject({ kind: 'written' });
    expect(states()).toEqual(['up', 'down', 'up']);
  });

  test('under all of them for longer than five seconds counts as theirs', () => {
    const { queue, write, shared, stall, states } = stand();
    stall(...ALL);
    write({ [shared(FIRST, SECOND)]: 'new', [shared(SECOND, THIRD)]: 'new' });

    queue.run(6_000);

    expect(states()).toEqual(['down', 'down', 'down']);
  });
});

describe('a server that hangs', () => {
  test('is put out within a second though nobody writes', () => {
    const { queue, hang, incarnations } = stand();
    const before = incarnations();
    hang(SECOND);

    queue.run(900);

    expect(incarnations()[1]).toBe((before[1] ?? 0) + 1);
  });

  test('is put out when another one has synced one of the writes that it owes, whatever else it owes', () => {
    const { cluster, queue, write, hang, hold, shared, states } = stand();
    hold(FIRST);
    queue.run(500);
    hang(THIRD);
    // Only the one that hangs can keep the first; the second, which another one keeps too, waits for it.
    write({ [shared(FIRST, THIRD)]: 'new' });
    const written = write({ [shared(SECOND, THIRD)]: 'new' });

    queue.run(900);

    expect(states()[2]).not.toBe('suspect');
    expect([written.answer()?.kind, cluster.broker?.isServing]).toEqual(['written', true]);
  });

  test('is waited for when all of them hang, and put out after five seconds', () => {
    const { queue, hang, states, incarnations } = stand();
    const before = incarnations();
    hang(...ALL);

    queue.run(4_500);
    const meanwhile = states();
    queue.run(3_000);

    expect(meanwhile).toEqual(['suspect', 'suspect', 'suspect']);
    expect([states(), incarnations()]).toEqual([['up', 'up', 'up'], before.map((life) => (life ?? 0) + 1)]);
  });
});
