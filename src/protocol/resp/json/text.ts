/** JSON text as JSON.GET writes it: compact, or with the indent, line end and blank that a client asks for. */
import { writeValue } from '../../../document/format.ts';
import { valueAt } from '../../../document/places.ts';
import { STYLES } from '../../../document/styles.ts';
import { ByteWriter } from '../../../lib/bytes.ts';
import { JSON_REPLY_BYTES_MAX } from '../../../model/limits.ts';
import { Refusal } from '../failures.ts';

export type Layout = { readonly indent: Uint8Array; readonly newline: Uint8Array; readonly space: Uint8Array };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPENS = new Set([0x7b, 0x5b]);
const CLOSES = new Set([0x7d, 0x5d]);

/** What a command answers instead of more JSON than that: paths may match one value many times over. */
export const TOO_LONG_REPLY = new Refusal(
  `ERR a reply of more than ${JSON_REPLY_BYTES_MAX} bytes, the limit JSON_REPLY_BYTES_MAX`,
);

/** The values at places of a document as one JSON array; whether the writer holds no more than may be answered. */
export function writeList(writer: ByteWriter, document: Uint8Array, places: readonly number[]): boolean {
  writer.u8(0x5b);
  for (const [i, at] of places.entries()) {
    if (i > 0) writer.u8(COMMA);
    writeValue(writer, valueAt(document, at), STYLES.json);
    if (writer.length > JSON_REPLY_BYTES_MAX) return false;
  }
  writer.u8(0x5d);
  return true;
}

/** Compact JSON laid out anew, or null when it is too long. One pass over its bytes; empty sets stay as they are. */
export function laidOut(json: Uint8Array, { indent, newline, space }: Layout): Uint8Array | null {
  const writer = new ByteWriter(json.length * 2);
  let depth = 0;
  const breakLine = (): void => {
    writer.bytes(newline);
    for (let i = 0; i < depth; i++) writer.bytes(indent);
  };
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] as number;
    if (writer.length > JSON_REPLY_BYTES_MAX) return null;
    if (byte === QUOTE) {
      const end = endOfString(json, at);
      writer.bytes(json, at, end);
      at = end - 1;
    } else if (OPENS.has(byte)) {
      writer.u8(byte);
      if (CLOSES.has(json[at + 1] as number)) writer.u8(json[++at] as number);
      else {
        depth++;
        breakLine();
      }
    } else if (CLOSES.has(byte)) {
      depth--;
      breakLine();
      writer.u8(byte);
    } else {
      writer.u8(byte);
      if (byte === COMMA) breakLine();
      else if (byte === COLON) writer.bytes(space);
    }
  }
  return writer.view();
}

function endOfString(json: Uint8Array, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    if (json[at] === BACKSLASH) at++;
    else if (json[at] === QUOTE) return at + 1;
  }
  return json.length;
}
