import { afterEach, describe, expect, test, vi } from 'vitest';
import { type FaultOptions, linkName, linksBetween, linksOf } from '../../../actors/supervisor/faults.ts';
import type { FaultAction } from '../../../src/faults/action.ts';
import type { ServerIndex } from '../../../src/model/ids.ts';
import { GATE } from '../../../src/node/server-thread.ts';
import { TinyCluster } from './tiny-cluster.ts';

const [S1, S2, S3] = [0, 1, 2].map((index) => index as ServerIndex) as [ServerIndex, ServerIndex, ServerIndex];

function fault(statement: string, options: Partial<FaultOptions> = {}): FaultOptions {
  return { statement, servers: [S2], forMs: null, name: null, ...options };
}

describe('faults', () => {
  let cluster: TinyCluster;

  afterEach(() => cluster.stop());

  test('a crashed server stays down until it is restarted', async () => {
    cluster = await TinyCluster.started();

    cluster.faults.begin(fault('crash s2'), { kind: 'crash', servers: [S2] });
    await cluster.until(() => cluster.states()[1] === 'stopped');
    const listed = cluster.faults.list().map(({ id, statement }) => `${id} ${statement}`);
    await cluster.faults.restart([S2]);

    expect(listed).toEqual(['f1 crash s2']);
    expect(cluster.exits).toEqual(['s2.1: crashed by a fault']);
    expect(await cluster.ask(1, 'you')).toBe('s2: 2 you');
    expect(cluster.faults.list()).toEqual([]);
  });

  test('a crash with a duration heals by itself', async () => {
    cluster = await TinyCluster.started();

    cluster.faults.begin(fault('crash s2 FOR 50ms', { forMs: 50 }), { kind: 'crash', servers: [S2] });
    await cluster.until(() => cluster.notices.at(-1)?.incarnation === 2 && cluster.states()[1] === 'running');

    expect(cluster.faultNotices).toEqual(['begun f1', 'healed f1']);
  });

  test('a running server that is restarted gets a new incarnation at once', async () => {
    cluster = await TinyCluster.started();

    await cluster.faults.restart([S1]);

    expect(await cluster.ask(0, 'you')).toBe('s1: 2 you');
  });

  test('a hung server answers nothing until it is healed, and then what waited', async () => {
    cluster = await TinyCluster.started();
    cluster.faults.begin(fault('pause s2', { name: 'asleep' }), { kind: 'hang', servers: [S2], forMs: null });
    const gate = cluster.supervisor.server(S2).life?.gate as Int32Array;
    await vi.waitUntil(() => Atomics.load(gate, 0) === GATE.waited, { interval: 1 });
    cluster.say(1, 'late');

    const other = await cluster.ask(0, 'awake');
    const heardBefore = cluster.heard.length;
    const healed = cluster.faults.heal({ name: 'asleep' });
    await cluster.until(() => cluster.heard.length > heardBefore);

    expect([other, healed, ...cluster.heard.slice(1)]).toEqual(['s1: 1 awake', 1, 's2: 1 late']);
  });

  test('a hung server can be ended', async () => {
    cluster = await TinyCluster.started();
    cluster.faults.begin(fault('hang s2'), { kind: 'hang', servers: [S2], forMs: null });

    await cluster.faults.restart([S2]);

    expect(await cluster.ask(1, 'you')).toBe('s2: 2 you');
  });

  test('a cut between two servers stops what they send each other, not what the broker says', async () => {
    cluster = await TinyCluster.started();

    const cut = linksBetween([S1], [S2]);
    cluster.faults.begin(fault('cut s1 | s2', { servers: [] }), { kind: 'link', links: cut, rule: { kind: 'cut' } });
    cluster.say(0, 'to 1 lost');
    cluster.say(0, 'to 2 past');
    await cluster.until(() => cluster.heard.includes('s3: from 0: past'));
    const answers = [await cluster.ask(0, 'a'), await cluster.ask(1, 'b')];

    expect(answers).toEqual(['s1: 1 a', 's2: 1 b']);
    expect(cluster.heard).not.toContain('s2: from 0: lost');
  });

  test('a rule outlives the incarnation that it was made for', async () => {
    cluster = await TinyCluster.started();
    cluster.faults.begin(fault('cut s1 -> s2', { servers: [] }), {
      kind: 'link',
      links: [{ from: S1, to: S2 }],
      rule: { kind: 'cut' },
    });
    await cluster.faults.restart([S1]);
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
    const delay: FaultAction = {
      kind: 'link',
      links: linksOf([S2], 3),
      rule: { kind: 'delay', delayMs: 5, jitterMs: 0 },
    };

    cluster.faults.begin(fault('delay s2 5ms'), delay);
    cluster.faults.begin(fault('delay s2 5ms'), delay);

    expect(cluster.faultNotices).toEqual(['begun f1', 'healed f1', 'begun f2']);
    expect(cluster.faults.list().map(({ id }) => id)).toEqual(['f2']);
  });

  test('healing all ends every fault and starts every server', async () => {
    cluster = await TinyCluster.started();
    cluster.faults.begin(fault('crash s1', { servers: [S1] }), { kind: 'crash', servers: [S1] });
    cluster.faults.begin(fault('hang s3', { servers: [S3] }), { kind: 'hang', servers: [S3], forMs: null });
    await cluster.until(() => cluster.states()[0] === 'stopped');

    const healed = cluster.faults.heal('all');
    await cluster.until(() => cluster.states().every((state) => state === 'running'));

    expect(healed).toBe(2);
    expect(await cluster.ask(2, 'you')).toBe('s3: 1 you');
  });
});

describe('links', () => {
  test('between two groups go both ways', () => {
    expect(linksBetween([S1], [S2, 'broker']).map(linkName)).toEqual([
      's1 -> s2',
      's2 -> s1',
      's1 -> broker',
      'broker -> s1',
    ]);
  });

  test('of a server are all to and from it; without a server, all there are', () => {
    expect(linksOf([S2], 2).map(linkName)).toEqual(['broker -> s2', 's1 -> s2', 's2 -> broker', 's2 -> s1']);
    expect(linksOf([], 2).length).toBe(6);
  });
});
