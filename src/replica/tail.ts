/**
 * The records that other servers may lack, read again from the directory of a server that does not serve yet: what a
 * cluster that starts as a whole rolls forward.
 */
import type { Rare } from '../lib/rare.ts';
import type { ByteReader, ByteWriter } from '../lib/bytes.ts';
import { FRAME, WriteCursor } from '../model/frames.ts';
import { isMember, type ServerIndex, type ServerMask, type Version } from '../model/ids.ts';
import type { Recovery } from '../storage/store.ts';
import { RECORD } from './records.ts';
import { droppedBefore } from './recovery.ts';
import type { Remembered } from './remembering.ts';

/** Sends a `tail` frame of `self` for each record that a `tailWanted` frame asks for, whose fields `reader` is at. */
export function sendTail(
  self: ServerIndex,
  out: ByteWriter,
  reader: ByteReader,
  { recovery, remembered }: { readonly recovery: Recovery; readonly remembered: Remembered },
  rare: Rare,
  send: (frame: Uint8Array) => void,
): void {
  const bulksAfter = reader.f64();
  const after = new Map<number, Version>();
  for (let count = reader.varint(); count > 0; count--) after.set(reader.u8(), reader.f64() as Version);
  const oldest = Math.min(bulksAfter, ...after.values()) as Version;
  const from = rare('replica: a tail is read from the beginning') ? undefined : remembered.newerFrom(oldest);
  const cursor = new WriteCursor();
  const dropped = droppedBefore(remembered);
  recovery.records((lsn, kind, bytes, start, end) => {
    if (kind !== RECORD.write) return;
    cursor.open(bytes, start, end);
    if (remembered.drops.has(cursor.version)) return;
    let wanted = false;
    const held = new Set<ServerMask>();
    let isOfSeveral = false;
    let first: ServerMask | null = null;
    while (cursor.next()) {
      first ??= cursor.owners;
      if (cursor.owners !== first) isOfSeveral = true;
      // What was cut away in an earlier life is not there, though its record still is.
      if (dropped(cursor.owners, cursor.version, lsn)) continue;
      if (isMember(cursor.owners, self)) held.add(cursor.owners);
      for (const [server, version] of after) {
        if ((cursor.owners & (1 << server)) !== 0 && cursor.version > version) wanted = true;
      }
    }
    if (isOfSeveral && cursor.version > bulksAfter) wanted = true;
    if (!wanted || held.size === 0) return;
    out.reset();
    out.u8(FRAME.tail);
    out.varint(held.size);
    for (const owners of held) out.u16(owners);
    out.bytes(bytes, start, end);
    send(out.view());
    if (rare('replica: a record of a tail is sent twice')) send(out.view());
  }, from);
}
