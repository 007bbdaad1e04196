/** The product's own verbs about data: PUT, QUERY, COMPUTE, BULKSET, DELETE. What they mean is what the text port says. */
import { answer as answerStatement, parseStatement, pathsOf } from '../../../compute/statement.ts';
import { lookup } from '../../../document/lookup.ts';
import { kindOf } from '../../../document/packed.ts';
import { candidates } from '../../../document/path.ts';
import { parseValue } from '../../../document/records.ts';
import { text } from '../../../lib/bytes.ts';
import type { Found, Item, Path } from '../../../model/commands.ts';
import { NO_VERSION } from '../../../model/ids.ts';
import { malformedText, readItems, readPath, readRecords } from '../../requests.ts';
import { lineOf, Refusal, refusalOf } from '../failures.ts';
import { keyError } from '../keys.ts';
import type { Keyspace } from '../keyspace.ts';
import type { ReplyWriter } from '../reply-writer.ts';
import type { Words } from '../request-reader.ts';
import { keysRow, type Plan, type Row, type RowFacts } from '../row.ts';
import type { Talk } from '../talk.ts';
import { writeShown } from '../values.ts';
import { putAll } from './strings.ts';

function facts(syntax: string, summary: string, flags: RowFacts['flags']): RowFacts {
  return { syntax, summary, complexity: 'O(N)', group: 'document', flags };
}

export const DOCUMENT_ROWS: readonly Row[] = [
  keysRow('put', facts('record-or-key [document]', 'Store a record, or a document under a key', ['write']), planPut),
  keysRow('delete', facts('key', 'Delete a top-level key, on every server or not at all', ['write']), (words) => {
    const key = words[1] as Uint8Array;
    return {
      keys: [key],
      apply(keyspace, reply) {
        const existed = keyspace.has(key);
        keyspace.remove(key);
        reply.integer(existed ? 1 : 0);
      },
    };
  }),
  keysRow('query', facts('path', 'The value at a dotted path: text bare, all else as JSON', ['readonly']), (words) =>
    planQuery(words, false),
  ),
  keysRow('querymany', facts('path ...', 'The values at several paths, all of one moment', ['readonly']), (words) =>
    planQuery(words, true),
  ),
  keysRow(
    'bulkset',
    facts('items', 'Store the pairs of [[key, value], ...]: all of them or none', ['write']),
    (words) => {
      const word = words[1] as Uint8Array;
      const items = readItems(word, 0, word.length);
      if (!items.ok) return refusalOf(items.error);
      return planItems(items.value);
    },
  ),
  keysRow(
    'compute',
    facts('expression [WHERE binding ...]', 'Evaluate an expression: COMPUTE 2*x WHERE x = QUERY person1.age', [
      'readonly',
    ]),
    planCompute,
  ),
];

function planItems(items: readonly Item[]): Plan {
  return {
    keys: items.map(({ key }) => key),
    ...(items.length > 0 ? { blind: items } : {}),
    apply: (keyspace, reply) => putAll(items, keyspace, reply),
  };
}

function planPut(words: Words, talk: Talk): Plan | Refusal {
  const items = words.length === 2 ? recordsIn(words[1] as Uint8Array) : itemIn(words);
  if (items instanceof Refusal) return items;
  if (talk.host.facts.putMode === 'upsert') return planItems(items);
  return {
    keys: items.map(({ key }) => key),
    apply(keyspace, reply) {
      const existing = items.find(({ key }) => keyspace.has(key));
      if (existing === undefined) putAll(items, keyspace, reply);
      else reply.error(`ERR high-level key ${text(existing.key)} already exists, overwrite is not supported`);
    },
  };
}

function recordsIn(word: Uint8Array): readonly Item[] | Refusal {
  const read = readRecords(word, 0, word.length);
  if (!read.ok) return refusalOf(read.error);
  return read.value.records.length === 0 ? new Refusal('ERR the record holds no key') : read.value.records;
}

function itemIn(words: Words): readonly Item[] | Refusal {
  const [, key, document] = words as [Uint8Array, Uint8Array, Uint8Array];
  const failure = keyError(key);
  if (failure !== null) return failure;
  const value = parseValue(document);
  if (!value.ok) return refusalOf(value.error);
  const kind = kindOf(value.value);
  if (kind !== 'map' && kind !== 'array' && kind !== 'null')
    return new Refusal(`ERR found a ${kind}, expected a document; SET stores a string, JSON.SET any value`);
  return [{ key, value: value.value }];
}

/** What a path leads to: the longest key that exists wins. */
function find(keyspace: Keyspace, path: Path): Uint8Array | null {
  for (const { key, from } of candidates(path)) {
    const held = keyspace.get(key);
    if (held !== null) return lookup(held.value, path.segments, from);
  }
  return null;
}

function keysOf(paths: readonly Path[]): Uint8Array[] {
  return paths.flatMap((path) => candidates(path).map(({ key }) => key));
}

function planQuery(words: Words, isMany: boolean): Plan | Refusal {
  const paths: Path[] = [];
  for (const word of words.slice(1)) {
    const path = readPath(word, 0, word.length);
    if (!path.ok) return refusalOf(path.error);
    paths.push(path.value);
  }
  return planFound(paths, (found, reply) => {
    if (isMany) reply.array(paths.length);
    for (const one of found) {
      if (one === null) reply.nil();
      else writeShown(reply, one.value);
    }
  });
}

/** A plan that answers from what paths lead to: asked for alone where it runs alone. */
function planFound(paths: readonly Path[], write: (found: readonly Found[], reply: ReplyWriter) => void): Plan {
  return {
    keys: keysOf(paths),
    parts: { paths, write },
    apply(keyspace, reply) {
      const found = paths.map((path): Found => {
        const value = find(keyspace, path);
        return value === null ? null : { value, version: NO_VERSION };
      });
      write(found, reply);
    },
  };
}

/** The words of the request are those of one line. Exact digits: version 3 gets them as a double. */
function planCompute(words: Words): Plan | Refusal {
  for (const word of words) {
    const malformed = malformedText(word, 0, word.length);
    if (malformed !== null) return refusalOf(malformed);
  }
  const statement = parseStatement(
    words
      .slice(1)
      .map((word) => text(word))
      .join(' '),
  );
  if (!statement.ok) return refusalOf(statement.error);
  return planFound(pathsOf(statement.value), (found, reply) => {
    const options = { angle: 'rad', strictTypes: false, uncertain: false } as const;
    const result = answerStatement(statement.value, found, options);
    if (!result.ok) reply.error(lineOf(result.error));
    else reply.double(result.value.text);
  });
}
