/**
 * Keys whose time has come. The broker's clock decides: an expired key is absent in every answer at once, and a delete
 * in the order of writes takes it away at every owner. Owners in sync suffice for that delete (semantics, RESP).
 */
import type { ByteReader } from '../lib/bytes.ts';
import { membersOf, type ServerIndex } from '../model/ids.ts';
import { ownersOf } from '../routing/placement.ts';
import { answerers, type BrokerState } from './state.ts';
import type { Held } from './operations.ts';

/** What a key holds, as a client may see it now. */
export function presentHeld(state: BrokerState, held: Held | null): Held | null {
  return held !== null && held.expiresAtMs !== null && held.expiresAtMs <= state.host.wallMs() ? null : held;
}

/** An `expired` frame, whose fields `reader` is at: the keys among it that this server is the one to name. */
export function expiredKeys(state: BrokerState, server: ServerIndex, reader: ByteReader): Uint8Array[] {
  const keys: Uint8Array[] = [];
  // Until all that remember are ready, what is written would miss one of them. They name these keys again.
  if (state.phase !== 'serving') return keys;
  for (let count = reader.varint(); count > 0; count--) {
    const key = reader.sized();
    if (membersOf(answerers(state, ownersOf(state.placement, key)))[0] === server) keys.push(key.slice());
  }
  return keys;
}
