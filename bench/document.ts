/**
 * How fast is text turned into packed documents and back? Prints MB/s of text and µs a record for a record of about
 * 300 bytes (nested) and one of 20 fields in each dialect, and of generating lines, beside JSON.parse and JSON.stringify of
 * the same data in the same run. Medians of interleaved rounds. No timing is a test.
 */
import { utf8 } from '../src/lib/bytes.ts';
import { assert } from '../src/lib/assert.ts';
import { withWriter, writeRecord } from '../src/document/format.ts';
import { writeLine } from '../src/document/generate.ts';
import { DATA_DIALECTS, GENERATE_DEFAULTS, prepareGeneration } from '../src/document/generate-options.ts';
import { parseJson } from '../src/document/json.ts';
import { parseKeyFile } from '../src/document/key-file.ts';
import { lookup } from '../src/document/lookup.ts';
import { SAMPLE_KEY_FILE } from '../src/document/sample.ts';
import { parseRecords } from '../src/document/records.ts';
import type { Dialect } from '../src/document/styles.ts';

const ROUNDS = 7;
const ROUND_MS = 60;

const NESTED =
  'key1 -> [ "level" -> [ "height" -> 80.38 | "name" -> "oq" | " level" -> 26 ] | "height" -> [ "name" -> "uk" | " age" -> 18 | "level" -> 89 | "height" -> 10.56 | "street" -> "fo" ] | " age" -> [ "street" -> "r" | "height" -> 59.67 | "age" -> 45 | "level" -> 7 ] | "street" -> [] | "name" -> [ "street" -> "fopv" | " height" -> 43.01 ] ]';
const FIELDS = `doc:1 -> [ ${Array.from({ length: 20 }, (_, i) => `"field${i}" -> "value number ${i}"`).join(' | ')} ]`;

type Case = { readonly name: string; readonly bytes: number; readonly run: () => unknown };

const cases: Case[] = [];
for (const [name, line] of [
  ['nested', NESTED],
  ['20 fields', FIELDS],
] as const) {
  const parsed = parseRecords(utf8(line), 0, utf8(line).length, 1);
  assert(parsed.ok, 'the samples are well formed');
  const { key, value } = parsed.value.records[0] as { key: Uint8Array; value: Uint8Array };
  for (const dialect of ['arrow', 'brace', 'json'] as const satisfies Dialect[]) {
    const bytes = withWriter((writer) => {
      writeRecord(writer, key, value, dialect);
      return writer.copy();
    });
    cases.push({
      name: `${name}: parse ${dialect}`,
      bytes: bytes.length,
      run: () => parseRecords(bytes, 0, bytes.length, 1),
    });
    cases.push({
      name: `${name}: write ${dialect}`,
      bytes: bytes.length,
      run: () =>
        withWriter((writer) => {
          writeRecord(writer, key, value, dialect);
          return writer.length;
        }),
    });
    if (dialect !== 'json') continue;
    const text = new TextDecoder().decode(bytes);
    const object: unknown = JSON.parse(text);
    cases.push({ name: `${name}: parseJson`, bytes: bytes.length, run: () => parseJson(bytes) });
    cases.push({ name: `${name}: JSON.parse`, bytes: bytes.length, run: () => JSON.parse(text) as unknown });
    cases.push({ name: `${name}: JSON.stringify`, bytes: bytes.length, run: () => JSON.stringify(object) });
    console.log(`${name}: JSON ${bytes.length} bytes, packed ${value.length + key.length} bytes`);
  }
  const path = (name === 'nested' ? ['height', 'level'] : ['field13']).map(utf8);
  cases.push({ name: `${name}: lookup`, bytes: 0, run: () => lookup(value, path, 0) });
}

const keys = parseKeyFile(SAMPLE_KEY_FILE);
assert(keys.ok, 'the sample key file is well formed');
for (const dialect of DATA_DIALECTS) {
  const prepared = prepareGeneration({
    ...GENERATE_DEFAULTS,
    ...{ seed: 1, keys: keys.value, depth: 3, maxKeys: 5, maxLength: 4, dialect },
  });
  assert(prepared.ok, 'the options are in their ranges');
  const { generation } = prepared.value;
  let index = 0;
  cases.push({
    name: `generate ${dialect}`,
    bytes: 0,
    run: () =>
      withWriter((writer) => {
        writeLine(writer, generation, index++);
        return writer.length;
      }),
  });
}

const results = cases.map((): number[] => []);
for (let round = -1; round < ROUNDS; round++) {
  cases.forEach(({ run }, i) => {
    let runs = 0;
    const started = performance.now();
    let elapsed = 0;
    while (elapsed < ROUND_MS) {
      for (let j = 0; j < 500; j++) run();
      runs += 500;
      elapsed = performance.now() - started;
    }
    if (round >= 0) (results[i] as number[]).push((elapsed * 1000) / runs);
  });
}
cases.forEach(({ name, bytes }, i) => {
  const sorted = (results[i] as number[]).sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] as number;
  const spread = `${(sorted[0] as number).toFixed(2)} … ${(sorted[sorted.length - 1] as number).toFixed(2)}`;
  console.log(
    `${name.padEnd(28)} ${median.toFixed(2)} µs (${spread}) ${bytes > 0 ? `${Math.round(bytes / median)} MB/s` : ''}`,
  );
});
