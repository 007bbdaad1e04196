/**
 * Full disks, as the broker knows of them. A write that some receiver has no room for is refused before it has a place
 * in the order, so it certainly did not happen; deletes are sent as long as they fit in what the server keeps for them.
 */
import type { ByteReader } from '../lib/bytes.ts';
import { loggedBytes } from '../model/frames.ts';
import { isMember, type ServerIndex, type ServerMask, type Version } from '../model/ids.ts';
import type { ServerView } from './server-view.ts';
import { noteSent } from './silence.ts';
import { type BrokerState, viewOf } from './state.ts';

/** Bytes of a delete's frame besides its key, at most. */
const DELETE_BYTES = 24;

/** A new life of a server: nothing was sent to it, and nothing is known of its disk. */
export function resetSpace(view: ServerView): void {
  view.isFull = false;
  view.bytesLimit = Number.POSITIVE_INFINITY;
  view.bytesSent = 0;
}

/** A `space` frame, whose fields `reader` is at. Answers whether the disk is full now and was not before. */
export function onSpace(state: BrokerState, server: ServerIndex, reader: ByteReader): boolean {
  const view = viewOf(state, server);
  const isFull = reader.u8() === 1;
  view.bytesLimit = reader.f64();
  if (isFull === view.isFull) return false;
  view.isFull = isFull;
  view.lastError = isFull ? 'disk full' : null;
  state.host.note(server, isFull ? 'its disk is full: writes to its keys are refused' : 'its disk has space again');
  return isFull;
}

/** The first of these servers whose disk has no room for a write or a delete of these items, or null. */
export function withoutRoom(
  state: BrokerState,
  targets: ServerMask,
  items: readonly { readonly key: Uint8Array }[],
  kind: 'write' | 'delete',
): ServerIndex | null {
  for (const view of state.servers) {
    const server = view.index;
    if (!view.isFull || !isMember(targets, server)) continue;
    if (kind === 'write') return server;
    const bytes = items.reduce((sum, { key }) => sum + key.length + DELETE_BYTES, 0);
    if (view.bytesSent + loggedBytes(bytes) > view.bytesLimit) return server;
  }
  return null;
}

/** Sends a `write` frame to a server that is ready. Every one goes this way, so that its room is known. */
export function sendWrite(state: BrokerState, server: ServerIndex, version: Version, frame: Uint8Array): void {
  const view = viewOf(state, server);
  view.bytesSent += loggedBytes(frame.length);
  noteSent(view, version, frame.length);
  state.host.send(server, frame);
}
