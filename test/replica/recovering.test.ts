import { expect, test } from 'vitest';
import { ByteWriter, utf8 } from '../../src/lib/bytes.ts';
import { NEVER } from '../../src/lib/rare.ts';
import { FRAME, writeHead, writeItem } from '../../src/model/frames.ts';
import type { Incarnation, ServerIndex, ServerMask, Version } from '../../src/model/ids.ts';
import { SIGN_STEPS } from '../../src/replica/recovering.ts';
import { RECORD } from '../../src/replica/records.ts';
import { Replica } from '../../src/replica/replica.ts';
import { firstTable, writeTable } from '../../src/replication/epoch-table.ts';
import type { SimulatedDisk } from '../../src/sim/disk.ts';
import { openStore } from '../../src/storage/recovery.ts';
import { DIRECTORY, newDisk, OPTIONS, start } from '../storage/scenario.ts';

const LARGE = { ...OPTIONS, segmentBytes: 16 * 1024 * 1024 };
const PLACEMENT = { servers: 1, replicas: 1 };

/** A directory with so many writes in its log. */
function written(count: number): SimulatedDisk {
  const disk = newDisk();
  const store = start(disk, 1, LARGE);
  const out = new ByteWriter();
  for (let version = 1; version <= count; version++) {
    out.reset();
    writeHead(out, version as Version, 1);
    writeItem(out, 1 as ServerMask, utf8(`k${version % 100}`), utf8('1'));
    store.append(RECORD.write, out.buffer, 0, out.length);
    if (version % 10_000 === 0) store.commit(() => {});
  }
  store.commit(() => {});
  return disk;
}

function welcome(): Uint8Array {
  const out = new ByteWriter();
  out.u8(FRAME.welcome);
  out.u8(0);
  out.varint(0);
  writeTable(out, firstTable(PLACEMENT));
  return out.copy();
}

test('a server that reads a long log says that it goes on, while it reads and while it replays', () => {
  const disk = written(SIGN_STEPS + 10);
  const said: (number | 'flush')[] = [];
  const options = { ...PLACEMENT, index: 0 as ServerIndex, incarnation: 2 as Incarnation, checkpointBytes: 1e9 };
  const replica = new Replica(options, {
    send: (_to, frame) => said.push(frame[0] as number),
    flush: () => said.push('flush'),
    openStore: (visit) => openStore(disk, DIRECTORY, LARGE, visit),
    setAside: () => {},
    wake: () => {},
    phase: () => {},
    epoch: () => {},
    fail: (reason) => {
      throw new Error(reason);
    },
    rare: NEVER,
  });

  replica.start();
  const whileReading = said.splice(0);
  const frame = welcome();
  replica.onFrame('broker', frame, 0, frame.length);
  const whileReplaying = said.splice(0, 2);

  expect(whileReading).toEqual([FRAME.pong, 'flush', FRAME.hello]);
  expect(whileReplaying).toEqual([FRAME.pong, 'flush']);
});
