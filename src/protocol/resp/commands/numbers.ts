/** Counting: INCR and its like. A key counts when it holds the digits of a number, as a string or as a JSON number. */
import { utf8 } from '../../../lib/bytes.ts';
import { bigIntOf, decimalOf, INT64_MAX, INT64_MIN, numberOf } from '../arguments.ts';
import { INTEGER_ERROR, NOT_FINITE, NOT_FLOAT, NOT_INTEGER, OVERFLOW, Refusal, WRONG_TYPE } from '../failures.ts';
import { keyError } from '../keys.ts';
import { keysRow, type Plan, type Row, type RowFacts } from '../row.ts';
import { plainBytes, withDigits } from '../values.ts';

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
    const by = numberOf(words[2] as Uint8Array);
    if (by === null) return new Refusal(NOT_FLOAT);
    return (
      keyError(key) ?? {
        keys: [key],
        apply(keyspace, reply) {
          const held = keyspace.get(key);
          const bytes = held === null ? ZERO : plainBytes(held.value);
          const old = bytes === null ? null : numberOf(bytes);
          if (bytes === null) reply.error(WRONG_TYPE);
          else if (old === null) reply.error(NOT_FLOAT);
          else if (!Number.isFinite(old + by)) reply.error(NOT_FINITE);
          else {
            const digits = utf8(decimalOf(sumOf(old, by)));
            keyspace.put(key, withDigits(held?.value ?? null, digits), held?.expiresAtMs ?? null);
            reply.bulk(digits);
          }
        },
      }
    );
  }),
];

const ZERO = utf8('0');

function planCount(key: Uint8Array, by: bigint): Plan | Refusal {
  return (
    keyError(key) ?? {
      keys: [key],
      apply(keyspace, reply) {
        const held = keyspace.get(key);
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

/** The sum rounded to what 17 digits say, so that 0.1 + 0.2 answers 0.3 as Redis's long doubles do. */
export function sumOf(a: number, b: number): number {
  const sum = a + b;
  const rounded = Number(sum.toPrecision(15));
  return Math.abs(rounded - sum) <= Math.abs(sum) * Number.EPSILON * 4 ? rounded : sum;
}
