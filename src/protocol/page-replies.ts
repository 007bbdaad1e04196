/**
 * Pages of a scan, written as replies: keys, or records. In JSON the exact `{"ok":true,"keys":["a"],"more":false,…}` and
 * `{"ok":true,"items":[["a",1]],"more":true,…}`; else one set that reads back, and a WARNING when the page is not the last.
 */
import { writeText, writeValue } from '../document/format.ts';
import { STYLES } from '../document/styles.ts';
import { type ByteWriter, utf8 } from '../lib/bytes.ts';
import type { Notes, ScanEntry } from '../model/commands.ts';
import { closeObject, type ReplyFormat, writeJsonText, writeWarnings } from './replies.ts';

export type ShownPage = {
  /** The prefix as it is shown. */
  readonly label: Uint8Array;
  readonly entries: readonly ScanEntry[];
  /** Whether it ends before the last entry. */
  readonly more: boolean;
  readonly values: boolean;
};

/** A page as one reply. */
export function writeScanned(writer: ByteWriter, format: ReplyFormat, page: ShownPage, notes: Notes): void {
  const { label, entries, more, values } = page;
  if (format.dialect === 'json') {
    writer.bytes(values ? OK_ITEMS : OK_KEYS);
    for (let i = 0; i < entries.length; i++)
      writeJsonEntry(writer, format, entries[i] as ScanEntry, { values, isFirst: i === 0 });
    writer.bytes(more ? MORE : NO_MORE);
    closeObject(writer, notes);
    return;
  }
  writeWarnings(writer, notes);
  const style = STYLES[format.dialect];
  const last = entries.at(-1);
  if (more && last !== undefined) {
    writer.bytes(MORE_WARNING);
    writeText(writer, last.key, 0, last.key.length, QUOTE);
    writer.u8(LF);
  }
  writeText(writer, label, 0, label.length, 0);
  writer.bytes(style.pairMark);
  if (entries.length === 0) writer.bytes(values ? style.mapEmpty : style.arrayEmpty);
  else {
    writer.bytes(values ? style.mapOpen : style.arrayOpen);
    for (let i = 0; i < entries.length; i++) {
      const { key, value } = entries[i] as ScanEntry;
      if (i > 0) writer.bytes(style.separator);
      writeText(writer, key, 0, key.length, style.quote);
      if (!values || value === null) continue;
      writer.bytes(style.pairMark);
      writeValue(writer, value, style);
    }
    writer.bytes(values ? style.mapClose : style.arrayClose);
  }
  writer.u8(LF);
}

const LF = 0x0a;
const QUOTE = 0x22;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;

const OK_ITEMS = utf8('{"ok":true,"items":[');
const OK_KEYS = utf8('{"ok":true,"keys":[');
const MORE = utf8('],"more":true');
const NO_MORE = utf8('],"more":false');
const MORE_WARNING = utf8('WARNING: there are more, after ');
const NULL = utf8('null');

/** A key, or `[key, value]`, or `[key, value, version]`. */
function writeJsonEntry(
  writer: ByteWriter,
  format: ReplyFormat,
  entry: ScanEntry,
  options: { readonly values: boolean; readonly isFirst: boolean },
): void {
  if (!options.isFirst) writer.u8(COMMA);
  if (!options.values) {
    writeJsonText(writer, entry.key);
    return;
  }
  writer.u8(OPEN_BRACKET);
  writeJsonText(writer, entry.key);
  writer.u8(COMMA);
  if (entry.value === null) writer.bytes(NULL);
  else writeValue(writer, entry.value, STYLES.json);
  if (format.versions) writer.bytes(utf8(`,${entry.version}`));
  writer.u8(CLOSE_BRACKET);
}
