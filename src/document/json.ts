/**
 * JSON (RFC 8259) to the packed form and back. Reads bytes, not text, because JSON.parse would lose 2.0, -0 and
 * 9007199254740993 and the order of fields with names like "10"; prints the very digits that were read.
 */
import { text } from '../lib/bytes.ts';
import type { Result } from '../lib/result.ts';
import type { KvError } from '../model/errors.ts';
import { withWriter, writeValue } from './format.ts';
import { packTape, type Range, scanner, scannerFailure, tape } from './parsing.ts';
import { JSON_STYLE } from './styles.ts';
import { JSON_GRAMMAR, parseValueInto } from './value-parser.ts';

/**
 * The packed value of one JSON text, blanks around it allowed. A name written twice in one object: the last wins.
 * PARSE, TOODEEP and TOOLARGE name line:column or limit and size.
 */
export function parseJson(bytes: Uint8Array, start = 0, end = bytes.length): Result<Uint8Array, KvError> {
  const range: Range = { start, end, line: 1 };
  scanner.begin(bytes, end, { strict: true, oneLine: false, lenientQuotes: false });
  tape.begin(bytes);
  let at = parseValueInto(scanner, tape, JSON_GRAMMAR, start);
  if (at >= 0) {
    at = scanner.skip(at);
    if (at < end) at = scanner.fail(at, 'the end');
  }
  if (at < 0) return scannerFailure(bytes, range);
  const packed = packTape(0);
  tape.release();
  return packed;
}

/** One line of JSON without blanks; numbers as they were written. */
export function formatJson(packed: Uint8Array): string {
  return withWriter((writer) => {
    writeValue(writer, packed, JSON_STYLE);
    return text(writer.view());
  });
}
