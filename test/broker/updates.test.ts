/** Changes that depend on what keys hold, under crashes in virtual time: counted exactly, and money is never made. */
import { describe, expect, test } from 'vitest';
import type { Update } from '../../src/broker/updates.ts';
import { text, utf8 } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import { ok } from '../../src/lib/result.ts';
import type { Reply } from '../../src/model/commands.ts';
import { fail, isIndefinite } from '../../src/model/errors.ts';
import { world as simulated } from '../sim/world.ts';

const ACCOUNTS = ['a0', 'a1', 'a2', 'a3', 'a4', 'a5'];
const EACH = 100;

describe('updates', () => {
  test('of one key count every acknowledged one exactly once, whoever crashes', () => {
    for (let seed = 1; seed <= 8; seed++) {
      const { cluster, update, quake, settle, get } = world(seed);
      const seen = new Set<number>();
      let unknown = 0;
      const increment = (): void => {
        let now = 0;
        const add: Update = {
          keys: [utf8('counter')],
          decide: ([held]) => {
            now = (held == null ? 0 : Number(text(held.value))) + 1;
            return ok([{ key: utf8('counter'), value: utf8(String(now)) }]);
          },
        };
        update(add, (reply) => {
          if (reply.kind === 'written') {
            expect(seen.has(now), `seed ${seed}: ${now} was given twice`).toBe(false);
            seen.add(now);
          } else if (reply.kind === 'failed' && isIndefinite(reply.error.code)) unknown++;
          if (cluster.queue.nowMs < END_MS) cluster.queue.after(cluster.prng.float() * 5, increment);
        });
      };

      for (let client = 0; client < 4; client++) increment();
      quake();
      settle();

      const value = Number(get('counter'));
      expect(seen.size, `seed ${seed}`).toBeGreaterThan(50);
      expect(value, `seed ${seed}`).toBeGreaterThanOrEqual(seen.size);
      expect(value, `seed ${seed}`).toBeLessThanOrEqual(seen.size + unknown);
    }
  });

  test('of several keys move money that nobody ever sees on its way', () => {
    for (let seed = 1; seed <= 8; seed++) {
      const { cluster, update, submit, quake, settle, get } = world(seed);
      const { queue, prng } = cluster;
      const first = { kind: 'write', onExisting: 'overwrite' } as const;
      submit({ ...first, items: ACCOUNTS.map((key) => ({ key: utf8(key), value: utf8(String(EACH)) })) }, () => {});
      settle();
      let moved = 0;
      const move = (): void => {
        const [from, to] = prng.shuffle(ACCOUNTS) as [string, string];
        const amount = prng.between(1, 60);
        const transfer: Update = {
          keys: [utf8(from), utf8(to)],
          decide: (held) => {
            const [has, gets] = held.map((each) => Number(text(each?.value ?? utf8('NaN')))) as [number, number];
            if (has < amount) return fail('CONFLICT', 'not enough');
            return ok([
              { key: utf8(from), value: utf8(String(has - amount)) },
              { key: utf8(to), value: utf8(String(gets + amount)) },
            ]);
          },
        };
        update(transfer, (reply) => {
          if (reply.kind === 'written') moved++;
          if (queue.nowMs < END_MS) queue.after(prng.float() * 5, move);
        });
      };
      const paths = ACCOUNTS.map((key) => ({ segments: [utf8(key)], joinable: 1 }));
      const look = (): void =>
        submit({ kind: 'queryMany', paths }, (reply) => {
          if (reply.kind === 'foundMany' && !reply.notes.uncertain) {
            const sum = reply.found.reduce((all, found) => all + Number(text(found?.value ?? utf8('NaN'))), 0);
            expect(sum, `seed ${seed} at ${queue.nowMs}`).toBe(EACH * ACCOUNTS.length);
          }
          if (queue.nowMs < END_MS) queue.after(prng.float() * 10, look);
        });

      for (let client = 0; client < 4; client++) move();
      look();
      quake();
      settle();

      expect(moved, `seed ${seed}`).toBeGreaterThan(20);
      const sum = ACCOUNTS.reduce((all, key) => all + Number(get(key)), 0);
      expect(sum, `seed ${seed}`).toBe(EACH * ACCOUNTS.length);
    }
  });

  test('that refuse or change nothing see every change that was ordered before them', () => {
    const { cluster, update, settle } = world(1);
    const key = utf8('k');
    const log: string[] = [];
    const claim = (name: string): Update => ({
      keys: [key],
      decide: ([held]) => (held == null ? ok([{ key, value: utf8(name) }]) : ok([])),
    });

    for (const name of ['first', 'second', 'third']) {
      update(claim(name), (reply) => log.push(`${name} ${reply.kind === 'written' ? reply.items : reply.kind}`));
    }
    cluster.queue.runUntil(() => log.length === 3, 5_000);
    settle();

    expect(log.sort()).toEqual(['first 1', 'second 0', 'third 0']);
  });
});

test('an insert that had to wait for another one is decided before what was sent behind it', () => {
  const { cluster, submit, settle } = world(1);
  const key = utf8('k');
  const log: string[] = [];
  const note = (reply: Reply): void => {
    log.push(reply.kind === 'found' ? text(reply.found?.value ?? utf8('nothing')) : reply.kind);
  };
  const insert = (value: string): void =>
    submit({ kind: 'write', items: [{ key, value: utf8(value) }], onExisting: 'refuse' }, note);

  insert('one');
  submit({ kind: 'delete', key }, note);
  insert('two');
  submit({ kind: 'get', key }, note);
  cluster.queue.runUntil(() => log.length === 4, 5_000);
  settle();

  expect(log.sort()).toEqual(['deleted', 'two', 'written', 'written']);
});

const END_MS = 6_000;

function world(seed: number) {
  const base = simulated({}, seed);
  const { cluster, queue } = base;
  const prng = new Prng(seed);
  const update = (change: Update, reply: (reply: Reply) => void): void => {
    // When its host dies nobody answers: that outcome is unknown.
    let isAnswered = false;
    const answer = (given: Reply): void => {
      if (!isAnswered) reply(given);
      isAnswered = true;
    };
    const { broker, hostThread } = cluster;
    const error = { code: 'TIMEOUT', message: 'the host died' } as const;
    queue.after(12_000, () => answer({ kind: 'failed', error, notes: { warnings: [], uncertain: false } }));
    if (broker !== null) hostThread?.run(() => broker.update(change, answer));
  };
  /** Crashes, hangs and one loss of power, until the clients stop. */
  const quake = (): void => {
    while (queue.nowMs < END_MS) {
      queue.run(prng.float() * 400);
      const server = cluster.server(prng.below(3));
      if (prng.chance(0.6)) server.kill('killed');
      else if (prng.chance(0.5)) queue.after(prng.float() * 1_000, server.hold('stopped'));
      else if (queue.nowMs > END_MS / 2) cluster.blackout({ survivors: 'random', offMs: 20, losesEpochFile: false });
    }
    queue.run(13_000);
  };
  return { ...base, update, submit: cluster.submit.bind(cluster), quake };
}
