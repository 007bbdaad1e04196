/**
 * Hashes: marked maps whose fields are string leaves (values.ts). To all other surfaces they are documents. A change packs
 * the map anew: its cost is that of its size.
 */
import { lookup } from '../../../document/lookup.ts';
import { countIn, packString, stringBytes } from '../../../document/packed.ts';
import { utf8 } from '../../../lib/bytes.ts';
import { bigIntOf, clampedOf, cursorOf, INT64_MAX, INT64_MIN, optionOf } from '../arguments.ts';
import { decimalOf } from '../decimal.ts';
import {
  BAD_CURSOR,
  INTEGER_ERROR,
  NOT_FLOAT,
  NOT_INTEGER,
  OVERFLOW,
  Refusal,
  SYNTAX_ERROR,
  WRONG_TYPE,
  wrongCount,
} from '../failures.ts';
import { matches } from '../glob.ts';
import { Hash } from '../hash.ts';
import { keyError } from '../keys.ts';
import type { Keyspace } from '../keyspace.ts';
import type { ReplyWriter } from '../reply-writer.ts';
import type { Words } from '../request-reader.ts';
import { keysRow, type Plan, type Row, type RowFacts, slow } from '../row.ts';
import { isHash } from '../values.ts';
import { sumOf } from './numbers.ts';

function reads(syntax: string, summary: string, complexity = 'O(1)'): RowFacts {
  return { syntax, summary, complexity, group: 'hash', flags: ['readonly', 'fast'] };
}

function writes(syntax: string, summary: string): RowFacts {
  return { syntax, summary, complexity: 'O(N)', group: 'hash', flags: ['write', 'fast'] };
}

