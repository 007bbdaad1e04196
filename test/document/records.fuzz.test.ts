import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatRecord } from '../../src/document/format.ts';
import { parseJson } from '../../src/document/json.ts';
import { parseKeyBytes } from '../../src/document/keys.ts';
import { parseRecords, parseValue } from '../../src/document/records.ts';
import { parsePath } from '../../src/document/path.ts';
import { text, utf8 } from '../../src/lib/bytes.ts';
import type { KvError } from '../../src/model/errors.ts';
import type { Result } from '../../src/lib/result.ts';
import { readLine, RUNS } from './models.ts';

const LINES = [
  'key1 -> [ "level" -> [ "height" -> 80.38 | " level" -> -26e5 ] | “s” : () | "n" -> ( true | null ) ]',
  "'person8':{'hair_color': 'Wc3\\'aB', 'age': '55', 'family': {'x': [1, {}, None]}}",
  '{"key1": {"key2": {"key3": 4, "é": "\\u00e9\\n"}}, "b": null, "c": [[],[1.5,"x"]]}',
].map(utf8);

const SIGNS = utf8('[]{}()|;,:->"\'\\ \t\n\r0.e\0\x7f');
const signs = fc.oneof(fc.constantFrom(...SIGNS), fc.integer({ min: 0, max: 255 }), fc.constantFrom(0xe2, 0x80, 0x9c));

/** An error of one line, or a result: never an exception, whatever the bytes. */
function expectAnswer(result: Result<unknown, KvError>): void {
  if (result.ok) return;
  expect(['PARSE', 'TOOLARGE', 'TOODEEP']).toContain(result.error.code);
  expect(result.error.message).not.toMatch(/[\n\r]/);
}

function parseAll(bytes: Uint8Array): void {
  const records = parseRecords(bytes, 0, bytes.length, 1);
  expectAnswer(records);
  expectAnswer(parseValue(bytes));
  expectAnswer(parseJson(bytes));
  expectAnswer(parseKeyBytes(bytes, 0, bytes.length));
  expectAnswer(parsePath(text(bytes)));
  if (!records.ok) return;
  for (const { key, value } of records.value.records) {
    const again = readLine(formatRecord(key, value, 'json'));
    expect(again).toEqual({ key, value });
  }
}

test('random bytes and signs never make a parser throw', () => {
  const inputs = fc.array(signs, { maxLength: 80 }).map((bytes) => Uint8Array.from(bytes));

  fc.assert(fc.property(inputs, parseAll), { ...RUNS, numRuns: 3000 });
});

test('valid lines with bytes changed, left out and put in never make a parser throw', () => {
  const edits = fc.array(fc.tuple(fc.nat(200), fc.constantFrom('set', 'cut', 'add'), signs), {
    minLength: 1,
    maxLength: 6,
  });
  const inputs = fc.tuple(fc.constantFrom(...LINES), edits).map(([line, changes]) => {
    const bytes = [...line];
    for (const [at, kind, byte] of changes)
      bytes.splice(at % (bytes.length + 1), kind === 'add' ? 0 : 1, ...(kind === 'cut' ? [] : [byte]));
    return Uint8Array.from(bytes);
  });

  fc.assert(fc.property(inputs, parseAll), { ...RUNS, numRuns: 3000 });
});

test('every beginning of a valid line gets an answer, within a larger buffer too', () => {
  for (const line of LINES) {
    for (let end = 0; end < line.length; end++) {
      const cut = parseRecords(line, 0, end, 1);
      const alone = parseRecords(line.slice(0, end), 0, end, 1);

      expect(cut).toEqual(alone);
    }
  }
});
