import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../src/lib/bytes.ts';
import type { ServerIndex, ServerMask, Version } from '../../src/model/ids.ts';
import { type Absence, type Alive, isRefuted, withAlive } from '../../src/replication/absence.ts';
import {
  draftOf,
  firstTable,
  forgetAbsence,
  noteAbsent,
  noteAlive,
  readTable,
  writeTable,
} from '../../src/replication/epoch-table.ts';

const G01 = 0b011 as ServerMask;
const G12 = 0b110 as ServerMask;
const NEW: Absence = { before: 100 as Version, alive: new Map() };

function alive(through: number, ...rolled: number[]): Alive {
  return { through: through as Version, rolled: rolled as Version[] };
}

describe('a bulk that an absent server has', () => {
  test('may stay while none of its groups began to serve', () => {
    const absence = withAlive(NEW, new Map([[G12, alive(0)]]));

    expect(isRefuted(absence, [G01], 7 as Version)).toBe(false);
  });

  test('goes when a group began to serve without it', () => {
    const absence = withAlive(NEW, new Map([[G01, alive(6)]]));

    expect(isRefuted(absence, [G01, G12], 7 as Version)).toBe(true);
  });

  test('stays when every group that serves had it or was sent it', () => {
    const absence = withAlive(
      NEW,
      new Map([
        [G01, alive(7)],
        [G12, alive(3, 7)],
      ]),
    );

    expect(isRefuted(absence, [G01, G12], 7 as Version)).toBe(false);
    expect(isRefuted(absence, [G01, G12], 6 as Version)).toBe(true);
  });

  test('goes when a later life began to serve without what an earlier one had sent', () => {
    const first = withAlive(NEW, new Map([[G01, alive(3, 7)]]));
    const kept = withAlive(first, new Map([[G01, alive(9)]]));
    const lost = withAlive(first, new Map([[G01, alive(5)]]));

    expect(isRefuted(kept, [G01], 7 as Version)).toBe(false);
    expect(isRefuted(lost, [G01], 7 as Version)).toBe(true);
  });
});

describe('an absence in the epoch table', () => {
  test('is kept as it was first noted, with who serves since, until it is forgotten', () => {
    const draft = draftOf(firstTable({ servers: 3, replicas: 2 }));
    const server = 2 as ServerIndex;
    noteAbsent(draft, [server], 9 as Version);
    noteAbsent(draft, [server], 20 as Version);
    noteAlive(draft, new Map([[G01, alive(5, 7, 12)]]));
    const writer = new ByteWriter();
    writeTable(writer, draft.table);
    const read = readTable(new ByteReader(writer.copy()));
    forgetAbsence(draft, server);

    expect(read.absences.get(server)).toEqual({ before: 9, alive: new Map([[G01, alive(5, 7)]]) });
    expect(draft.table.absences.size).toBe(0);
  });
});
