/**
 * Replies of the text protocol, written as UTF-8 behind what a writer holds. One final line each, WARNING lines before
 * it; in format json one object and nothing else. Whatever a key, value or message holds, it stays on its line.
 *
 *   line    = label " -> " value | label " -> NOT FOUND" | "NOTFOUND" | "OK" [ " " words ] | number
 *           | "ERROR " code " " message                      WARNING: 2 or more servers are down …
 *   object  = {"ok":true,"key":…,"value":…,"warnings":[…]}   {"ok":false,"code":"PARSE","message":…}
 */
import { writeAnswer, writeText, writeValue } from '../document/format.ts';
import { type Dialect, STYLES } from '../document/styles.ts';
import { type ByteWriter, utf8 } from '../lib/bytes.ts';
import type { Found, Notes } from '../model/commands.ts';
import type { KvError } from '../model/errors.ts';
import type { Version } from '../model/ids.ts';

/** How one connection is answered. */
export type ReplyFormat = {
  readonly dialect: Dialect;
  /** JSON answers carry `"version"` beside each value. */
  readonly versions: boolean;
  /** What a miss says: a storage server's own port has a token, a gateway names the key. */
  readonly missing: 'token' | 'label';
};

/** The value of a key or path, or that there is none. */
export function writeFound(
  writer: ByteWriter,
  format: ReplyFormat,
  label: Uint8Array,
  found: Found,
  notes: Notes,
): void {
  if (format.dialect === 'json') {
    writer.bytes(found === null ? NOT_FOUND_KEY : OK_KEY);
    writeJsonText(writer, label);
    writer.bytes(VALUE);
    writeJsonFound(writer, format, found);
    closeObject(writer, notes);
    return;
  }
  writeWarnings(writer, notes);
  if (found !== null) writeAnswer(writer, label, found.value, format.dialect);
  else writeMissing(writer, format, label);
  writer.u8(LF);
}

/** Values of several paths, in the order of `labels`. */
export function writeFoundMany(
  writer: ByteWriter,
  format: ReplyFormat,
  labels: readonly Uint8Array[],
  found: readonly Found[],
  notes: Notes,
): void {
  const isJson = format.dialect === 'json';
  if (isJson) writer.bytes(OK_ITEMS);
  else writeWarnings(writer, notes);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as Uint8Array;
    const value = found[i] ?? null;
    if (isJson) {
      writer.bytes(i > 0 ? COMMA_KEY : KEY);
      writeJsonText(writer, label);
      writer.bytes(value === null ? FOUND_FALSE_VALUE : VALUE);
      writeJsonFound(writer, format, value);
      writer.u8(CLOSE_BRACE);
      continue;
    }
    if (i > 0) writer.bytes(SEPARATOR);
    if (value !== null) writeAnswer(writer, label, value.value, format.dialect);
    else writeMissing(writer, format, label);
  }
  if (isJson) {
    writer.u8(CLOSE_BRACKET);
    closeObject(writer, notes);
  } else writer.u8(LF);
}

/** A write that is durable. */
export function writeWritten(writer: ByteWriter, format: ReplyFormat, items: number, notes: Notes): void {
  if (format.dialect === 'json') {
    writer.bytes(utf8(`{"ok":true,"items":${items}`));
    closeObject(writer, notes);
    return;
  }
  writeWarnings(writer, notes);
  writer.bytes(OK_LINE);
}

export function writeDeleted(
  writer: ByteWriter,
  format: ReplyFormat,
  label: Uint8Array,
  existed: boolean,
  notes: Notes,
): void {
  if (format.dialect === 'json') {
    writer.bytes(existed ? OK_KEY : NOT_FOUND_KEY);
    writeJsonText(writer, label);
    writer.bytes(utf8(`,"existed":${existed}`));
    closeObject(writer, notes);
    return;
  }
  writeWarnings(writer, notes);
  if (existed) {
    writeText(writer, label, 0, label.length, 0);
    writer.bytes(ARROW_OK);
  } else writeMissing(writer, format, label);
  writer.u8(LF);
}

/** The result of a COMPUTE. */
export function writeNumber(writer: ByteWriter, format: ReplyFormat, number: string, notes: Notes): void {
  if (format.dialect === 'json') {
    writer.bytes(utf8(`{"ok":true,"value":${number}`));
    closeObject(writer, notes);
    return;
  }
  writeWarnings(writer, notes);
  writer.bytes(utf8(number));
  writer.u8(LF);
}

/** `OK`, and words if there are any. */
export function writeOk(writer: ByteWriter, format: ReplyFormat, words: string, notes: Notes): void {
  if (format.dialect === 'json') {
    writer.bytes(OK_OBJECT);
    if (words !== '') {
      writer.bytes(MESSAGE);
      writeJsonText(writer, utf8(words));
    }
    closeObject(writer, notes);
    return;
  }
  writeWarnings(writer, notes);
  writer.bytes(words === '' ? OK_LINE : utf8(`OK ${oneLine(words)}\n`));
}

