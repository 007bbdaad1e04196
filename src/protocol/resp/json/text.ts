/** JSON text as JSON.GET writes it: compact, or with the indent, line end and blank that a client asks for. */
import { writeValue } from '../../../document/format.ts';
import { STYLES } from '../../../document/styles.ts';
import { ByteWriter } from '../../../lib/bytes.ts';

export type Layout = { readonly indent: Uint8Array; readonly newline: Uint8Array; readonly space: Uint8Array };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPENS = new Set([0x7b, 0x5b]);
const CLOSES = new Set([0x7d, 0x5d]);

/** Values as one JSON array. */
export function writeList(writer: ByteWriter, values: readonly Uint8Array[]): void {
  writer.u8(0x5b);
  for (let i = 0; i < values.length; i++) {
    if (i > 0) writer.u8(COMMA);
    writeValue(writer, values[i] as Uint8Array, STYLES.json);
  }
  writer.u8(0x5d);
}

/** Compact JSON laid out anew. One pass over its bytes; empty sets stay as they are. */
export function laidOut(json: Uint8Array, { indent, newline, space }: Layout): Uint8Array {
  const writer = new ByteWriter(json.length * 2);
  let depth = 0;
  const breakLine = (): void => {
    writer.bytes(newline);
    for (let i = 0; i < depth; i++) writer.bytes(indent);
  };
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] as number;
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
