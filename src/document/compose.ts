/**
 * Packed values put together from packed parts, without unpacking them: what a command that names fields one by one
 * (HSET) stores. A name given twice: the last wins.
 */
import { ok, type Result } from '../lib/result.ts';
import { fail, type KvError } from '../model/errors.ts';
import { DOCUMENT_BYTES_MAX, FIELDS_MAX, KEY_BYTES_MAX } from '../model/limits.ts';
import { ARRAY, MAP } from './packed.ts';
import { Tape } from './tape.ts';
import { keyPassed } from './value-parser.ts';

export type Field = { readonly key: Uint8Array; readonly value: Uint8Array };

const tape = new Tape();

/** A map of these fields in this order; TOOLARGE says limit and size. The parts are copied. */
export function packMap(fields: readonly Field[]): Result<Uint8Array, KvError> {
  if (fields.length > FIELDS_MAX) {
    return fail('TOOLARGE', `a set of ${fields.length} fields, the limit FIELDS_MAX is ${FIELDS_MAX}`);
  }
  tape.begin(tape.side.buffer);
  tape.open(MAP);
  for (const { key, value } of fields) {
    if (key.length > KEY_BYTES_MAX) return fail('TOOLARGE', keyPassed(key.length));
    tape.key(~tape.side.length, key.length);
    tape.side.bytes(key);
    tape.packed(~tape.side.length, value.length);
    tape.side.bytes(value);
  }
  tape.close();
  const size = tape.size;
  if (size > DOCUMENT_BYTES_MAX) {
    return fail('TOOLARGE', `a document of ${size} bytes, the limit DOCUMENT_BYTES_MAX is ${DOCUMENT_BYTES_MAX}`);
  }
  const packed = new Uint8Array(size);
  tape.pack(packed, 0);
  tape.release();
  return ok(packed);
}

/** An array of these values in this order; TOOLARGE says limit and size. The values are copied. */
export function packArray(values: readonly Uint8Array[]): Result<Uint8Array, KvError> {
  if (values.length > FIELDS_MAX) {
    return fail('TOOLARGE', `an array of ${values.length} elements, the limit FIELDS_MAX is ${FIELDS_MAX}`);
  }
  tape.begin(tape.side.buffer);
  tape.open(ARRAY);
  for (const value of values) {
    tape.packed(~tape.side.length, value.length);
    tape.side.bytes(value);
  }
  tape.close();
  const size = tape.size;
  if (size > DOCUMENT_BYTES_MAX) {
    return fail('TOOLARGE', `a document of ${size} bytes, the limit DOCUMENT_BYTES_MAX is ${DOCUMENT_BYTES_MAX}`);
  }
  const packed = new Uint8Array(size);
  tape.pack(packed, 0);
  tape.release();
  return ok(packed);
}
