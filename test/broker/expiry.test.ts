/** Keys that go by themselves, in virtual time: when they are absent, and that they leave every copy. */
import { describe, expect, test } from 'vitest';
import type { Update } from '../../src/broker/updates.ts';
import { text, utf8 } from '../../src/lib/bytes.ts';
import { ok } from '../../src/lib/result.ts';
import type { Reply } from '../../src/model/commands.ts';
import { heldBy, world } from '../sim/world.ts';

const LIFE_MS = 500;
const SCAN = { kind: 'scan', prefix: utf8(''), after: utf8(''), limit: 10, values: false } as const;

describe('a key with a time', () => {
  test('is absent to every kind of read from that time on, and leaves every copy soon after', () => {
    const { cluster, queue, put, get, ask } = world();
    put('stays', 'a');
    const until = cluster.wallMs() + LIFE_MS;
    put('goes', 'b', until);
    const before = { got: get('goes'), keys: keysIn(ask(SCAN)) };

    queue.run(until - cluster.wallMs());
    const after = { got: get('goes'), keys: keysIn(ask(SCAN)) };
    queue.run(1_000);

    expect(before).toEqual({ got: 'b', keys: ['goes', 'stays'] });
    expect(after).toEqual({ got: null, keys: ['stays'] });
    expect(ask({ kind: 'delete', key: utf8('goes') })).toMatchObject({ existed: false });
    for (let server = 0; server < 3; server++) expect(heldBy(cluster, server)).not.toContain('goes');
  });

  test('is nothing to a delete as soon as its time has come, though every copy is still there', () => {
    const { cluster, queue, put, ask } = world();
    const until = cluster.wallMs() + LIFE_MS;
    put('goes', 'b', until);

    queue.run(until - cluster.wallMs());
    const held = heldBy(cluster, 0).concat(heldBy(cluster, 1), heldBy(cluster, 2));

    expect(held).toContain('goes');
    expect(ask({ kind: 'delete', key: utf8('goes') })).toMatchObject({ kind: 'deleted', existed: false });
  });

  test('is read as of the moment that is asked for, however late the answer comes', () => {
    const { cluster, queue, put } = world();
    const until = cluster.wallMs() + LIFE_MS;
    put('goes', 'b', until);
    const seen: string[] = [];
    queue.run(until - cluster.wallMs() - 1);
    for (const server of cluster.servers) server.life?.thread.hang(50);

    cluster.submit({ kind: 'get', key: utf8('goes') }, (reply) => {
      seen.push(reply.kind === 'found' && reply.found !== null ? text(reply.found.value) : 'nothing');
    });
    queue.run(100);

    expect(seen).toEqual(['b']);
  });

  test('goes though a server is down, where deletes are strict, and does not come back with it', () => {
    const { cluster, queue, put, get, hold } = world();
    put('goes', 'b', cluster.wallMs() + LIFE_MS);
    const release = hold(0);

    queue.run(LIFE_MS + 1_500);
    release();
    queue.runUntil(() => cluster.isSettled, 20_000);
    queue.run(1_000);

    expect(get('goes')).toBe(null);
    for (let server = 0; server < 3; server++) expect(heldBy(cluster, server)).not.toContain('goes');
  });

  test('keeps its time through a crash of everything, and a new value has none', () => {
    const { cluster, queue, put, get } = world();
    const until = cluster.wallMs() + 3_000;
    put('goes', 'b', until);
    put('renewed', 'c', until);
    put('renewed', 'd');

    cluster.blackout({ survivors: 'none', offMs: 10, losesEpochFile: false });
    queue.runUntil(() => cluster.isSettled, 20_000);
    const before = get('goes');
    queue.run(until - cluster.wallMs() + 1);

    expect([before, get('goes'), get('renewed')]).toEqual(['b', null, 'd']);
  });

  test('is nothing to an update once its time has come, and tells it before', () => {
    const { cluster, queue, put } = world();
    const until = cluster.wallMs() + LIFE_MS;
    put('goes', 'b', until);
    const seen: (number | null)[] = [];
    const decide: Update['decide'] = ([found]) => {
      seen.push(found?.expiresAtMs ?? null);
      return ok([]);
    };
    const look = (): void =>
      cluster.hostThread?.run(() => cluster.broker?.update({ keys: [utf8('goes')], decide }, () => {}));

    look();
    queue.run(LIFE_MS);
    look();
    queue.run(100);

    expect(seen).toEqual([until, null]);
  });

  test('tells who watches it when it goes', () => {
    const { cluster, queue, put } = world();
    put('goes', 'b', cluster.wallMs() + LIFE_MS);
    const touched: string[] = [];
    const stop = cluster.broker?.watch(utf8('goes'), (kind) => touched.push(kind));

    queue.run(LIFE_MS + 1_000);
    put('goes', 'c');
    stop?.();
    put('goes', 'd');

    expect(touched).toEqual(['expiry', 'write']);
  });
});

function keysIn(reply: Reply): string[] {
  return reply.kind === 'scanned' ? reply.entries.map((entry) => text(entry.key)) : [];
}
