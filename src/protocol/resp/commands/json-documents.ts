/** JSON.SET, JSON.GET and what else is about whole values at paths, with the reply shapes of RedisJSON. */
import { countIn, EMPTY_ARRAY, EMPTY_MAP, kindOf, numberText } from '../../../document/packed.ts';
import { fieldsOf } from '../../../document/lookup.ts';
import { parseJson } from '../../../document/json.ts';
import { ByteWriter, NO_BYTES, text, utf8 } from '../../../lib/bytes.ts';
import { optionOf } from '../arguments.ts';
import { Refusal, refusalOf, SYNTAX_ERROR, WRONG_TYPE, wrongCount } from '../failures.ts';
import { asDocument, documentOf, NO_DOCUMENT, shownKind, storeDocument } from '../json/document.ts';
import { type JsonPath, parseJsonPath, ROOT, shownPath, type Step } from '../json/path.ts';
import { outermost, select } from '../json/select.ts';
import { laidOut, type Layout, writeList } from '../json/text.ts';
import { Node } from '../json/tree.ts';
import { keyError } from '../keys.ts';
import { type Keyspace, nameOf } from '../keyspace.ts';
import type { ReplyWriter } from '../reply-writer.ts';
import type { Words } from '../request-reader.ts';
import { keysRow, type Plan, type Row, type RowFacts } from '../row.ts';
import { jsonOf } from '../values.ts';

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
  const root = documentOf(keyspace, key);
  if (root === 'wrong') return WRONG_TYPE;
  if (path.steps.length === 0) {
    if ((option === 'NX' && root !== null) || (option === 'XX' && root === null)) return 'not';
    keyspace.put(key, asDocument(value), keyspace.get(key)?.expiresAtMs ?? null);
    return 'done';
  }
  if (root === null) return option === 'XX' ? 'not' : 'ERR new objects must be created at the root';
  const matched = option === 'NX' ? [] : select(root, path.steps);
  for (const node of outermost(matched)) node.replace(value);
  const outcome = matched.length > 0 ? 'done' : option === 'XX' ? 'not' : add(root, path.steps, value);
  return outcome === 'done' ? (storeDocument(keyspace, key, root) ?? outcome) : outcome;
}

/** A new field: only a path to one place says where, and arrays grow by other commands. */
function add(root: Node, steps: readonly Step[], value: Uint8Array): string {
  const names = steps.map((step) => (step.kind === 'names' && step.names.length === 1 ? step.names[0] : undefined));
  const isStatic = steps.every(
    (step, i) => names[i] !== undefined || (step.kind === 'indexes' && step.indexes.length === 1),
  );
  if (!isStatic) return 'ERR wrong static path';
  const name = names.at(-1);
  if (name === undefined) return select(root, steps).length > 0 ? 'not' : 'ERR array index out of range';
  const [parent] = select(root, steps.slice(0, -1));
  if (parent?.kind !== 'map' || parent.fields().has(nameOf(name))) return 'not';
  parent.put(name, value);
  return 'done';
}

function planMset(words: Words): Plan | Refusal {
  if (words.length % 3 !== 1) return new Refusal(wrongCount('json.mset'));
  const changes: Change[] = [];
  for (let i = 1; i < words.length; i += 3) {
    const change = changeIn(words, i);
    if (change instanceof Refusal) return change;
    changes.push(change);
  }
  return {
    keys: changes.map(({ key }) => key),
    apply(keyspace, reply) {
      // All or none: what cannot be stored is found out on what the keys would hold.
      const before = changes.map(({ key }) => ({ key, held: keyspace.get(key) }));
      for (const change of changes) {
        const outcome = set(keyspace, change, '');
        if (outcome === 'done' || outcome === 'not') continue;
        for (const { key, held } of before) {
          if (held === null) keyspace.remove(key);
          else keyspace.put(key, held.value, held.expiresAtMs);
        }
        reply.error(outcome);
        return;
      }
      reply.ok();
    },
  };
}

function planMerge(words: Words): Plan | Refusal {
  const change = changeIn(words, 1);
  if (change instanceof Refusal) return change;
  const { key, path, value } = change;
  return {
    keys: [key],
    apply(keyspace, reply) {
      const root = documentOf(keyspace, key);
      if (root === 'wrong') {
        reply.error(WRONG_TYPE);
        return;
      }
      if (root === null) {
        const failure =
          path.steps.length > 0 ? 'ERR new objects must be created at the root' : mergeNew(keyspace, key, value);
        if (failure === null) reply.ok();
        else reply.error(failure);
        return;
      }
      const matched = select(root, path.steps);
      if (matched.length === 0) {
        const outcome = set(keyspace, change, '');
        if (outcome === 'done') reply.ok();
        else if (outcome === 'not') reply.nil();
        else reply.error(outcome);
        return;
      }
      const isGone = matched.includes(root) && kindOf(value) === 'null';
      for (const node of outermost(matched)) merge(node, value);
      if (isGone) keyspace.remove(key);
      const failure = isGone ? null : storeDocument(keyspace, key, root);
      if (failure === null) reply.ok();
      else reply.error(failure);
    },
  };
}

function mergeNew(keyspace: Keyspace, key: Uint8Array, value: Uint8Array): string | null {
  const root = new Node(EMPTY_MAP);
  merge(root, value);
  return storeDocument(keyspace, key, root);
}

