/** Keys as RESP clients give them: any bytes, within the limits that hold for every key. */
import { KEY_BYTES_MAX } from '../../model/limits.ts';
import { Refusal } from './failures.ts';

const EMPTY_KEY = new Refusal('ERR a key has at least one byte');

/** Why nothing can be stored under these bytes, or null. Reads of such a key find nothing. */
export function keyError(key: Uint8Array): Refusal | null {
  if (key.length === 0) return EMPTY_KEY;
  if (key.length <= KEY_BYTES_MAX) return null;
  return new Refusal(`ERR a key of ${key.length} bytes, the limit KEY_BYTES_MAX is ${KEY_BYTES_MAX}`);
}
