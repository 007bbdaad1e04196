import { expect, test } from 'vitest';
import { formatAnswer } from '../../src/document/format.ts';
import { lookup } from '../../src/document/lookup.ts';
import { SAMPLE_LINES } from '../../src/document/sample.ts';
import { text, utf8 } from '../../src/lib/bytes.ts';
import { readLines } from './models.ts';

test('the sample is the four persons, each a record', () => {
  const { records, warnings } = readLines(SAMPLE_LINES.join('\n'));

  expect(records.map(({ key }) => text(key))).toEqual(['person1', 'person2', 'person3', 'person4']);
  expect(warnings).toEqual([]);
});

test('the questions of the assignment about Mary have their answers', () => {
  const { value } = readLines(SAMPLE_LINES[1] as string).records[0] as { value: Uint8Array };
  const ways = [['name'], ['address', 'number'], ['address']];

  const answers = ways.map((way) =>
    formatAnswer(['person2', ...way].join('.'), lookup(value, way.map(utf8), 0) as Uint8Array, 'arrow'),
  );

  expect(answers).toEqual([
    'person2.name -> Mary',
    'person2.address.number -> 12',
    'person2.address -> [ "street" -> "Panepistimiou" | "number" -> 12 ]',
  ]);
});
