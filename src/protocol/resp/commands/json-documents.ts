/** JSON.SET, JSON.GET and what else is about whole values at paths, with the reply shapes of RedisJSON. */
import type { Edit } from '../../../document/edit.ts';
import { writeValue } from '../../../document/format.ts';
import { parseJson } from '../../../document/json.ts';
import { mergeEdits } from '../../../document/merge.ts';
import { countIn, EMPTY_ARRAY, EMPTY_MAP, kindOf, numberText } from '../../../document/packed.ts';
import { isArrayAt, isMapAt, valueAt } from '../../../document/places.ts';
import { STYLES } from '../../../document/styles.ts';
import { ByteWriter, NO_BYTES, text, utf8 } from '../../../lib/bytes.ts';
import { EXEC_BYTES_MAX, JSON_PATH_BYTES_MAX, JSON_REPLY_BYTES_MAX } from '../../../model/limits.ts';
import { optionOf } from '../arguments.ts';
import { Refusal, refusalOf, SYNTAX_ERROR, WRONG_TYPE, wrongCount } from '../failures.ts';
import { asDocument, documentOf, missing, NO_DOCUMENT, shownKind, storeEdited } from '../json/document.ts';
import { type JsonPath, parseJsonPath, ROOT, type Step } from '../json/path.ts';
import { type Budget, newBudget, outermost, select, TOO_MANY_VALUES } from '../json/select.ts';
import { laidOut, type Layout, TOO_LONG_REPLY, writeList } from '../json/text.ts';
import { keyError } from '../keys.ts';
import type { Keyspace } from '../keyspace.ts';
import type { ReplyWriter } from '../reply-writer.ts';
import type { Words } from '../request-reader.ts';
import { keysRow, type Plan, type Row, type RowFacts } from '../row.ts';

function facts(syntax: string, summary: string, kind: 'readonly' | 'write'): RowFacts {
  return { syntax, summary, complexity: 'O(N)', group: 'json', flags: [kind] };
}

export const JSON_DOCUMENT_ROWS: readonly Row[] = [
  keysRow('json.set', facts('key path value [NX|XX]', 'Store a JSON value at a path', 'write'), planSet),
  keysRow('json.mset', facts('(key path value) ...', 'Store JSON values, all of them or none', 'write'), planMset),
  keysRow(
    'json.merge',
    facts('key path value', 'Merge a JSON value into what is at a path (RFC 7396)', 'write'),
    planMerge,
  ),
  keysRow(
    'json.get',
    facts('key [INDENT indent] [NEWLINE newline] [SPACE space] [path ...]', 'The JSON of what is at paths', 'readonly'),
    planGet,
  ),
  keysRow('json.mget', facts('key ... path', 'The JSON at one path of several keys', 'readonly'), planMget),
  keysRow('json.del', facts('key [path]', 'Delete what is at a path', 'write'), planDelete),
  keysRow('json.forget', facts('key [path]', 'Delete what is at a path', 'write'), planDelete),
  keysRow('json.type', facts('key [path]', 'The kind of what is at a path', 'readonly'), planType),
  keysRow('json.clear', facts('key [path]', 'Empty arrays and objects, set numbers to 0', 'write'), planClear),
];

/** The path in a word; the root when there is no word. */
export function pathIn(word: Uint8Array | undefined): JsonPath | Refusal {
  if (word === undefined) return ROOT;
  if (word.length > JSON_PATH_BYTES_MAX)
    return new Refusal(`ERR a path of ${word.length} bytes, the limit JSON_PATH_BYTES_MAX is ${JSON_PATH_BYTES_MAX}`);
  const path = parseJsonPath(text(word));
  return path.ok ? path.value : refusalOf(path.error);
}

/** The packed value of JSON text in a word. */
export function valueIn(word: Uint8Array): Uint8Array | Refusal {
  const value = parseJson(word);
  return value.ok ? value.value : refusalOf(value.error);
}

type Change = { readonly key: Uint8Array; readonly path: JsonPath; readonly value: Uint8Array };

