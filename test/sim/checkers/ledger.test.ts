import { describe, expect, test } from 'vitest';
import { fromPlain } from '../../../src/document/plain.ts';
import { ByteWriter, utf8 } from '../../../src/lib/bytes.ts';
import { FRAME, writeHead, writeItem } from '../../../src/model/frames.ts';
import type { ServerIndex, ServerMask, Version } from '../../../src/model/ids.ts';
import {
  draftOf,
  type EpochTable,
  firstTable,
  putIn,
  putOut,
  writeTable,
} from '../../../src/replication/epoch-table.ts';
import { Ledger } from '../../../src/sim/checkers/ledger.ts';
import type { Action } from '../../../src/sim/history.ts';

const PLACEMENT = { servers: 2, replicas: 2 };
const BOTH = 0b11 as ServerMask;
const BROKER = -1;
const S1 = 0 as ServerIndex;
const S2 = 1 as ServerIndex;
const SET: Action = { kind: 'set', key: 'a', value: '17' };
const DONE = {
  type: 'ok',
  process: 1,
  atMs: 1,
  answer: { kind: 'done' },
  uncertain: false,
  warned: false,
} as const;

/** A ledger of two servers that hold the same keys, and a host that has `table` in its file. */
function setUp(table: EpochTable = firstTable(PLACEMENT)) {
  const ledger = new Ledger(PLACEMENT, {
    epochFile: () => bytesOf(table),
    epoch: () => table.epoch,
    isUp: () => true,
    isDown: () => false,
    nowMs: () => 0,
  });
  ledger.onAsked(SET);
  for (const server of [0, 1]) hand(ledger, BROKER, server, writeOf(5, '17'));
  return ledger;
}

describe('an acknowledgement', () => {
  test('is right when every owner in sync has said that it has the write', () => {
    const ledger = setUp();
    hand(ledger, 0, BROKER, frameOf(FRAME.durable, 5));
    hand(ledger, 1, BROKER, frameOf(FRAME.durable, 5));

    ledger.onTold(SET, DONE);

    expect(ledger.problems).toEqual([]);
  });

  test('is a problem when one of them has not', () => {
    const ledger = setUp();
    hand(ledger, 0, BROKER, frameOf(FRAME.durable, 5));
    hand(ledger, 1, BROKER, frameOf(FRAME.durable, 4));

    ledger.onTold(SET, DONE);

    expect(ledger.problems).toEqual([expect.stringMatching(/^acknowledged though s2, in sync in epoch 0/)]);
  });

  test('does not wait for one that is out', () => {
    const ledger = setUp(without(S2));
    hand(ledger, 0, BROKER, frameOf(FRAME.durable, 5));

    ledger.onTold(SET, DONE);

    expect(ledger.problems).toEqual([]);
  });
});

describe('what a reader is shown', () => {
  const seen = { kind: 'seen', observations: [{ key: 'a', value: '17', version: 5 }] } as const;

  test('must be durable as an acknowledged write is', () => {
    const ledger = setUp();

    ledger.onTold({ kind: 'get', key: 'a' }, { ...DONE, answer: seen });

    expect(ledger.problems).toEqual([expect.stringMatching(/^shown though s1/)]);
  });

  test('may be anything that is said to be uncertain', () => {
    const ledger = setUp();

    ledger.onTold({ kind: 'get', key: 'a' }, { ...DONE, answer: seen, uncertain: true });

    expect(ledger.problems).toEqual([]);
  });
});

