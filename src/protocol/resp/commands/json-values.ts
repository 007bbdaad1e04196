/** JSON.NUMINCRBY, JSON.STRAPPEND and what else changes or measures the values that a path matches. */
import {
  FLOAT,
  INT,
  headLength,
  numberText,
  packString,
  PACKED_FALSE,
  PACKED_TRUE,
  stringBytes,
  writeHead,
} from '../../../document/packed.ts';
import { ByteWriter, text, utf8 } from '../../../lib/bytes.ts';
import { Refusal, WRONG_TYPE } from '../failures.ts';
import { answerEach, documentOf, type Each, NO_DOCUMENT } from '../json/document.ts';
import { type JsonPath, shownPath } from '../json/path.ts';
import { select } from '../json/select.ts';
import type { Node } from '../json/tree.ts';
import type { ReplyWriter } from '../reply-writer.ts';
import type { Words } from '../request-reader.ts';
import { keysRow, type Plan, type Row, type RowFacts } from '../row.ts';
import { jsonOf } from '../values.ts';
import { changeDocument, finish, pathIn, valueIn } from './json-documents.ts';

function facts(syntax: string, summary: string, kind: 'readonly' | 'write'): RowFacts {
  return { syntax, summary, complexity: 'O(N)', group: 'json', flags: [kind] };
}

export const JSON_VALUE_ROWS: readonly Row[] = [
  keysRow('json.numincrby', facts('key path number', 'Add to the numbers at a path', 'write'), (words) =>
    planNumber(words, { exact: (a, b) => a + b, rough: (a, b) => a + b }),
  ),
  keysRow('json.nummultby', facts('key path number', 'Multiply the numbers at a path', 'write'), (words) =>
    planNumber(words, { exact: (a, b) => a * b, rough: (a, b) => a * b }),
  ),
  keysRow('json.strappend', facts('key [path] value', 'Put text behind the strings at a path', 'write'), (words) => {
    if (words.length > 4) return new Refusal("ERR wrong number of arguments for 'json.strappend' command");
    const value = valueIn(words.at(-1) as Uint8Array);
    if (value instanceof Refusal) return value;
    if ((value[0] as number) >> 5 !== 3) return new Refusal('WRONGTYPE wrong type of path value - expected string');
    return planEach(words, words.length === 4 ? words[2] : undefined, {
      expected: 'string',
      of: (node) => {
        if (node.kind !== 'string') return null;
        const [old, added] = [stringBytes(node.packed), stringBytes(value)];
        const whole = new Uint8Array(old.length + added.length);
        whole.set(old);
        whole.set(added, old.length);
        node.replace(packString(whole));
        return (reply) => reply.integer(whole.length);
      },
    });
  }),
  keysRow('json.toggle', facts('key path', 'Turn booleans at a path around', 'write'), (words) => {
    const path = pathIn(words[2]);
    if (path instanceof Refusal) return path;
    return planEach(words, words[2], {
      expected: 'boolean',
      of: (node) => {
        if (node.kind !== 'bool') return null;
        const isTrue = node.packed[0] !== 2;
        node.replace(isTrue ? PACKED_TRUE : PACKED_FALSE);
        return (reply) => (path.isLegacy ? reply.text(String(isTrue)) : reply.integer(isTrue ? 1 : 0));
      },
    });
  }),
  keysRow('json.strlen', facts('key [path]', 'Bytes of the strings at a path', 'readonly'), (words) =>
    planMeasure(words, {
      expected: 'string',
      of: (node) => (node.kind === 'string' ? countOf(stringBytes(node.packed).length) : null),
    }),
  ),
  keysRow('json.objlen', facts('key [path]', 'Fields of the objects at a path', 'readonly'), (words) =>
    planMeasure(words, {
      expected: 'object',
      mayMiss: true,
      of: (node) => (node.kind === 'map' ? countOf(node.fields().size) : null),
    }),
  ),
  keysRow('json.objkeys', facts('key [path]', 'Names of the fields of the objects at a path', 'readonly'), (words) =>
    planMeasure(words, {
      expected: 'object',
      mayMiss: true,
      of: (node) => {
        if (node.kind !== 'map') return null;
        const names = node.names();
        return (reply) => {
          reply.array(names.length);
          for (const name of names) reply.bulk(name);
        };
      },
    }),
  ),
  keysRow('json.resp', facts('key [path]', 'The value at a path as RESP', 'readonly'), (words) =>
    planMeasure(words, { expected: 'value', of: (node) => (reply) => writeNode(reply, node) }),
  ),
];

function countOf(count: number): (reply: ReplyWriter) => void {
  return (reply) => reply.integer(count);
}

/** Changes each value that the path in `word` matches, and answers for each. */
export function planEach(words: Words, word: Uint8Array | undefined, each: Each): Plan | Refusal {
  const key = words[1] as Uint8Array;
  const path = pathIn(word);
  if (path instanceof Refusal) return path;
  return changeDocument(key, NO_DOCUMENT, (root, keyspace, reply) => {
    const answers = new ByteWriter(64);
    const into = reply.writer;
    reply.to(answers, reply.protocol);
    const isChanged = answerEach(root, path, each, 'last', reply);
    reply.to(into, reply.protocol);
    if (isChanged instanceof Refusal) reply.error(isChanged.line);
    else finish(keyspace, key, root, reply, isChanged, () => into.bytes(answers.view()));
  });
}