function changeIn(words: Words, at: number): Change | Refusal {
  const key = words[at] as Uint8Array;
  const failure = keyError(key);
  if (failure !== null) return failure;
  const path = pathIn(words[at + 1]);
  if (path instanceof Refusal) return path;
  const value = valueIn(words[at + 2] as Uint8Array);
  return value instanceof Refusal ? value : { key, path, value };
}

function planSet(words: Words): Plan | Refusal {
  const change = changeIn(words, 1);
  if (change instanceof Refusal) return change;
  const option = words.length > 4 ? optionOf(words[4] as Uint8Array) : '';
  if (words.length > 5 || (option !== '' && option !== 'NX' && option !== 'XX')) return SYNTAX_ERROR;
  const { key } = change;
  return {
    keys: [key],
    apply(keyspace, reply) {
      const outcome = set(keyspace, change, option);
      if (outcome === 'done') reply.ok();
      else if (outcome === 'not') reply.nil();
      else reply.error(outcome);
    },
  };
}

/** Stores one value; answers an error line when it cannot, `not` when the option or the path says no. */
function set(keyspace: Keyspace, { key, path, value }: Change, option: string): string {
  const document = documentOf(keyspace, key);
  if (document === 'wrong') return WRONG_TYPE;
  if (path.steps.length === 0) {
    if ((option === 'NX' && document !== null) || (option === 'XX' && document === null)) return 'not';
    keyspace.put(key, asDocument(value), keyspace.get(key)?.expiresAtMs ?? null);
    return 'done';
  }
  if (document === null) return option === 'XX' ? 'not' : ROOT_FIRST;
  const places = option === 'NX' ? [] : select(document, path.steps);
  if (places instanceof Refusal) return places.line;
  if (places.length > 0)
    return store(
      keyspace,
      key,
      document,
      places.map((at) => ({ kind: 'replace', at, value })),
    );
  return option === 'XX' ? 'not' : add(keyspace, key, document, path.steps, value);
}

const ROOT_FIRST = 'ERR new objects must be created at the root';

function store(keyspace: Keyspace, key: Uint8Array, document: Uint8Array, edits: readonly Edit[]): string {
  return storeEdited(keyspace, key, document, edits) ?? 'done';
}

/** A new field: only a path to one place says where, and arrays grow by other commands. */
function add(
  keyspace: Keyspace,
  key: Uint8Array,
  document: Uint8Array,
  steps: readonly Step[],
  value: Uint8Array,
): string {
  if (!steps.every(leadsToOne)) return 'ERR wrong static path';
  const places = select(document, steps);
  const parents = select(document, steps.slice(0, -1));
  if (places instanceof Refusal || parents instanceof Refusal) return 'not';
  const last = steps.at(-1) as Step;
  if (last.kind !== 'names') return places.length > 0 ? 'not' : 'ERR array index out of range';
  const [at] = parents;
  if (at === undefined || places.length > 0 || !isMapAt(document, at)) return 'not';
  return store(keyspace, key, document, [{ kind: 'add', at, key: last.names[0] as Uint8Array, value }]);
}

function leadsToOne(step: Step): boolean {
  return (step.kind === 'names' && step.names.length === 1) || (step.kind === 'indexes' && step.indexes.length === 1);
}

function planMset(words: Words): Plan | Refusal {
  if (words.length % 3 !== 1) return new Refusal(wrongCount('json.mset'));
  const changes: Change[] = [];
  for (let i = 1; i < words.length; i += 3) {
    const change = changeIn(words, i);
    if (change instanceof Refusal) return change;
    changes.push(change);
  }
  const keys = changes.map(({ key }) => key);
  return {
    keys,
    apply(keyspace, reply) {
      // All or none: what cannot be stored is found out on what the keys would hold.
      const takeBack = keyspace.savepoint(keys);
      for (const change of changes) {
        const outcome = keyspace.bytesPut > EXEC_BYTES_MAX ? TOO_LARGE : set(keyspace, change, '');
        if (outcome === 'done' || outcome === 'not') continue;
        takeBack();
        reply.error(outcome);
        return;
      }
      reply.ok();
    },
  };
}

/** Each path stores its whole document anew. */
const TOO_LARGE = `ERR a command stores at most EXEC_BYTES_MAX, ${EXEC_BYTES_MAX} bytes`;

