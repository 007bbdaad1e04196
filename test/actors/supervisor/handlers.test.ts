import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { RESTARTS_MAX } from '../../../src/lib/restart-policy.ts';
import { EXIT_TIMEOUT_MS } from '../../../actors/supervisor/supervised.ts';
import type { Incarnation, ServerIndex } from '../../../src/model/ids.ts';
import { TinyCluster } from './tiny-cluster.ts';

const S2 = 1 as ServerIndex;

/** Ports that this process listens to. */
function openPorts(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
}

describe('the supervisor', () => {
  let cluster: TinyCluster;

  afterEach(() => cluster.stop());

  test('starts every server with a link to the broker and one to each other server', async () => {
    cluster = await TinyCluster.started();

    const peers = [await cluster.ask(0, 'peers'), await cluster.ask(1, 'peers'), await cluster.ask(2, 'peers')];
    cluster.say(0, 'to 2 hello');
    await cluster.until(() => cluster.heard.includes('s3: from 0: hello'));

    expect(peers).toEqual(['s1: 1 2', 's2: 0 2', 's3: 0 1']);
  });

  test('restarts a thread that threw, under the next incarnation and with the error as reason', async () => {
    cluster = await TinyCluster.started();

    cluster.say(1, 'throw');
    await cluster.until(() => cluster.notices.at(-1)?.state === 'running' && cluster.exits.length === 1);

    expect(cluster.exits).toEqual(['s2.1: thrown on demand']);
    expect(await cluster.ask(1, 'you')).toBe('s2: 2 you');
  });

  test('gives a restarted server new links to the ones that live', async () => {
    cluster = await TinyCluster.started();
    cluster.say(1, 'exit');
    await cluster.until(() => cluster.exits.length === 1);
    await cluster.linked();

    cluster.say(0, 'to 1 again');
    cluster.say(1, 'to 2 back');
    await cluster.until(() => cluster.heard.length === 2);

    expect(cluster.heard.toSorted()).toEqual(['s2: from 0: again', 's3: from 1: back']);
  });

  test('ends an incarnation for the broker, once, and starts the next', async () => {
    cluster = await TinyCluster.started();

    cluster.supervisor.terminate(S2, 1 as Incarnation, 'silent for 5 heartbeats');
    await cluster.until(() => cluster.notices.at(-1)?.state === 'running' && cluster.exits.length === 1);
    cluster.supervisor.terminate(S2, 1 as Incarnation, 'too late');

    expect(cluster.exits).toEqual(['s2.1: silent for 5 heartbeats']);
    expect(cluster.states()).toEqual(['running', 'running', 'running']);
  });

  test('waits longer after each death and gives up after the last, with a reason', async () => {
    cluster = new TinyCluster(1, () => dyingWorker());
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });

    cluster.supervisor.start();
    const waits = await waitsUntilGivenUp(cluster);
    vi.useRealTimers();

    expect(cluster.exits.length).toBe(RESTARTS_MAX);
    expect(waits[0]).toBeLessThanOrEqual(150);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(2_500);
    expect(cluster.notices.at(-1)?.reason).toMatch(/^given up after 10 deaths in 60 s; the last: /);
  });

  test('tries a server that it gave up again every minute, for its disk may be well by then', async () => {
    let isWell = false;
    cluster = new TinyCluster(1, () => (isWell ? undefined : dyingWorker()));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });

    cluster.supervisor.start();
    await waitsUntilGivenUp(cluster);
    isWell = true;
    vi.advanceTimersByTime(60_000);
    vi.useRealTimers();
    await cluster.until(() => cluster.states()[0] !== 'starting');

    expect(cluster.states()).toEqual(['running']);
  });

  test('counts a thread that the system refuses to make as one that died, and tries again', async () => {
    let asked = 0;
    cluster = new TinyCluster(1, () => {
      if (++asked === 1) throw new Error('Worker initialization failure: EAGAIN');
    });

    cluster.supervisor.start();
    await cluster.until(() => cluster.states()[0] === 'running');

    expect(cluster.notices.map(({ state, reason }) => `${state} ${reason}`.trim())).toEqual([
      'starting',
      'backingOff Worker initialization failure: EAGAIN',
      'starting Worker initialization failure: EAGAIN',
      'running Worker initialization failure: EAGAIN',
    ]);
  });

  test('starts nothing in the directory of a thread that does not end, and says so', async () => {
    cluster = new TinyCluster(1, () => immortalWorker());
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });

    cluster.supervisor.start();
    cluster.supervisor.terminate(0 as ServerIndex, 1 as Incarnation, 'silent');
    vi.advanceTimersByTime(EXIT_TIMEOUT_MS + 60_000);
    vi.useRealTimers();

    expect(cluster.states()).toEqual(['stuck']);
    expect(cluster.notices.at(-1)?.reason).toBe('stuck: its thread does not end (silent)');
    expect(cluster.supervisor.server(0 as ServerIndex).life?.incarnation).toBe(1);
  });

  test('waits for no link to a thread that ends, or does not, before it announces another server', async () => {
    cluster = new TinyCluster(2, ({ index }) => (index === 0 ? immortalWorker() : undefined));
    const began = performance.now();

    cluster.supervisor.server(0 as ServerIndex).start();
    cluster.supervisor.terminate(0 as ServerIndex, 1 as Incarnation, 'silent');
    cluster.supervisor.server(S2).start();
    await cluster.until(() => cluster.hub.get(S2) !== null);

    expect(performance.now() - began).toBeLessThan(EXIT_TIMEOUT_MS / 2);
  });

  test('leaks neither threads, ports nor shared memory in 200 rounds of kill and restart', async () => {
    cluster = await TinyCluster.started(2);
    const before = openPorts();
    const bytesBefore = process.memoryUsage().arrayBuffers;

    for (let round = 0; round < 100; round++) {
      cluster.host.restart([0 as ServerIndex, S2]);
      await cluster.host.settled();
    }
    await cluster.until(() => cluster.states().every((state) => state === 'running'));
    await cluster.ask(0, 'done');
    await cluster.ask(1, 'done');

    expect(cluster.supervisor.servers.map(({ life }) => life?.incarnation)).toEqual([101, 101]);
    expect(openPorts()).toBe(before);
    expect(process.memoryUsage().arrayBuffers - bytesBefore).toBeLessThan(32 * 1024 * 1024);
  });

  test('stops every server, and tells nobody that they died', async () => {
    cluster = await TinyCluster.started();

    await cluster.supervisor.stop();

    expect(cluster.states()).toEqual(['stopped', 'stopped', 'stopped']);
    expect(cluster.exits).toEqual([]);
  });
});

/** Milliseconds of each pause until the first server is given up; under fake timers. */
async function waitsUntilGivenUp(cluster: TinyCluster): Promise<number[]> {
  for (const waits: number[] = []; ; ) {
    await vi.waitFor(() => expect(cluster.states()[0]).not.toBe('starting'));
    if (cluster.states()[0] === 'givenUp') return waits;
    const before = performance.now();
    vi.advanceTimersToNextTimer();
    waits.push(performance.now() - before);
  }
}

/** Stands for a thread that the system kills as soon as it runs. */
function dyingWorker(): Worker {
  const worker = new EventEmitter();
  setImmediate(() => worker.emit('exit', 1));
  return Object.assign(worker, { threadId: 1, terminate: () => Promise.resolve(1) }) as unknown as Worker;
}

/** Stands for a thread that is stuck in the kernel. */
function immortalWorker(): Worker {
  const worker = Object.assign(new EventEmitter(), { threadId: 1, terminate: () => new Promise(() => undefined) });
  return worker as unknown as Worker;
}
