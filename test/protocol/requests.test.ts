import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseKeyBytes } from '../../src/document/keys.ts';
import { parsePath } from '../../src/document/path.ts';
import { text, utf8 } from '../../src/lib/bytes.ts';
import type { Result } from '../../src/lib/result.ts';
import type { Path } from '../../src/model/commands.ts';
import type { KvError } from '../../src/model/errors.ts';
import { readKey, readPath } from '../../src/protocol/requests.ts';

function shown(read: Result<Path, KvError>): unknown {
  return read.ok
    ? { segments: read.value.segments.map((segment) => text(segment)), joinable: read.value.joinable }
    : read.error;
}

function shownKey(read: Result<Uint8Array, KvError>): unknown {
  return read.ok ? text(read.value) : read.error;
}

/** Paths and what is nearly one, of the signs that matter. */
const written = fc
  .array(fc.constantFrom('.', '"', "'", '\\', ' ', 'a', 'B', '7', '_', '-', ':', 'é', '“', '”', '\x01', '\x7f'), {
    maxLength: 12,
  })
  .map((signs) => signs.join(''));

test('a path is read from a line as the parser reads it alone', () => {
  fc.assert(
    fc.property(written, (path) => {
      const line = utf8(`QUERY ${path}`);

      const read = readPath(line, 6, line.length);

      expect(shown(read)).toEqual(shown(parsePath(`      ${path}`)));
    }),
    { numRuns: 2_000 },
  );
});

test.each(['"doc.1".a.b', `a.'b c'."d"`, 'a.b', '"a"', '""', '"a"b', 'a."b', 'a.', '.a', ''])(
  'the path %j is read from a line as the parser reads it alone',
  (path) => {
    const line = utf8(`QUERY ${path}\nrest`);

    const read = readPath(line, 6, line.length - 5);

    expect(shown(read)).toEqual(shown(parsePath(`      ${path}`)));
  },
);

test('a key is read from a line as the parser reads it', () => {
  fc.assert(
    fc.property(written, (key) => {
      const line = utf8(`GET ${key}`);

      const read = readKey(line, 4, line.length);

      expect(shownKey(read)).toEqual(shownKey(parseKeyBytes(line, 4, line.length)));
    }),
    { numRuns: 2_000 },
  );
});