function planMerge(words: Words): Plan | Refusal {
  const change = changeIn(words, 1);
  if (change instanceof Refusal) return change;
  return {
    keys: [change.key],
    apply(keyspace, reply) {
      const outcome = merged(keyspace, change);
      if (outcome === 'done') reply.ok();
      else if (outcome === 'not') reply.nil();
      else reply.error(outcome);
    },
  };
}

/** Merges one value; answers as `set` does. */
function merged(keyspace: Keyspace, change: Change): string {
  const { key, path, value } = change;
  const document = documentOf(keyspace, key);
  if (document === 'wrong') return WRONG_TYPE;
  const places = document === null ? [] : select(document, path.steps);
  if (places instanceof Refusal) return places.line;
  // Where nothing is, the value is stored as it is, with its nulls.
  if (document === null || places.length === 0) return set(keyspace, change, '');
  const edits = outermost(document, places).flatMap((at) => mergeEdits(document, at, value));
  return store(keyspace, key, document, edits);
}

function planGet(words: Words): Plan | Refusal {
  const key = words[1] as Uint8Array;
  let layout: Layout = { indent: NO_BYTES, newline: NO_BYTES, space: NO_BYTES };
  const paths: JsonPath[] = [];
  for (let i = 2; i < words.length; i++) {
    const option = optionOf(words[i] as Uint8Array);
    const isLayout = /^(INDENT|NEWLINE|SPACE)$/.test(option) && i + 1 < words.length;
    if (isLayout) layout = { ...layout, [option.toLowerCase()]: words[++i] as Uint8Array };
    else if (option !== 'NOESCAPE') {
      const path = pathIn(words[i]);
      if (path instanceof Refusal) return path;
      paths.push(path);
    }
  }
  if (Math.max(layout.indent.length, layout.newline.length, layout.space.length) > LAYOUT_BYTES_MAX)
    return SYNTAX_ERROR;
  return {
    keys: [key],
    apply(keyspace, reply) {
      const document = documentOf(keyspace, key);
      if (document === null) reply.nil();
      else if (document === 'wrong') reply.error(WRONG_TYPE);
      else {
        const json = jsonAt(document, paths.length === 0 ? [ROOT] : paths, newBudget());
        const isCompact = layout.indent.length + layout.newline.length + layout.space.length === 0;
        const shown = json instanceof Refusal || isCompact ? json : (laidOut(json, layout) ?? TOO_LONG_REPLY);
        if (shown instanceof Refusal) reply.error(shown.line);
        else reply.bulk(shown);
      }
    },
  };
}

/** Bytes of an indent, a line end or a blank: they are repeated for every value. */
const LAYOUT_BYTES_MAX = 64;

/** One path: its values; several: an object of them, lists if any of the paths begins with `$`. */
function jsonAt(document: Uint8Array, paths: readonly JsonPath[], budget: Budget): Uint8Array | Refusal {
  const isLegacy = paths.every((path) => path.isLegacy);
  const writer = new ByteWriter(256);
  if (paths.length > 1) writer.u8(0x7b);
  for (const [i, path] of paths.entries()) {
    const places = select(document, path.steps, budget);
    if (places instanceof Refusal) return places;
    if (paths.length > 1) writer.bytes(utf8(`${i > 0 ? ',' : ''}${JSON.stringify(path.text)}:`));
    if (!isLegacy) {
      if (!writeList(writer, document, places)) return TOO_LONG_REPLY;
      continue;
    }
    const [first] = places;
    if (first === undefined) return new Refusal(missing(path));
    writeValue(writer, valueAt(document, first), STYLES.json);
    if (writer.length > JSON_REPLY_BYTES_MAX) return TOO_LONG_REPLY;
  }
  if (paths.length > 1) writer.u8(0x7d);
  return writer.view();
}

