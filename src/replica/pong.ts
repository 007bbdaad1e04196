/** The sign of life that answers a ping, with what STATUS shows of a server. */
import type { ByteWriter } from '../lib/bytes.ts';
import { FRAME } from '../model/frames.ts';

/** Valid until `out` is used again. */
export function pongFrame(out: ByteWriter, keys: number, walBytes: number, replayedRecords: number): Uint8Array {
  out.reset();
  out.u8(FRAME.pong);
  out.f64(keys);
  out.f64(walBytes);
  out.f64(replayedRecords);
  return out.view();
}
