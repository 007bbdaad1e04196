/** Keys whatever they hold: existence, types, deletion, names. DEL follows the store's rule for deletes. */
import { equalBytes } from '../../../lib/bytes.ts';
import { countIn } from '../../../document/packed.ts';
import { INTEGER_ERROR, NO_SUCH_KEY, Refusal, SYNTAX_ERROR } from '../failures.ts';
import { integerOf, optionOf } from '../arguments.ts';
import { keyError } from '../keys.ts';
import type { Words } from '../request-reader.ts';
import { type Container, keysRow, nowRow, type Plan, type Row, type RowFacts, slow } from '../row.ts';
import { helpRow } from './help.ts';
import { isHash, isNumber, plainBytes, typeOf } from '../values.ts';

function facts(syntax: string, summary: string, kind: 'readonly' | 'write', complexity = 'O(1)'): RowFacts {
  return { syntax, summary, complexity, group: 'generic', flags: [kind, 'fast'] };
}

export const KEY_ROWS: readonly Row[] = [
  keysRow('del', slow(facts('key ...', 'Delete keys, on every server or not at all', 'write', 'O(N)')), planDelete),
  keysRow('unlink', facts('key ...', 'Delete keys, on every server or not at all', 'write', 'O(N)'), planDelete),
  keysRow(
    'exists',
    facts('key ...', 'How many of the keys exist; one named twice counts twice', 'readonly', 'O(N)'),
    planCount,
  ),
  keysRow('touch', facts('key ...', 'How many of the keys exist', 'readonly', 'O(N)'), planCount),
  keysRow('type', facts('key', 'string, hash, ReJSON-RL for a document, or none', 'readonly'), (words) => {
    const key = words[1] as Uint8Array;
    return {
      keys: [key],
      apply(keyspace, reply) {
        const held = keyspace.get(key);
        reply.simple(held === null ? 'none' : typeOf(held.value));
      },
    };
  }),
  keysRow('rename', slow(facts('key newkey', 'Another name for what a key holds', 'write')), (words) =>
    planRename(words, false),
  ),
  keysRow('renamenx', facts('key newkey', 'Another name, unless it is taken', 'write'), (words) =>
    planRename(words, true),
  ),
  keysRow(
    'copy',
    slow(facts('source destination [DB index] [REPLACE]', 'A copy of a key under another name', 'write')),
    planCopy,
  ),
];

export const OBJECT: Container = {
  name: 'object',
  summary: 'How values are kept',
  group: 'generic',
  subcommands: [
    objectRow('encoding', 'How the value is kept', (value) => {
      if (isHash(value)) return 'hashtable';
      if (isNumber(value)) return 'int';
      const bytes = plainBytes(value);
      if (bytes === null) return 'raw';
      if (bytes.length <= 20 && /^-?\d+$/.test(String.fromCharCode(...bytes))) return 'int';
      return bytes.length <= 44 ? 'embstr' : 'raw';
    }),
    objectRow('refcount', 'Always 1', () => 1),
    objectRow('idletime', 'Uses of keys are not kept: always 0', () => 0),
    // The very words by which redis-cli --hotkeys knows that there is nothing to count.
    nowRow(
      'freq',
      { syntax: 'key', summary: 'Uses of keys are not kept', group: 'generic', flags: ['readonly'] },
      (_talk, _words, reply) =>
        reply.error(
          'ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.',
        ),
    ),
    helpRow('object', 'generic'),
  ],
};

function objectRow(name: string, summary: string, answer: (value: Uint8Array) => string | number): Row {
  return keysRow(name, { syntax: 'key', summary, group: 'generic', flags: ['readonly'] }, (words) => {
    const key = words[2] as Uint8Array;
    return {
      keys: [key],
      apply(keyspace, reply) {
        const held = keyspace.get(key);
        if (held === null) {
          reply.nil();
          return;
        }
        const answered = answer(held.value);
        if (typeof answered === 'number') reply.integer(answered);
        else reply.text(answered);
      },
    };
  });
}

/** MEMORY USAGE: bytes that a key and its value take in one copy, near enough. */
export function memoryPlan(words: Words): Plan | Refusal {
  const key = words[2] as Uint8Array;
  if (words.length > 3 && (words.length !== 5 || optionOf(words[3] as Uint8Array) !== 'SAMPLES')) return SYNTAX_ERROR;
  if (words.length === 5 && integerOf(words[4] as Uint8Array) === null) return INTEGER_ERROR;
  return {
    keys: [key],
    apply(keyspace, reply) {
      const held = keyspace.get(key);
      if (held === null) reply.nil();
      else reply.integer(LEAF_BYTES + key.length + held.value.length + countIn(held.value));
    },
  };
}

/** Bytes of a leaf of the trie beside its key and value. */
const LEAF_BYTES = 40;

function planDelete(words: Words): Plan {
  const keys = words.slice(1);
  return {
    keys,
    apply(keyspace, reply) {
      let deleted = 0;
      for (const key of keys) {
        if (!keyspace.has(key)) continue;
        keyspace.remove(key);
        deleted++;
      }
      reply.integer(deleted);
    },
  };
}

function planCount(words: Words): Plan {
  const keys = words.slice(1);
  return { keys, apply: (keyspace, reply) => reply.integer(keys.filter((key) => keyspace.has(key)).length) };
}

function planRename(words: Words, onlyNew: boolean): Plan | Refusal {
  const [, key, newKey] = words as [Uint8Array, Uint8Array, Uint8Array];
  return (
    keyError(newKey) ?? {
      keys: [key, newKey],
      apply(keyspace, reply) {
        const held = keyspace.get(key);
        if (held === null) {
          reply.error(NO_SUCH_KEY);
          return;
        }
        const isTaken = onlyNew && keyspace.has(newKey);
        if (!isTaken) {
          keyspace.remove(key);
          keyspace.put(newKey, held.value, held.expiresAtMs);
        }
        if (onlyNew) reply.integer(isTaken ? 0 : 1);
        else reply.ok();
      },
    }
  );
}

function planCopy(words: Words): Plan | Refusal {
  const [, source, destination] = words as [Uint8Array, Uint8Array, Uint8Array];
  let replaces = false;
  for (let i = 3; i < words.length; i++) {
    const option = optionOf(words[i] as Uint8Array);
    if (option === 'REPLACE') replaces = true;
    else if (option !== 'DB' || i + 1 === words.length) return SYNTAX_ERROR;
    else {
      const index = integerOf(words[++i] as Uint8Array);
      if (index === null) return INTEGER_ERROR;
      if (index !== 0) return new Refusal('ERR DB index is out of range');
    }
  }
  if (equalBytes(source, destination)) return new Refusal('ERR source and destination objects are the same');
  return (
    keyError(destination) ?? {
      keys: [source, destination],
      apply(keyspace, reply) {
        const held = keyspace.get(source);
        const isWanted = held !== null && (replaces || !keyspace.has(destination));
        if (isWanted) keyspace.put(destination, held.value, held.expiresAtMs);
        reply.integer(isWanted ? 1 : 0);
      },
    }
  );
}