/** A line of its own (`PONG`); in JSON a message. */
export function writeWord(writer: ByteWriter, format: ReplyFormat, word: string, notes: Notes): void {
  if (format.dialect === 'json') writeOk(writer, format, word, notes);
  else writer.bytes(utf8(`${word}\n`));
}

export function writeError(writer: ByteWriter, format: ReplyFormat, error: KvError, notes: Notes): void {
  if (format.dialect === 'json') {
    writer.bytes(utf8(`{"ok":false,"code":"${error.code}","message":`));
    writeJsonText(writer, utf8(error.message));
    if (notes.warnings.length > 0 || notes.uncertain) closeObject(writer, notes);
    else writer.bytes(CLOSE_LINE);
    return;
  }
  writeWarnings(writer, notes);
  writer.bytes(utf8(`ERROR ${error.code} ${oneLine(error.message)}\n`));
}

/** Text without line ends and other controls, of ASCII and beyond, for a place where one line is promised. */
export function oneLine(words: string): string {
  let clean = '';
  let from = 0;
  for (let i = 0; i < words.length; i++) {
    const code = words.charCodeAt(i);
    if (code >= 0x20 && !(code >= 0x7f && code <= 0x9f) && code !== 0x2028 && code !== 0x2029) continue;
    clean += `${words.slice(from, i)} `;
    from = i + 1;
  }
  return from === 0 ? words : clean + words.slice(from);
}

const LF = 0x0a;
const QUOTE = 0x22;
const CLOSE_BRACE = 0x7d;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const JSON_STYLE = STYLES.json;

const OK_LINE = utf8('OK\n');
const ARROW_OK = utf8(' -> OK');
const ARROW_NOT_FOUND = utf8(' -> NOT FOUND');
const NOT_FOUND_TOKEN = utf8('NOTFOUND');
const SEPARATOR = utf8(' | ');
const WARNING = utf8('WARNING: ');
const OK_OBJECT = utf8('{"ok":true');
const OK_KEY = utf8('{"ok":true,"key":');
const NOT_FOUND_KEY = utf8('{"ok":true,"found":false,"key":');
const OK_ITEMS = utf8('{"ok":true,"items":[');
const KEY = utf8('{"key":');
const COMMA_KEY = utf8(',{"key":');
const VALUE = utf8(',"value":');
const FOUND_FALSE_VALUE = utf8(',"found":false,"value":');
const MESSAGE = utf8(',"message":');
const NULL = utf8('null');
const NO_WARNINGS = utf8(',"warnings":[]}\n');
const WARNINGS = utf8(',"warnings":[');
const CLOSE_WARNINGS = utf8(']}\n');
const UNCERTAIN = utf8(',"uncertain":true');
const CLOSE_LINE = utf8('}\n');

/** What a doubtful answer says where nothing else does. */
const UNCERTAIN_WARNING = 'the answer is uncertain: no in-sync owner confirmed it';

/** The WARNING lines before a final line. */
export function writeWarnings(writer: ByteWriter, notes: Notes): void {
  for (const warning of notes.warnings) writeWarning(writer, warning);
  if (notes.uncertain && notes.warnings.length === 0) writeWarning(writer, UNCERTAIN_WARNING);
}

function writeWarning(writer: ByteWriter, warning: string): void {
  writer.bytes(WARNING);
  writer.bytes(utf8(oneLine(warning)));
  writer.u8(LF);
}

function writeMissing(writer: ByteWriter, format: ReplyFormat, label: Uint8Array): void {
  if (format.missing === 'token') {
    writer.bytes(NOT_FOUND_TOKEN);
    return;
  }
  writeText(writer, label, 0, label.length, 0);
  writer.bytes(ARROW_NOT_FOUND);
}

function writeJsonFound(writer: ByteWriter, format: ReplyFormat, found: Found): void {
  if (found === null) {
    writer.bytes(NULL);
    return;
  }
  writeValue(writer, found.value, JSON_STYLE);
  if (format.versions) writeVersion(writer, found.version);
}

function writeVersion(writer: ByteWriter, version: Version): void {
  writer.bytes(utf8(`,"version":${version}`));
}

/** The end of a JSON answer: what it carries besides the answer. */
export function closeObject(writer: ByteWriter, notes: Notes): void {
  if (notes.uncertain) writer.bytes(UNCERTAIN);
  if (notes.warnings.length === 0) {
    writer.bytes(NO_WARNINGS);
    return;
  }
  writer.bytes(WARNINGS);
  for (let i = 0; i < notes.warnings.length; i++) {
    if (i > 0) writer.u8(COMMA);
    writeJsonText(writer, utf8(notes.warnings[i] as string));
  }
  writer.bytes(CLOSE_WARNINGS);
}

/** A JSON string of UTF-8 bytes. */
export function writeJsonText(writer: ByteWriter, bytes: Uint8Array): void {
  writeText(writer, bytes, 0, bytes.length, QUOTE);
}
