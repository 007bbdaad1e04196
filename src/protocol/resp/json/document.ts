/** Documents under keys, as the JSON commands see them: which values are documents, and how one is stored again. */
import { isMarked, marked } from '../../../document/marked.ts';
import { STRING } from '../../../document/packed.ts';
import type { Keyspace } from '../keyspace.ts';
import type { ReplyWriter } from '../reply-writer.ts';
import { isHash, isString } from '../values.ts';
import { type JsonPath, shownPath } from './path.ts';
import { select } from './select.ts';
import { Node } from './tree.ts';

export const NO_DOCUMENT = "ERR could not perform this operation on a key that doesn't exist";

/** The document of a key as a tree; null when there is none, `wrong` when the key holds something else. */
export function documentOf(keyspace: Keyspace, key: Uint8Array): Node | null | 'wrong' {
  const held = keyspace.get(key);
  if (held === null) return null;
  return isString(held.value) || isHash(held.value) ? 'wrong' : new Node(held.value);
}

/** Packs a changed document and stores it; its time stays. Answers an error line, or null. */
export function storeDocument(keyspace: Keyspace, key: Uint8Array, root: Node): string | null {
  const packed = root.pack();
  if (!packed.ok) return `ERR ${packed.error.message}`;
  keyspace.put(key, asDocument(packed.value), keyspace.get(key)?.expiresAtMs ?? null);
  return null;
}

/** A value as the document of a key: a JSON string is marked, so that it is no string of SET. */
export function asDocument(packed: Uint8Array): Uint8Array {
  const isText = (packed[0] as number) >> 5 === STRING;
  return isText && !isMarked(packed) ? marked(packed) : packed;
}

/**
 * One answer for each value that a path matches: a list for a path with `$`, the first that is of the right kind for an
 * older one. `answer` writes what one value answers and says whether it was of the right kind.
 */
export type Each = {
  readonly expected: string;
  /** Called in the order of the document; answers null when the value is of another kind. */
  of(node: Node): Answered | null;
};

export type Answered = (reply: ReplyWriter) => void;

/** Answers for what a path matches; `wasDone` is told whether any value was of the right kind. */
export function answerEach(root: Node, path: JsonPath, each: Each, reply: ReplyWriter): boolean {
  const answers = select(root, path.steps).map((node) => ({ kind: node.kind, answer: each.of(node) }));
  const isDone = answers.some(({ answer }) => answer !== null);
  if (!path.isLegacy) {
    reply.array(answers.length);
    for (const { answer } of answers) {
      if (answer === null) reply.nil();
      else answer(reply);
    }
    return isDone;
  }
  // Of several values the last one speaks, as it does where these paths come from.
  const last = answers.findLast(({ answer }) => answer !== null);
  if (last?.answer != null) last.answer(reply);
  else if (answers.length === 0) reply.error(`ERR Path '${shownPath(path)}' does not exist`);
  else
    reply.error(
      `WRONGTYPE wrong type of path value - expected ${each.expected} but found ${shownKind(answers[0]?.kind ?? 'null')}`,
    );
  return isDone;
}

/** A kind by the name that JSON.TYPE has for it. */
export function shownKind(kind: Node['kind']): string {
  const names = {
    map: 'object',
    array: 'array',
    string: 'string',
    int: 'integer',
    float: 'number',
    bool: 'boolean',
    null: 'null',
  };
  return names[kind];
}
