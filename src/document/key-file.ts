/**
 * The key file of the generator: one `name type` a line, types int, float and string. CRLF, tabs, several blanks,
 * blank lines at the end and a missing last line end are fine; anything else is told by its line number.
 */
import { ok, type Result } from '../lib/result.ts';
import { fail, type KvError } from '../model/errors.ts';
import { FIELDS_MAX, KEY_BYTES_MAX } from '../model/limits.ts';
import { utf8 } from '../lib/bytes.ts';

export type LeafType = 'int' | 'float' | 'string';
export type KeyType = { readonly name: string; readonly type: LeafType };

const TYPES: readonly string[] = ['int', 'float', 'string'] satisfies LeafType[];

/** The keys in the order of the file; PARSE names line and what is wrong with it. */
export function parseKeyFile(text: string): Result<KeyType[], KvError> {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  while (lines.length > 0 && (lines[lines.length - 1] as string).trim() === '') lines.pop();
  if (lines.length === 0) return fail('PARSE', 'line 1: the key file is empty, expected "name type"');
  if (lines.length > FIELDS_MAX) {
    return fail('TOOLARGE', `a key file of ${lines.length} lines, the limit FIELDS_MAX is ${FIELDS_MAX}`);
  }
  const keys: KeyType[] = [];
  const firstLines = new Map<string, number>();
  for (const [index, line] of lines.entries()) {
    const number = index + 1;
    const [name, type, ...rest] = line.trim().split(/[ \t]+/);
    if (name === undefined || name === '') return fail('PARSE', `line ${number}: blank, expected "name type"`);
    if (type === undefined) {
      return fail('PARSE', `line ${number}: ${JSON.stringify(name)} has no type, expected int, float or string`);
    }
    if (!isLeafType(type)) {
      return fail('PARSE', `line ${number}: unknown type ${JSON.stringify(type)}, expected int, float or string`);
    }
    if (rest.length > 0) {
      return fail('PARSE', `line ${number}: ${JSON.stringify(rest[0])} after the type, expected the end of the line`);
    }
    const bytes = utf8(name).length;
    if (bytes > KEY_BYTES_MAX) {
      return fail('TOOLARGE', `line ${number}: a name of ${bytes} bytes, the limit KEY_BYTES_MAX is ${KEY_BYTES_MAX}`);
    }
    const first = firstLines.get(name);
    if (first !== undefined) {
      return fail('PARSE', `line ${number}: ${JSON.stringify(name)} is named a second time, first in line ${first}`);
    }
    firstLines.set(name, number);
    keys.push({ name, type });
  }
  return ok(keys);
}

function isLeafType(word: string): word is LeafType {
  return TYPES.includes(word);
}
