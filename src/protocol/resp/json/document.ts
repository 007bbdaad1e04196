/** Documents under keys, as the JSON commands see them: which values are documents, and how one is stored again. */
import { type Edit, edited } from '../../../document/edit.ts';
import { isMarked, marked } from '../../../document/marked.ts';
import { kindOf, STRING } from '../../../document/packed.ts';
import { valueAt } from '../../../document/places.ts';
import { lineOf, Refusal } from '../failures.ts';
import type { Keyspace } from '../keyspace.ts';
import type { ReplyWriter } from '../reply-writer.ts';
import { isHash, isString } from '../values.ts';
import { type JsonPath, shownPath } from './path.ts';
import { select } from './select.ts';

export const NO_DOCUMENT = "ERR could not perform this operation on a key that doesn't exist";

/** The packed document of a key; null when there is none, `wrong` when the key holds something else. */
export function documentOf(keyspace: Keyspace, key: Uint8Array): Uint8Array | null | 'wrong' {
  const held = keyspace.get(key);
  if (held === null) return null;
  return isString(held.value) || isHash(held.value) ? 'wrong' : held.value;
}

/** Edits the document of a key and stores it, its time stays; none is left when all was removed. An error line, or null. */
export function storeEdited(
  keyspace: Keyspace,
  key: Uint8Array,
  document: Uint8Array,
  edits: readonly Edit[],
): string | null {
  if (edits.length === 0) return null;
  const packed = edited(document, edits);
  if (!packed.ok) return lineOf(packed.error);
  if (packed.value === null) keyspace.remove(key);
  else keyspace.put(key, asDocument(packed.value), keyspace.get(key)?.expiresAtMs ?? null);
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
  /** For the value at a place: null when it is of another kind, a Refusal when the command is to do nothing at all. */
  of(document: Uint8Array, at: number, edits: Edit[]): Answered | Refusal | null;
};

export type Answered = (reply: ReplyWriter) => void;

/**
 * Answers for what a path matches, and puts what is to be changed behind `edits`; or why nothing is to be changed. Of
 * several values that an older path matches the first speaks when they are read, the last of the right kind when they
 * are changed.
 */
export function answersOf(
  document: Uint8Array,
  path: JsonPath,
  each: Each,
  edits: Edit[],
  speaker: 'first' | 'last',
): Answered | Refusal {
  const places = select(document, path.steps);
  if (places instanceof Refusal) return places;
  const answers: (Answered | null)[] = [];
  for (const at of path.isLegacy && speaker === 'first' ? places.slice(0, 1) : places) {
    const answer = each.of(document, at, edits);
    if (answer instanceof Refusal) return answer;
    answers.push(answer);
  }
  if (!path.isLegacy) {
    return (reply) => {
      reply.array(answers.length);
      for (const answer of answers) {
        if (answer === null) reply.nil();
        else answer(reply);
      }
    };
  }
  const [first] = places;
  if (first === undefined && each.mayMiss === true) return (reply) => reply.nil();
  if (first === undefined) return new Refusal(missing(path));
  return answers.findLast((answer) => answer !== null) ?? new Refusal(otherKind(each.expected, document, first));
}

/** What an older path that matches nothing is answered. */
export function missing(path: JsonPath): string {
  return `ERR Path '${shownPath(path)}' does not exist`;
}

/** What an older path that matches another kind is answered. */
export function otherKind(expected: string, document: Uint8Array, at: number): string {
  return `WRONGTYPE wrong type of path value - expected ${expected} but found ${shownKind(document, at)}`;
}

/** The kind of the value at a place by the name that JSON.TYPE has for it. */
export function shownKind(document: Uint8Array, at: number): string {
  return KIND_NAMES[kindOf(valueAt(document, at))];
}

const KIND_NAMES = {
  map: 'object',
  array: 'array',
  string: 'string',
  int: 'integer',
  float: 'number',
  bool: 'boolean',
  null: 'null',
} as const;