describe('a server that comes back', () => {
  test('remembers what it had said', () => {
    const ledger = setUp();
    hand(ledger, 0, BROKER, frameOf(FRAME.durable, 5));
    hand(ledger, 0, BROKER, frameOf(FRAME.epochKept, 0));

    hand(ledger, 0, BROKER, hello(5));

    expect(ledger.problems).toEqual([]);
  });

  test('is found out when it has forgotten a write', () => {
    const ledger = setUp();
    hand(ledger, 0, BROKER, frameOf(FRAME.durable, 5));

    hand(ledger, 0, BROKER, hello(4));

    expect(ledger.problems).toEqual([expect.stringMatching(/^s1 has everything up to 4, and had said that 5/)]);
  });

  test('is found out when it has forgotten an epoch', () => {
    const ledger = setUp();
    hand(ledger, 0, BROKER, frameOf(FRAME.epochKept, 3));

    hand(ledger, 0, BROKER, hello(0));

    expect(ledger.problems).toEqual([expect.stringMatching(/^s1 remembers epoch 0, and had confirmed 3/)]);
  });

  test('is not held to anything when its directory was wiped, or damaged', () => {
    const ledger = setUp();
    for (const server of [0, 1]) hand(ledger, server, BROKER, frameOf(FRAME.durable, 5));
    ledger.onWiped(0);
    ledger.onDamaged(1);

    hand(ledger, 0, BROKER, hello(0));
    hand(ledger, 1, BROKER, hello(2));

    expect(ledger.problems).toEqual([]);
  });

  test('is not put in sync before it has what was acknowledged without it', () => {
    const table = without(S2);
    const ledger = setUp(table);
    ledger.onTable(bytesOf(table));
    hand(ledger, 0, BROKER, frameOf(FRAME.durable, 5));
    ledger.onTold(SET, DONE);
    const draft = draftOf(table);
    putIn(draft, BOTH, S2);

    ledger.onTable(bytesOf(draft.table));

    expect(ledger.problems).toEqual([expect.stringMatching(/^epoch 2 puts s2 in sync/)]);
  });

  test('had what it recovered with, though its directory is wiped before that is heard', () => {
    const table = firstTable(PLACEMENT);
    const ledger = setUp(table);
    hand(ledger, S1, BROKER, frameOf(FRAME.durable, 5));
    hand(ledger, S2, BROKER, hello(5, '', table));
    ledger.onWiped(S2);
    hand(ledger, S2, BROKER, Uint8Array.of(FRAME.ready, 0));

    ledger.onTold(SET, DONE);

    expect(ledger.problems).toEqual([]);
  });

  test('may be put in sync when what it said before its directory was wiped comes late', () => {
    const table = without(S2);
    const ledger = setUp(table);
    ledger.onTable(bytesOf(table));
    for (const server of [S1, S2]) hand(ledger, server, BROKER, frameOf(FRAME.durable, 5));
    ledger.onTold(SET, DONE);
    ledger.onWiped(S2);
    hand(ledger, S2, BROKER, hello(5, '', table));
    const draft = draftOf(table);
    putIn(draft, BOTH, S2);

    ledger.onTable(bytesOf(draft.table));

    expect(ledger.problems).toEqual([]);
  });
});

describe('the last one in sync', () => {
  /** A table in which nobody is in sync any more. */
  function abandoned(table: EpochTable): Uint8Array {
    const draft = draftOf(table);
    putOut(draft, BOTH, S1, 0 as Version);
    return bytesOf(draft.table);
  }

  function alone(): { readonly ledger: Ledger; readonly table: EpochTable } {
    const table = without(S2);
    const ledger = setUp(table);
    ledger.onTable(bytesOf(table));
    return { ledger, table };
  }

  test('is not given up when its disk lost nothing', () => {
    const { ledger, table } = alone();

    ledger.onTable(abandoned(table));

    expect(ledger.problems).toEqual([expect.stringMatching(/^epoch 2 gives up what s1 has.*lost nothing/)]);
  });

  test('is not given up when its directory is damaged', () => {
    const { ledger, table } = alone();
    ledger.onDamaged(S1);
    hand(ledger, S1, BROKER, hello(0, 'rot'));

    ledger.onTable(abandoned(table));

    expect(ledger.problems).toEqual([expect.stringMatching(/^epoch 2 gives up what s1 has.*directory is damaged/)]);
  });

  test('may be given up when its disk is empty, and when the other one lost its disk too', () => {
    const empty = alone();
    empty.ledger.onWiped(S1);
    hand(empty.ledger, S1, BROKER, hello(0));
    const both = alone();
    both.ledger.onDamaged(S1);
    both.ledger.onWiped(S2);
    hand(both.ledger, S1, BROKER, hello(0, 'rot'));

    for (const { ledger, table } of [empty, both]) ledger.onTable(abandoned(table));

    expect([...empty.ledger.problems, ...both.ledger.problems]).toEqual([]);
  });
});

function hand(ledger: Ledger, from: number, to: number, frame: Uint8Array): void {
  ledger.onFrame(from, to, frame, 0, frame.length);
}

function without(server: ServerIndex): EpochTable {
  const draft = draftOf(firstTable(PLACEMENT));
  putOut(draft, BOTH, server, 0 as Version);
  return draft.table;
}

function frameOf(kind: number, number: number): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(kind);
  writer.f64(number);
  return writer.copy();
}

function writeOf(version: number, value: string): Uint8Array {
  const packed = fromPlain(Number(value));
  const writer = new ByteWriter();
  writeHead(writer, version as Version, 1);
  writeItem(writer, BOTH, utf8('a'), packed.ok ? packed.value : null);
  return writer.copy();
}

function hello(last: number, corrupt = '', table: EpochTable | null = null): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(FRAME.hello);
  for (const number of [1, last, last, 0]) writer.f64(number);
  writer.u8(0);
  writer.sizedText(corrupt);
  if (table !== null) writeTable(writer, table);
  return writer.copy();
}

function bytesOf(table: EpochTable): Uint8Array {
  const writer = new ByteWriter();
  writeTable(writer, table);
  return writer.copy();
}