/** RFC 7396: fields of the patch replace, null takes away, objects go on inside. */
function merge(target: Node, patch: Uint8Array): void {
  const open: { node: Node; patch: Uint8Array }[] = [{ node: target, patch }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node } = next;
    if (kindOf(next.patch) !== 'map') {
      node.replace(next.patch);
      continue;
    }
    if (node.kind !== 'map') node.replace(EMPTY_MAP);
    for (const { key, value } of fieldsOf(next.patch)) {
      const kind = kindOf(value);
      const field = node.fields().get(nameOf(key));
      if (kind === 'null') {
        if (field !== undefined) node.removeAll(new Set([field]));
      } else if (kind === 'map') open.push({ node: field ?? node.put(key, EMPTY_MAP), patch: value });
      else if (field === undefined) node.put(key, value);
      else field.replace(value);
    }
  }
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
      const root = documentOf(keyspace, key);
      if (root === null) reply.nil();
      else if (root === 'wrong') reply.error(WRONG_TYPE);
      else {
        const json = jsonAt(root, paths.length === 0 ? [ROOT] : paths);
        if (json instanceof Refusal) reply.error(json.line);
        else if (layout.indent.length + layout.newline.length + layout.space.length === 0) reply.bulk(json);
        else reply.bulk(laidOut(json, layout));
      }
    },
  };
}

/** Bytes of an indent, a line end or a blank: they are repeated for every value. */
const LAYOUT_BYTES_MAX = 64;

/** One path: its values; several: an object of them, lists if any of the paths begins with `$`. */
function jsonAt(root: Node, paths: readonly JsonPath[]): Uint8Array | Refusal {
  const isLegacy = paths.every((path) => path.isLegacy);
  const writer = new ByteWriter(256);
  if (paths.length > 1) writer.u8(0x7b);
  for (const [i, path] of paths.entries()) {
    const values = select(root, path.steps).map((node) => node.packed);
    if (paths.length > 1) writer.bytes(utf8(`${i > 0 ? ',' : ''}${JSON.stringify(path.text)}:`));
    if (!isLegacy) {
      writeList(writer, values);
      continue;
    }
    const first = values[0];
    if (first === undefined) return new Refusal(`ERR Path '${shownPath(path)}' does not exist`);
    writer.bytes(jsonOf(first));
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
      reply.array(keys.length);
      for (const key of keys) {
        const root = documentOf(keyspace, key);
        const json = root === null || root === 'wrong' ? null : jsonAt(root, [path]);
        if (json === null || json instanceof Refusal) reply.nil();
        else reply.bulk(json);
      }
    },
  };
}

function planDelete(words: Words): Plan | Refusal {
  const key = words[1] as Uint8Array;
  const path = pathIn(words[2]);
  if (path instanceof Refusal) return path;
  return changeDocument(key, 0, (root, keyspace, reply) => {
    const top = outermost(select(root, path.steps));
    if (top[0] === root) {
      keyspace.remove(key);
      reply.integer(1);
      return;
    }
    const byParent = new Map<Node, Set<Node>>();
    for (const node of top) {
      const parent = node.parent as Node;
      byParent.set(parent, (byParent.get(parent) ?? new Set()).add(node));
    }
    for (const [parent, parts] of byParent) parent.removeAll(parts);
    finish(keyspace, key, root, reply, top.length > 0, () => reply.integer(top.length));
  });
}

/** Runs on the document of a key; no document answers an integer, or an error where `missing` is one. */
export function changeDocument(
  key: Uint8Array,
  missing: number | string,
  change: (root: Node, keyspace: Keyspace, reply: ReplyWriter) => void,
): Plan {
  return {
    keys: [key],
    apply(keyspace, reply) {
      const root = documentOf(keyspace, key);
      if (root === 'wrong') reply.error(WRONG_TYPE);
      else if (root !== null) change(root, keyspace, reply);
      else if (typeof missing === 'number') reply.integer(missing);
      else reply.error(missing);
    },
  };
}

/** Stores a changed document, then answers; or answers why it cannot be stored. */
export function finish(
  keyspace: Keyspace,
  key: Uint8Array,
  root: Node,
  reply: ReplyWriter,
  isChanged: boolean,
  answer: () => void,
): void {
  const failure = isChanged ? storeDocument(keyspace, key, root) : null;
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
      const root = documentOf(keyspace, key);
      if (root === 'wrong') {
        reply.error(WRONG_TYPE);
        return;
      }
      // Version 3 wraps the answer once more: its clients take it out again.
      if (reply.protocol === 3) reply.array(1);
      if (root === null) {
        reply.nil();
        return;
      }
      const kinds = select(root, path.steps).map(({ kind }) => shownKind(kind));
      if (!path.isLegacy) reply.texts(kinds);
      else if (kinds[0] === undefined) reply.nil();
      else reply.text(kinds[0]);
    },
  };
}

function planClear(words: Words): Plan | Refusal {
  const key = words[1] as Uint8Array;
  const path = pathIn(words[2]);
  if (path instanceof Refusal) return path;
  return changeDocument(key, NO_DOCUMENT, (root, keyspace, reply) => {
    const full = outermost(select(root, path.steps).filter(({ packed }) => !isClear(packed)));
    for (const node of full) node.replace(node.kind === 'map' ? EMPTY_MAP : node.kind === 'array' ? EMPTY_ARRAY : ZERO);
    finish(keyspace, key, root, reply, full.length > 0, () => reply.integer(full.length));
  });
}

/** Whether JSON.CLEAR leaves it as it is. */
function isClear(packed: Uint8Array): boolean {
  const kind = kindOf(packed);
  if (kind === 'map' || kind === 'array') return countIn(packed) === 0;
  return (kind !== 'int' && kind !== 'float') || Number(numberText(packed)) === 0;
}

const ZERO = Uint8Array.of(0x21, 0x30);
