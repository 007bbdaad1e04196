/**
 * The verbs that make up nearly all traffic of the text protocol, told by their letters without making a string. Knows
 * no other verb: whoever is not found here is looked up in the table.
 */
import type { CommandRow } from './command-row.ts';
import { commandNamed } from './command-table.ts';

/** The row of the verb that a range spells, in any case of letters, when it is one of them; else null. */
export function frequentVerb(bytes: Uint8Array, start: number, end: number): CommandRow | null {
  const length = end - start;
  if (length !== 3 && length !== 5) return null;
  // Setting 0x20 makes a letter small, and turns nothing else into a letter.
  const code =
    (((bytes[start] as number) | 0x20) << 16) |
    (((bytes[start + 1] as number) | 0x20) << 8) |
    ((bytes[start + 2] as number) | 0x20);
  if (length === 5) {
    const isQuery =
      code === QUERY_CODE &&
      ((bytes[start + 3] as number) | 0x20) === 0x72 &&
      ((bytes[start + 4] as number) | 0x20) === 0x79;
    return isQuery ? QUERY : null;
  }
  return code === GET_CODE ? GET : code === PUT_CODE ? PUT : code === SET_CODE ? SET : null;
}

const GET = commandNamed('GET');
const PUT = commandNamed('PUT');
const SET = commandNamed('SET');
const QUERY = commandNamed('QUERY');

const GET_CODE = codeOf('get');
const PUT_CODE = codeOf('put');
const SET_CODE = codeOf('set');
const QUERY_CODE = codeOf('que');

function codeOf(letters: string): number {
  return (letters.charCodeAt(0) << 16) | (letters.charCodeAt(1) << 8) | letters.charCodeAt(2);
}
