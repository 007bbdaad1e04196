import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ServerIndex } from '../../../src/model/ids.ts';
import { GATE } from '../../../src/node/server-thread.ts';
import { TinyCluster } from './tiny-cluster.ts';

const S2 = 1 as ServerIndex;

describe('statements about threads', () => {
  let cluster: TinyCluster;

  afterEach(() => cluster.stop());

  test('a crashed server stays down until it is restarted', async () => {
    cluster = await TinyCluster.started();

    cluster.faults.say('crash s2');
    await cluster.until(() => cluster.states()[1] === 'stopped');
    const listed = cluster.faults.list().map(({ id, statement }) => `${id} ${statement}`);
    cluster.faults.say('restart s2');
    await cluster.host.settled();

    expect(listed).toEqual(['f1 CRASH s2']);
    expect(cluster.exits).toEqual(['s2.1: crashed by a fault']);
    expect(await cluster.ask(1, 'you')).toBe('s2: 2 you');
    expect(cluster.faults.list()).toEqual([]);
  });

  test('a crash with a duration heals by itself', async () => {
    cluster = await TinyCluster.started();

    cluster.faults.say('crash s2 FOR 50ms');
    await cluster.until(() => cluster.notices.at(-1)?.incarnation === 2 && cluster.states()[1] === 'running');

    expect(cluster.faultNotices).toEqual(['begun f1', 'healed f1']);
  });

  test('a running server that is restarted gets a new incarnation at once', async () => {
    cluster = await TinyCluster.started();

    cluster.faults.say('restart s1');
    await cluster.host.settled();

    expect(await cluster.ask(0, 'you')).toBe('s1: 2 you');
  });

  test('a hung server answers nothing until it is healed, and then what waited', async () => {
    cluster = await TinyCluster.started();
    cluster.faults.say('pause s2 AS asleep');
    const gate = cluster.supervisor.server(S2).life?.gate as Int32Array;
    await vi.waitUntil(() => Atomics.load(gate, 0) === GATE.waited, { interval: 1 });
    cluster.say(1, 'late');

    const other = await cluster.ask(0, 'awake');
    const heardBefore = cluster.heard.length;
    const healed = cluster.faults.say('heal asleep');
    await cluster.until(() => cluster.heard.length > heardBefore);

    expect([other, ...cluster.heard.slice(1)]).toEqual(['s1: 1 awake', 's2: 1 late']);
    expect(healed).toMatchObject({ value: { text: 'healed 1' } });
  });

  test('a hung server can be ended', async () => {
    cluster = await TinyCluster.started();
    cluster.faults.say('hang s2');

    cluster.faults.say('restart s2');
    await cluster.host.settled();

    expect(await cluster.ask(1, 'you')).toBe('s2: 2 you');
  });

  test('a cut between two servers stops what they send each other, not what the broker says', async () => {
    cluster = await TinyCluster.started();

    cluster.faults.say('cut s1 | s2');
    cluster.say(0, 'to 1 lost');
    cluster.say(0, 'to 2 past');
    await cluster.until(() => cluster.heard.includes('s3: from 0: past'));
    const answers = [await cluster.ask(0, 'a'), await cluster.ask(1, 'b')];

    expect(answers).toEqual(['s1: 1 a', 's2: 1 b']);
    expect(cluster.heard).not.toContain('s2: from 0: lost');
  });

  test('a rule outlives the incarnation that it was made for', async () => {
    cluster = await TinyCluster.started();
    cluster.faults.say('cut s1 -> s2');
    cluster.faults.say('restart s1');
    await cluster.host.settled();
    await cluster.linked();

    cluster.say(0, 'to 1 lost');
    cluster.say(0, 'to 2 past');
    await cluster.until(() => cluster.heard.includes('s3: from 0: past'));
    const answer = await cluster.ask(1, 'b');

    expect(answer).toBe('s2: 1 b');
    expect(cluster.heard).not.toContain('s2: from 0: lost');
  });

  test('a second fault with the same statement replaces the first', async () => {
    cluster = await TinyCluster.started();

    cluster.faults.say('delay s2 5ms');
    cluster.faults.say('delay s2 5ms');

    expect(cluster.faultNotices).toEqual(['begun f1', 'healed f1', 'begun f2']);
    expect(cluster.faults.list().map(({ id }) => id)).toEqual(['f2']);
  });

  test('healing all ends every fault and starts every server', async () => {
    cluster = await TinyCluster.started();
    cluster.faults.say('crash s1');
    cluster.faults.say('hang s3');
    await cluster.until(() => cluster.states()[0] === 'stopped');

    const healed = cluster.faults.healAll();
    await cluster.until(() => cluster.states().every((state) => state === 'running'));

    expect(healed).toBe(2);
    expect(await cluster.ask(2, 'you')).toBe('s3: 1 you');
  });
});