export const HASH_ROWS: readonly Row[] = [
  keysRow('hset', writes('key (field value) ...', 'Store fields; answers how many are new'), (words) =>
    planSet('hset', words, (added, reply) => reply.integer(added)),
  ),
  keysRow('hmset', writes('key (field value) ...', 'Store fields'), (words) =>
    planSet('hmset', words, (_added, reply) => reply.ok()),
  ),
  keysRow('hsetnx', writes('key field value', 'Store a field unless it exists'), (words) => {
    const [, key, field, value] = words as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    return planChange(key, (hash, reply) => {
      const isNew = hash.get(field) === null;
      if (isNew) hash.set(field, packString(value));
      reply.integer(isNew ? 1 : 0);
      return isNew;
    });
  }),
  keysRow('hget', reads('key field', 'The value of a field'), (words) =>
    planRead(words, (packed, reply) => writeField(reply, packed, words[2] as Uint8Array)),
  ),
  keysRow('hmget', reads('key field ...', 'The values of fields', 'O(N)'), (words) =>
    planRead(words, (packed, reply) => {
      reply.array(words.length - 2);
      for (let i = 2; i < words.length; i++) writeField(reply, packed, words[i] as Uint8Array);
    }),
  ),
  keysRow('hgetall', slow(reads('key', 'All fields and their values', 'O(N)')), (words) =>
    planRead(words, (packed, reply) => {
      const fields = Hash.of(packed).fields();
      reply.map(fields.length);
      for (const { key, value } of fields) {
        reply.bulk(key);
        reply.bulk(stringBytes(value));
      }
    }),
  ),
  keysRow('hkeys', slow(reads('key', 'The names of all fields', 'O(N)')), (words) =>
    planRead(words, (packed, reply) => {
      const fields = Hash.of(packed).fields();
      reply.array(fields.length);
      for (const { key } of fields) reply.bulk(key);
    }),
  ),
  keysRow('hvals', slow(reads('key', 'The values of all fields', 'O(N)')), (words) =>
    planRead(words, (packed, reply) => {
      const fields = Hash.of(packed).fields();
      reply.array(fields.length);
      for (const { value } of fields) reply.bulk(stringBytes(value));
    }),
  ),
  keysRow('hlen', reads('key', 'How many fields there are'), (words) =>
    planRead(words, (packed, reply) => reply.integer(packed === null ? 0 : countIn(packed))),
  ),
  keysRow('hexists', reads('key field', 'Whether a field exists'), (words) =>
    planRead(words, (packed, reply) => reply.integer(fieldOf(packed, words[2] as Uint8Array) === null ? 0 : 1)),
  ),
  keysRow('hstrlen', reads('key field', 'Bytes of the value of a field'), (words) =>
    planRead(words, (packed, reply) => reply.integer(fieldOf(packed, words[2] as Uint8Array)?.length ?? 0)),
  ),
  keysRow('hdel', writes('key field ...', 'Delete fields; a hash without fields is gone'), (words) =>
    planChange(words[1] as Uint8Array, (hash, reply) => {
      let deleted = 0;
      for (let i = 2; i < words.length; i++) if (hash.delete(words[i] as Uint8Array)) deleted++;
      reply.integer(deleted);
      return deleted > 0;
    }),
  ),
  keysRow('hincrby', writes('key field increment', 'Count a field up'), (words) => {
    const by = bigIntOf(words[3] as Uint8Array);
    if (by === null) return INTEGER_ERROR;
    return planChange(words[1] as Uint8Array, (hash, reply) => {
      const held = hash.get(words[2] as Uint8Array);
      const old = held === null ? 0n : bigIntOf(stringBytes(held));
      if (old === null) reply.error('ERR hash value is not an integer');
      else if (old + by > INT64_MAX || old + by < INT64_MIN) reply.error(OVERFLOW);
      else {
        hash.set(words[2] as Uint8Array, packString(utf8(String(old + by))));
        reply.integer(old + by);
        return true;
      }
      return false;
    });
  }),
  keysRow('hincrbyfloat', writes('key field increment', 'Count a field up by a number with a fraction'), (words) => {
    const by = decimalOf(words[3] as Uint8Array);
    if (by === null) return new Refusal(NOT_FLOAT);
    if (by === 'infinite') return new Refusal('ERR value is NaN or Infinity');
    return planChange(words[1] as Uint8Array, (hash, reply) => {
      const held = hash.get(words[2] as Uint8Array);
      const old = held === null ? ZERO : stringBytes(held);
      const sum = sumOf(old, words[3] as Uint8Array, 'ERR hash value is not a float');
      if (typeof sum === 'string') {
        reply.error(sum);
        return false;
      }
      hash.set(words[2] as Uint8Array, packString(sum));
      reply.bulk(sum);
      return true;
    });
  }),
  keysRow(
    'hscan',
    slow(reads('key cursor [MATCH pattern] [COUNT count] [NOVALUES]', 'Fields; always all in one page', 'O(N)')),
    planScan,
  ),
  keysRow('hrandfield', slow(reads('key [count [WITHVALUES]]', 'Fields drawn by chance', 'O(N)')), (words, talk) => {
    const count = words.length > 2 ? clampedOf(words[2] as Uint8Array) : 1;
    if (count === null) return new Refusal(NOT_INTEGER);
    const withValues = words.length > 3;
    if (words.length > 4 || (withValues && optionOf(words[3] as Uint8Array) !== 'WITHVALUES')) return SYNTAX_ERROR;
    if (count < -DRAWN_MAX) return new Refusal('ERR value is out of range');
    return planRead(words, (packed, reply) => {
      const drawn = draw(Hash.of(packed).fields(), count, () => talk.host.facts.random());
      if (words.length === 2) {
        const key = drawn[0]?.key;
        if (key === undefined) reply.nil();
        else reply.bulk(key);
        return;
      }
      const isNested = withValues && reply.protocol === 3;
      reply.array(withValues && !isNested ? drawn.length * 2 : drawn.length);
      for (const { key, value } of drawn) {
        if (isNested) reply.array(2);
        reply.bulk(key);
        if (withValues) reply.bulk(stringBytes(value));
      }
    });
  }),
];

const ZERO = utf8('0');

/** Fields that HRANDFIELD draws at most, with repetition. */
const DRAWN_MAX = 1_000_000;

type Field = ReturnType<Hash['fields']>[number];

/** Distinct fields, or for a negative count that many with repetition. */
function draw(fields: readonly Field[], count: number, random: () => number): Field[] {
  if (fields.length === 0) return [];
  if (count < 0) return Array.from({ length: -count }, () => fields[Math.floor(random() * fields.length)] as Field);
  const left = [...fields];
  const drawn: Field[] = [];
  while (drawn.length < count && left.length > 0) {
    const at = Math.floor(random() * left.length);
    drawn.push(left[at] as Field);
    left[at] = left.at(-1) as Field;
    left.pop();
  }
  return drawn;
}

