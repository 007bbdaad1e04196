/**
 * How fast is text turned into packed documents and back? A record of about 300 bytes (nested) and one of 20 fields in each
 * dialect, beside JSON.parse and JSON.stringify of the same data, and how fast lines are generated. No timing is a test.
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
import { alone, beside } from './measure/answer.ts';
import { perSecond } from './measure/loop.ts';
import { report } from './measure/report.ts';
import { interleaved } from './measure/rounds.ts';

const NESTED =
  'key1 -> [ "level" -> [ "height" -> 80.38 | "name" -> "oq" | " level" -> 26 ] | "height" -> [ "name" -> "uk" | " age" -> 18 | "level" -> 89 | "height" -> 10.56 | "street" -> "fo" ] | " age" -> [ "street" -> "r" | "height" -> 59.67 | "age" -> 45 | "level" -> 7 ] | "street" -> [] | "name" -> [ "street" -> "fopv" | " height" -> 43.01 ] ]';
const FIELDS = `doc:1 -> [ ${Array.from({ length: 20 }, (_, i) => `"field${i}" -> "value number ${i}"`).join(' | ')} ]`;

/** `peer`: the case that does the same in another way. */
type Case = { readonly name: string; readonly run: () => unknown; readonly peer?: string };

const cases: Case[] = [];
const notes: string[] = [];
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
    const [reading, writing] = dialect === 'json' ? [`${name}: JSON.parse`, `${name}: JSON.stringify`] : [];
    cases.push({
      name: `${name}: parse ${dialect}`,
      run: () => parseRecords(bytes, 0, bytes.length, 1),
      ...(reading === undefined ? {} : { peer: reading }),
    });
    cases.push({
      name: `${name}: write ${dialect}`,
      run: () =>
        withWriter((writer) => {
          writeRecord(writer, key, value, dialect);
          return writer.length;
        }),
      ...(writing === undefined ? {} : { peer: writing }),
    });
    if (dialect !== 'json') continue;
    const text = new TextDecoder().decode(bytes);
    const object: unknown = JSON.parse(text);
    cases.push({ name: `${name}: parseJson`, run: () => parseJson(bytes), peer: `${name}: JSON.parse` });
    cases.push({ name: `${name}: JSON.parse`, run: () => JSON.parse(text) as unknown });
    cases.push({ name: `${name}: JSON.stringify`, run: () => JSON.stringify(object) });
    notes.push(`${name}: JSON ${bytes.length} bytes, packed ${value.length + key.length} bytes`);
  }
  const path = (name === 'nested' ? ['height', 'level'] : ['field13']).map(utf8);
  cases.push({ name: `${name}: lookup`, run: () => lookup(value, path, 0) });
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
    run: () =>
      withWriter((writer) => {
        writeLine(writer, generation, index++);
        return writer.length;
      }),
  });
}

const figures = await interleaved<string>(
  Object.fromEntries(cases.map(({ name, run }) => [name, () => perSecond(run)])),
);
const of = (name: string): readonly number[] => figures[name] as readonly number[];
const peers = new Set(cases.map(({ peer }) => peer));
report({
  question: 'document',
  title: 'Records in text and packed',
  rows: cases
    .filter(({ name }) => !peers.has(name))
    .map(({ name, peer }) => {
      if (peer === undefined) return alone(name, '/s', of(name));
      return beside([name, '/s'], of(name), [peer.slice(peer.indexOf(': ') + 2), of(peer)]);
    }),
  notes,
});