function planMget(words: Words): Plan | Refusal {
  const path = pathIn(words.at(-1));
  if (path instanceof Refusal) return path;
  const keys = words.slice(1, -1);
  return {
    keys,
    apply(keyspace, reply) {
      const answers: (Uint8Array | null)[] = [];
      let bytes = 0;
      const budget = newBudget();
      for (const key of keys) {
        const document = documentOf(keyspace, key);
        const json = document === null || document === 'wrong' ? null : jsonAt(document, [path], budget);
        bytes += json instanceof Uint8Array ? json.length : 0;
        const failure = bytes > JSON_REPLY_BYTES_MAX ? TOO_LONG_REPLY : json;
        if (failure === TOO_LONG_REPLY || failure === TOO_MANY_VALUES) {
          reply.error(failure.line);
          return;
        }
        answers.push(json instanceof Refusal ? null : json);
      }
      reply.array(keys.length);
      for (const json of answers) {
        if (json === null) reply.nil();
        else reply.bulk(json);
      }
    },
  };
}

function planDelete(words: Words): Plan | Refusal {
  const key = words[1] as Uint8Array;
  const path = pathIn(words[2]);
  if (path instanceof Refusal) return path;
  return changeDocument(key, 0, (document, keyspace, reply) => {
    const places = select(document, path.steps);
    if (places instanceof Refusal) {
      reply.error(places.line);
      return;
    }
    const gone = outermost(document, places);
    const edits = gone.map((at): Edit => ({ kind: 'remove', at }));
    finish(keyspace, key, document, edits, reply, () => reply.integer(gone.length));
  });
}

/** Runs on the document of a key; no document answers an integer, or an error where `missing` is one. */
export function changeDocument(
  key: Uint8Array,
  absent: number | string,
  change: (document: Uint8Array, keyspace: Keyspace, reply: ReplyWriter) => void,
): Plan {
  return {
    keys: [key],
    apply(keyspace, reply) {
      const document = documentOf(keyspace, key);
      if (document === 'wrong') reply.error(WRONG_TYPE);
      else if (document !== null) change(document, keyspace, reply);
      else if (typeof absent === 'number') reply.integer(absent);
      else reply.error(absent);
    },
  };
}

/** Stores a document with its edits, then answers; or answers why it cannot be stored. */
export function finish(
  keyspace: Keyspace,
  key: Uint8Array,
  document: Uint8Array,
  edits: readonly Edit[],
  reply: ReplyWriter,
  answer: () => void,
): void {
  const failure = storeEdited(keyspace, key, document, edits);
  if (failure === null) answer();
  else reply.error(failure);
}

function planType(words: Words): Plan | Refusal {
  const key = words[1] as Uint8Array;
  const path = pathIn(words[2]);
  if (path instanceof Refusal) return path;
  return {
    keys: [key],
    apply(keyspace, reply) {
      const document = documentOf(keyspace, key);
      const places = document === null || document === 'wrong' ? [] : select(document, path.steps);
      if (document === 'wrong' || places instanceof Refusal) {
        reply.error(places instanceof Refusal ? places.line : WRONG_TYPE);
        return;
      }
      // Version 3 wraps the answer once more: its clients take it out again.
      if (reply.protocol === 3) reply.array(1);
      const [first] = places;
      if (document !== null && !path.isLegacy) reply.texts(places.map((at) => shownKind(document, at)));
      else if (document === null || first === undefined) reply.nil();
      else reply.text(shownKind(document, first));
    },
  };
}

function planClear(words: Words): Plan | Refusal {
  const key = words[1] as Uint8Array;
  const path = pathIn(words[2]);
  if (path instanceof Refusal) return path;
  return changeDocument(key, NO_DOCUMENT, (document, keyspace, reply) => {
    const places = select(document, path.steps);
    if (places instanceof Refusal) {
      reply.error(places.line);
      return;
    }
    const full = places.filter((at) => !isClear(valueAt(document, at)));
    const edits = outermost(document, full).map((at): Edit => {
      const value = isMapAt(document, at) ? EMPTY_MAP : isArrayAt(document, at) ? EMPTY_ARRAY : ZERO;
      return { kind: 'replace', at, value };
    });
    finish(keyspace, key, document, edits, reply, () => reply.integer(edits.length));
  });
}

/** Whether JSON.CLEAR leaves it as it is. */
function isClear(packed: Uint8Array): boolean {
  const kind = kindOf(packed);
  if (kind === 'map' || kind === 'array') return countIn(packed) === 0;
  return (kind !== 'int' && kind !== 'float') || Number(numberText(packed)) === 0;
}

const ZERO = Uint8Array.of(0x21, 0x30);
