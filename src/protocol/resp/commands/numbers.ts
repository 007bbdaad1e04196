/** Counting: INCR and its like. A key counts when it holds the digits of a number, as a string or as a JSON number. */
import { text, utf8 } from '../../../lib/bytes.ts';
import { bigIntOf, INT64_MAX, INT64_MIN } from '../arguments.ts';
import { decimalOf, shownSum } from '../decimal.ts';
import { INTEGER_ERROR, NOT_FINITE, NOT_FLOAT, NOT_INTEGER, OVERFLOW, Refusal, WRONG_TYPE } from '../failures.ts';
import { keyError } from '../keys.ts';
import { keysRow, type Plan, type Row, type RowFacts } from '../row.ts';
import { isNumber, plainBytes, smallInteger, withDigits, withInteger } from '../values.ts';

function facts(syntax: string, summary: string): RowFacts {
  return { syntax, summary, group: 'string', flags: ['write', 'fast'] };
}

export const NUMBER_ROWS: readonly Row[] = [
  keysRow('incr', facts('key', 'Count up by one'), (words) => planCount(words[1] as Uint8Array, 1n)),
  keysRow('decr', facts('key', 'Count down by one'), (words) => planCount(words[1] as Uint8Array, -1n)),
  keysRow('incrby', facts('key increment', 'Count up by a number'), (words) => {
    const by = bigIntOf(words[2] as Uint8Array);
    return by === null ? INTEGER_ERROR : planCount(words[1] as Uint8Array, by);
  }),
  keysRow('decrby', facts('key decrement', 'Count down by a number'), (words) => {
    const by = bigIntOf(words[2] as Uint8Array);
    if (by === null) return INTEGER_ERROR;
    return by === INT64_MIN ? new Refusal('ERR decrement would overflow') : planCount(words[1] as Uint8Array, -by);
  }),
  keysRow('incrbyfloat', facts('key increment', 'Count up by a number with a fraction'), (words) => {
    const key = words[1] as Uint8Array;
    return (
      keyError(key) ?? {
        keys: [key],
        apply(keyspace, reply) {
          const held = keyspace.get(key);
          const bytes = held === null ? ZERO : plainBytes(held.value);
          const sum = bytes === null ? WRONG_TYPE : sumOf(bytes, words[2] as Uint8Array, NOT_FLOAT);
          const isDocument = held !== null && isNumber(held.value);
          if (typeof sum === 'string') reply.error(sum);
          else if (isDocument && !Number.isFinite(Number(text(sum)))) reply.error(NOT_FINITE);
          else {
            keyspace.put(key, withDigits(held?.value ?? null, sum), held?.expiresAtMs ?? null);
            reply.bulk(sum);
          }
        },
      }
    );
  }),
];

const ZERO = utf8('0');

/** Whole numbers below this are exact as a number. */
const SAFE = BigInt(Number.MAX_SAFE_INTEGER);

function planCount(key: Uint8Array, by: bigint): Plan | Refusal {
  const step = by > -SAFE && by < SAFE ? Number(by) : Number.NaN;
  return (
    keyError(key) ?? {
      keys: [key],
      apply(keyspace, reply) {
        const held = keyspace.get(key);
        const small = held === null ? 0 : smallInteger(held.value);
        const sum = small === null ? Number.NaN : small + step;
        if (Number.isSafeInteger(sum)) {
          keyspace.put(key, withInteger(held?.value ?? null, sum), held?.expiresAtMs ?? null);
          reply.integer(sum);
          return;
        }
        const bytes = held === null ? ZERO : plainBytes(held.value);
        const old = bytes === null ? null : bigIntOf(bytes);
        if (bytes === null) reply.error(WRONG_TYPE);
        else if (old === null) reply.error(NOT_INTEGER);
        else if (old + by > INT64_MAX || old + by < INT64_MIN) reply.error(OVERFLOW);
        else {
          const digits = utf8(String(old + by));
          keyspace.put(key, withDigits(held?.value ?? null, digits), held?.expiresAtMs ?? null);
          reply.integer(old + by);
        }
      },
    }
  );
}

/** The digits of a sum; an error line when there is none. */
export function sumOf(old: Uint8Array, by: Uint8Array, wrong: string): Uint8Array | string {
  const [a, b] = [decimalOf(old), decimalOf(by)];
  if (a === null) return wrong;
  if (b === null) return NOT_FLOAT;
  const sum = a === 'infinite' || b === 'infinite' ? null : shownSum(a, b);
  return sum === null ? NOT_FINITE : utf8(sum);
}
