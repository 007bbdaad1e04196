/** Words of JSON paths and their filters: quoted text and integers, read from a place in a text. */

/** A place in a text; `tests`: those of filters that were read so far. */
export type Cursor = { readonly text: string; at: number; tests?: number };

/** Text in single or double quotes, with the escapes of JSON; null when none begins here or it does not end. */
export function quotedAt(cursor: Cursor): string | null {
  const quote = cursor.text[cursor.at];
  if (quote !== '"' && quote !== "'") return null;
  let read = '';
  for (let at = cursor.at + 1; at < cursor.text.length; at++) {
    const sign = cursor.text[at] as string;
    if (sign === quote) {
      cursor.at = at + 1;
      return read;
    }
    if (sign !== '\\') {
      read += sign;
      continue;
    }
    const next = cursor.text[++at];
    if (next === 'u') {
      const code = /^[\da-f]{4}$/i.exec(cursor.text.slice(at + 1, at + 5))?.[0];
      if (code === undefined) return null;
      read += String.fromCharCode(Number.parseInt(code, 16));
      at += 4;
    } else read += ESCAPES.get(next ?? '') ?? next ?? '';
  }
  return null;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['b', '\b'],
  ['f', '\f'],
]);

/** A decimal integer, or null when none begins here. */
export function integerAt(cursor: Cursor): number | null {
  const start = cursor.at;
  let end = cursor.text[start] === '-' ? start + 1 : start;
  while (end - start < 10 && /\d/.test(cursor.text[end] ?? '')) end++;
  if (end === start || cursor.text[end - 1] === '-') return null;
  cursor.at = end;
  return Number(cursor.text.slice(start, end));
}
