import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { text } from '../../src/lib/bytes.ts';
import { fileChunks } from '../../src/node/file-chunks.ts';

const directory = mkdtempSync(join(tmpdir(), 'coppice-chunks-'));
const path = join(directory, 'file');
afterAll(() => rmSync(directory, { recursive: true }));

describe('chunks of a file', () => {
  test('are all of its bytes in order, each of whole lines with the number of the first', async () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 30 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 40 }),
        async (lines, ends, size) => {
          const content = lines.join('\n') + (ends ? '\n' : '');
          writeFileSync(path, content);

          let read = '';
          for await (const chunk of fileChunks(path, { chunkBytes: size })) {
            expect(chunk.line).toBe(read.split('\n').length);
            read += text(chunk.bytes);
            expect(chunk.isLast || read.endsWith('\n')).toBe(true);
          }

          expect(read).toBe(content);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('leave out a line that is too long, and go on behind it', async () => {
    writeFileSync(path, `first\n${'x'.repeat(1_000)}\nthird\n`);

    const chunks: string[] = [];
    for await (const { line, bytes, isTooLong } of fileChunks(path, { chunkBytes: 10, lineBytesMax: 100 })) {
      if (isTooLong || bytes.length > 0) chunks.push(`${line} ${isTooLong} ${text(bytes)}`);
    }

    expect(chunks).toEqual(['1 false first\n', '2 true ', '3 false third\n']);
  });
});
