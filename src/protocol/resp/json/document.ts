/** Documents under keys, as the JSON commands see them: which values are documents, and how one is stored again. */
import { isMarked, marked } from '../../../document/marked.ts';
import { STRING } from '../../../document/packed.ts';
import { Refusal } from '../failures.ts';
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

/** One answer for each value that a path matches: a list for a path with `$`, one of them for an older one. */
export type Each = {
  readonly expected: string;
  /** Whether an older path that matches nothing answers nil, not an error. */
  readonly mayMiss?: boolean;
  /** Called in the order of the document; answers null when the value is of another kind, a Refusal to change nothing. */
  of(node: Node): Answered | Refusal | null;
};

export type Answered = (reply: ReplyWriter) => void;

/**
 * Answers for what a path matches: whether any value was of the right kind, or why nothing is to be changed. Of several
 * values that an older path matches the first speaks when they are read, the last of the right kind when they are changed.
 */
export function answerEach(
  root: Node,
  path: JsonPath,
  each: Each,
  speaker: 'first' | 'last',
  reply: ReplyWriter,
): boolean | Refusal {
  const answers: { readonly kind: Node['kind']; readonly answer: Answered | null }[] = [];
  for (const node of select(root, path.steps)) {
    const { kind } = node;
    const answer = each.of(node);
    if (answer instanceof Refusal) return answer;
    answers.push({ kind, answer });
  }
  const isDone = answers.some(({ answer }) => answer !== null);
  if (!path.isLegacy) {
    reply.array(answers.length);
    for (const { answer } of answers) {
      if (answer === null) reply.nil();
      else answer(reply);
    }
    return isDone;
  }
  const speaking = speaker === 'first' ? answers[0] : answers.findLast(({ answer }) => answer !== null);
  if (speaking?.answer != null) speaking.answer(reply);
  else if (answers.length === 0 && each.mayMiss === true) reply.nil();
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
