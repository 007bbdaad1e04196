/** What who observes the store is told, in virtual time. */
import { describe, expect, test } from 'vitest';
import type { Changes } from '../../src/broker/operations.ts';
import { text, utf8 } from '../../src/lib/bytes.ts';
import { ok } from '../../src/lib/result.ts';
import { world } from '../sim/world.ts';

/** Each change as `kind key`, in the order of what was told. */
function told(changes: Changes | null): string[] {
  return changes === null ? ['anything'] : changes.items.map(({ key }) => `${changes.kind} ${text(key)}`);
}

describe('who observes the store', () => {
  test('is told each change once, before who asked for it is answered', () => {
    const { cluster, put, ask } = world();
    const heard: string[] = [];
    cluster.broker?.observe((changes) => heard.push(...told(changes)));

    put('a', '1');
    ask({ kind: 'delete', key: utf8('a') });
    ask({ kind: 'delete', key: utf8('a') });
    put('b', '2');

    expect(heard).toEqual(['write a', 'delete a', 'write b']);
  });

  test('is told of nothing that is not acknowledged, and of an update as it was decided', () => {
    const { cluster, queue } = world();
    const heard: string[] = [];
    cluster.broker?.observe((changes) => heard.push(...told(changes)));
    const items = ['x', 'y', 'z'].map((key) => ({ key: utf8(key), value: utf8('v') }));
    const keys = items.map(({ key }) => key);

    cluster.hostThread?.run(() =>
      cluster.broker?.update({ keys, decide: () => ok(items) }, () => heard.push('answer')),
    );
    const before = [...heard];
    queue.run(100);

    expect(before).toEqual([]);
    expect(heard).toEqual(['write x', 'write y', 'write z', 'answer']);
  });

  test('is told of a key whose time came, and of nothing any more when it ends that', () => {
    const { cluster, queue, put } = world();
    const heard: string[] = [];
    const end = cluster.broker?.observe((changes) => heard.push(...told(changes)));
    put('goes', 'b', cluster.wallMs() + 500);

    queue.run(1_500);
    end?.();
    put('later', 'c');

    expect(heard).toEqual(['write goes', 'expiry goes']);
  });
});