/** Answers from the packed map, or null when there is none. */
function planRead(words: Words, answer: (packed: Uint8Array | null, reply: ReplyWriter) => void): Plan {
  const key = words[1] as Uint8Array;
  return {
    keys: [key],
    apply(keyspace, reply) {
      const held = keyspace.get(key);
      if (held !== null && !isHash(held.value)) reply.error(WRONG_TYPE);
      else answer(held?.value ?? null, reply);
    },
  };
}

/** Changes a hash; `change` writes the reply and answers whether anything changed. */
function planChange(key: Uint8Array, change: (hash: Hash, reply: ReplyWriter) => boolean): Plan | Refusal {
  return (
    keyError(key) ?? {
      keys: [key],
      apply(keyspace, reply) {
        const held = keyspace.get(key);
        if (held !== null && !isHash(held.value)) {
          reply.error(WRONG_TYPE);
          return;
        }
        const hash = Hash.of(held?.value ?? null);
        const start = reply.writer.length;
        if (change(hash, reply)) store(keyspace, key, hash, held?.expiresAtMs ?? null, reply, start);
      },
    }
  );
}

/** Stores a hash, or takes the key away when it is empty. What was answered is taken back when it is too large. */
function store(
  keyspace: Keyspace,
  key: Uint8Array,
  hash: Hash,
  expiresAtMs: number | null,
  reply: ReplyWriter,
  answerStart: number,
): void {
  if (hash.size === 0) {
    keyspace.remove(key);
    return;
  }
  const packed = hash.pack();
  if (packed.ok) keyspace.put(key, packed.value, expiresAtMs);
  else {
    reply.writer.length = answerStart;
    reply.error(`ERR ${packed.error.message}`);
  }
}

function planSet(name: string, words: Words, answer: (added: number, reply: ReplyWriter) => void): Plan | Refusal {
  if (words.length % 2 !== 0) return new Refusal(wrongCount(name));
  return planChange(words[1] as Uint8Array, (hash, reply) => {
    const before = hash.size;
    for (let i = 2; i < words.length; i += 2) hash.set(words[i] as Uint8Array, packString(words[i + 1] as Uint8Array));
    answer(hash.size - before, reply);
    return true;
  });
}

function fieldOf(packed: Uint8Array | null, field: Uint8Array): Uint8Array | null {
  const value = packed === null ? null : lookup(packed, [field], 0);
  return value === null ? null : stringBytes(value);
}

function writeField(reply: ReplyWriter, packed: Uint8Array | null, field: Uint8Array): void {
  const value = fieldOf(packed, field);
  if (value === null) reply.nil();
  else reply.bulk(value);
}

/** All fields at once: so none can be left out, whatever happens between two pages. Options are for a hash that is there. */
function planScan(words: Words): Plan | Refusal {
  if (cursorOf(words[2] as Uint8Array) === null) return new Refusal(BAD_CURSOR);
  return planRead(words, (packed, reply) => {
    const options = packed === null ? null : scanOptions(words);
    if (options instanceof Refusal) {
      reply.error(options.line);
      return;
    }
    const { pattern = null, withValues = true } = options ?? {};
    const fields = Hash.of(packed)
      .fields()
      .filter(({ key }) => pattern === null || matches(pattern, key));
    reply.array(2);
    reply.text('0');
    reply.array(withValues ? fields.length * 2 : fields.length);
    for (const { key, value } of fields) {
      reply.bulk(key);
      if (withValues) reply.bulk(stringBytes(value));
    }
  });
}

function scanOptions(words: Words): { readonly pattern: Uint8Array | null; readonly withValues: boolean } | Refusal {
  let pattern: Uint8Array | null = null;
  let withValues = true;
  for (let i = 3; i < words.length; i++) {
    const option = optionOf(words[i] as Uint8Array);
    if (option === 'NOVALUES') withValues = false;
    else if ((option !== 'MATCH' && option !== 'COUNT') || i + 1 === words.length) return SYNTAX_ERROR;
    else if (option === 'MATCH') pattern = words[++i] as Uint8Array;
    else {
      const count = clampedOf(words[++i] as Uint8Array);
      if (count === null) return INTEGER_ERROR;
      if (count < 1) return SYNTAX_ERROR;
    }
  }
  return { pattern, withValues };
}