/** Answers for each value that the path behind the key matches; nothing is changed. */
export function planMeasure(words: Words, each: Each): Plan | Refusal {
  const key = words[1] as Uint8Array;
  const path = pathIn(words[2]);
  if (path instanceof Refusal) return path;
  return {
    keys: [key],
    apply(keyspace, reply) {
      const root = documentOf(keyspace, key);
      if (root === 'wrong') reply.error(WRONG_TYPE);
      else if (root !== null) answerEach(root, path, each, 'first', reply);
      else if (path.isLegacy) reply.nil();
      else reply.error(NO_DOCUMENT);
    },
  };
}

type Arithmetic = {
  readonly exact: (a: bigint, b: bigint) => bigint;
  readonly rough: (a: number, b: number) => number;
};

/** Version 2 answers JSON text: a list for `$`, else the number. Version 3 answers numbers. */
function planNumber(words: Words, arithmetic: Arithmetic): Plan | Refusal {
  const key = words[1] as Uint8Array;
  const path = pathIn(words[2]);
  if (path instanceof Refusal) return path;
  const by = valueIn(words[3] as Uint8Array);
  if (by instanceof Refusal) return by;
  if (!isNumber(by)) return new Refusal('ERR expected value at line 1 column 1');
  return changeDocument(key, NO_DOCUMENT, (root, keyspace, reply) => {
    const results: (Uint8Array | null)[] = [];
    for (const node of select(root, path.steps)) {
      const result = isNumber(node.packed) ? computed(node.packed, by, arithmetic) : null;
      if (result === 'infinite') {
        reply.error('ERR result is not a number');
        return;
      }
      if (result !== null) node.replace(result);
      results.push(result);
    }
    const failure = path.isLegacy ? legacyFailure(root, path, results) : null;
    if (failure !== null) reply.error(failure);
    else
      finish(
        keyspace,
        key,
        root,
        reply,
        results.some((result) => result !== null),
        () => writeNumbers(reply, path, results),
      );
  });
}

function legacyFailure(root: Node, path: JsonPath, results: readonly (Uint8Array | null)[]): string | null {
  if (results.length === 0) return `ERR Path '${shownPath(path)}' does not exist`;
  if (results.some((result) => result !== null)) return null;
  const kind = select(root, path.steps)[0]?.kind ?? 'null';
  return `WRONGTYPE wrong type of path value - expected a number but found ${kind === 'map' ? 'object' : kind}`;
}

function writeNumbers(reply: ReplyWriter, path: JsonPath, results: readonly (Uint8Array | null)[]): void {
  if (reply.protocol === 3) {
    reply.array(results.length);
    for (const result of results) {
      if (result === null) reply.nil();
      else if ((result[0] as number) >> 5 === INT) reply.integer(BigInt(numberText(result)));
      else reply.double(numberText(result));
    }
  } else if (path.isLegacy) reply.text(numberText(results.findLast((result) => result !== null) as Uint8Array));
  else reply.text(`[${results.map((result) => (result === null ? 'null' : numberText(result))).join(',')}]`);
}

function isNumber(packed: Uint8Array): boolean {
  const kind = (packed[0] as number) >> 5;
  return kind === INT || kind === FLOAT;
}

/** Whole numbers stay exact while they fit 64 bits; all else is a double. */
function computed(a: Uint8Array, b: Uint8Array, { exact, rough }: Arithmetic): Uint8Array | 'infinite' {
  const [x, y] = [numberText(a), numberText(b)];
  const areWhole = (a[0] as number) >> 5 === INT && (b[0] as number) >> 5 === INT && x.length < 40 && y.length < 40;
  if (areWhole) {
    const whole = exact(BigInt(x), BigInt(y));
    if (BigInt.asIntN(64, whole) === whole) return packDigits(INT, String(whole));
  }
  const result = rough(Number(x), Number(y));
  if (!Number.isFinite(result)) return 'infinite';
  const digits = Object.is(result, -0) ? '-0' : String(result);
  return packDigits(FLOAT, /[.e]/.test(digits) ? digits : `${digits}.0`);
}

function packDigits(kind: number, digits: string): Uint8Array {
  const bytes = utf8(digits);
  const packed = new Uint8Array(headLength(bytes.length) + bytes.length);
  packed.set(bytes, writeHead(packed, 0, kind, bytes.length));
  return packed;
}

/** JSON.RESP: objects begin with a brace, arrays with a bracket, as elements of their own. */
function writeNode(reply: ReplyWriter, root: Node): void {
  const open: (Node | Uint8Array)[] = [root];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next instanceof Uint8Array) reply.bulk(next);
    else if (next.kind === 'map') {
      const [names, children] = [next.names(), next.children()];
      reply.array(names.length * 2 + 1);
      reply.simple('{');
      for (let i = names.length - 1; i >= 0; i--) open.push(children[i] as Node, names[i] as Uint8Array);
    } else if (next.kind === 'array') {
      const children = next.children();
      reply.array(children.length + 1);
      reply.simple('[');
      for (let i = children.length - 1; i >= 0; i--) open.push(children[i] as Node);
    } else if (next.kind === 'null') reply.nil();
    else if (next.kind === 'bool') reply.simple(text(jsonOf(next.packed)));
    else if (next.kind === 'string') reply.bulk(stringBytes(next.packed));
    else if (next.kind === 'int') reply.integer(BigInt(numberText(next.packed)));
    else reply.text(numberText(next.packed));
  }
}
