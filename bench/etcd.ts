/**
 * What do durable writes and linearizable reads cost beside etcd? etcd answers a write when a majority of its members has
 * synced it: two of three, as with k = 2 here; k = 3 promises more. All on this machine, 64 bytes a value, the same number
 * of clients on both sides, each side by a client of its own protocol that costs as little as it can; etcd's ask its
 * leader. A read is linearizable on both sides. No timing is a test.
 */
import { beside, type Row } from './measure/answer.ts';
import { drive, keyOf, resp } from './measure/client.ts';
import { assertEqualToEtcd, witnessEtcd, witnessHost } from './measure/durability.ts';
import { getCall, HAS_ETCD, NO_ETCD, putCall, startEtcd } from './measure/etcd.ts';
import { driveCalls } from './measure/grpc.ts';
import { ONE_COPY, type Shape, showShape, startHost, TWO_COPIES } from './measure/host.ts';
import { report } from './measure/report.ts';
import { interleaved } from './measure/rounds.ts';
import { amount } from './measure/settings.ts';

const KEYS = 10_000;
const VALUE = 'v'.repeat(64);
const CLIENTS = 50;
const THREE_COPIES = { servers: 3, replicas: 3 } as const;
/** Writes that a client has under way, and what a round of them is on each side: about a second's. */
const DEPTHS = [
  { depth: 1, ours: 40_000, etcd: 6_000, least: 5 },
  { depth: 16, ours: 200_000, etcd: 12_000, least: 10 },
] as const;
const READS_LEAST = 5;

report({
  question: 'etcd',
  title: 'P5: durable PUT and linearizable GET, beside etcd',
  rows: HAS_ETCD ? [...(await measure(3, [TWO_COPIES, THREE_COPIES])), ...(await measure(1, [ONE_COPY]))] : [],
  notes: HAS_ETCD
    ? [
        await witnessHost(TWO_COPIES),
        await witnessHost(THREE_COPIES),
        await witnessEtcd(3),
        await witnessHost(ONE_COPY),
        await witnessEtcd(1),
      ]
    : [NO_ETCD],
});

/** One cluster of etcd beside hosts of ours, all with the same keys stored. */
async function measure(members: 1 | 3, shapes: readonly Shape[]): Promise<Row[]> {
  const etcd = await startEtcd(members);
  const name = members === 1 ? 'etcd, one member' : `etcd, ${members} members`;
  const put = putCall((n) => keyOf((n * 7_919) % KEYS), VALUE);
  const get = getCall((n) => keyOf((n * 7_919) % KEYS), VALUE);
  await driveCalls(etcd.port, { connections: CLIENTS, depth: 16, total: KEYS }, put);
  const rows: Row[] = [];
  for (const shape of shapes) {
    const host = await startHost(shape);
    await assertEqualToEtcd(host, etcd);
    const set = (n: number): string => resp('SET', keyOf((n * 7_919) % KEYS), VALUE);
    await drive(host.resp, { connections: CLIENTS, depth: 16, total: KEYS }, set);
    for (const { depth, ours, etcd: theirs, least } of DEPTHS) {
      const load = { connections: CLIENTS, depth, total: amount(ours) };
      const peerLoad = { ...load, total: amount(theirs) };
      const writes = await interleaved({
        ours: () => drive(host.resp, load, set),
        etcd: () => driveCalls(etcd.port, peerLoad, put),
      });
      const reads = await interleaved({
        ours: () => drive(host.resp, load, (n) => resp('GET', keyOf((n * 7_919) % KEYS))),
        etcd: () => driveCalls(etcd.port, peerLoad, get),
      });
      const how = `${CLIENTS} clients, ${depth} under way each, ${showShape(shape)}`;
      rows.push(beside([`PUT, ${how}`, '/s'], writes.ours, [name, writes.etcd], { least }));
      rows.push(beside([`GET, ${how}`, '/s'], reads.ours, [name, reads.etcd], { least: READS_LEAST }));
    }
    await host.stop();
  }
  await etcd.stop();
  return rows;
}
