/** Requests as lines of the text protocol: whatever a key or value holds, a request stays on its line. */
import { writeRecord, writeText, writeValue } from '../document/format.ts';
import { isShownBare } from '../document/keys.ts';
import { STYLES } from '../document/styles.ts';
import { assert } from '../lib/assert.ts';
import { type ByteWriter, utf8 } from '../lib/bytes.ts';
import type { Command, Item, Path } from '../model/commands.ts';
import type { Request } from './transport.ts';

/** How a connection is to be answered: objects, with the version of each value. Before the first request. */
export const HANDSHAKE = 'FORMAT json versions\n';

const JSON_STYLE = STYLES.json;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DOT = 0x2e;
const BLANK = 0x20;
const LF = 0x0a;

/** Writes the request as one line behind what the writer holds. */
export function writeRequest(writer: ByteWriter, request: Request): void {
  switch (request.kind) {
    case 'command':
      writeCommand(writer, request.command);
      break;
    case 'put':
      writer.bytes(PUT);
      writeRecord(writer, request.item.key, request.item.value, 'json');
      break;
    case 'compute':
      writer.bytes(utf8(`COMPUTE ${request.text}`));
      break;
    case 'status':
      writer.bytes(STATUS);
      break;
    case 'fault':
      writer.bytes(utf8(`FAULT ${request.statement}`));
      break;
    case 'force':
      writer.bytes(utf8(`FORCE ${request.servers.join(' ')}`));
      break;
    case 'snapshot':
      writer.bytes(SNAPSHOT);
      break;
    case 'ping':
      writer.bytes(PING);
      break;
    default:
      request satisfies never;
  }
  writer.u8(LF);
}

function writeCommand(writer: ByteWriter, command: Command): void {
  switch (command.kind) {
    case 'write':
      assert(command.onExisting === 'overwrite', 'only PUT refuses a key that exists, and the cluster decides that');
      writeItems(writer, command.items);
      return;
    case 'delete':
      writer.bytes(DELETE);
      writeKey(writer, command.key);
      return;
    case 'get':
      writer.bytes(GET);
      writeKey(writer, command.key);
      return;
    case 'query':
      writer.bytes(QUERY);
      writePath(writer, command.path);
      return;
    case 'queryMany':
      writer.bytes(QUERYMANY);
      for (const path of command.paths) {
        writer.u8(BLANK);
        writePath(writer, path);
      }
      return;
    case 'scan':
      writer.bytes(command.values ? EXPORT : KEYS);
      writeQuoted(writer, command.prefix);
      writer.bytes(utf8(` ${command.limit} `));
      writeQuoted(writer, command.after);
      return;
    default:
      command satisfies never;
  }
}

function writeItems(writer: ByteWriter, items: readonly Item[]): void {
  const [first] = items;
  if (items.length === 1 && first !== undefined) {
    writer.bytes(SET);
    writeKey(writer, first.key);
    writer.u8(BLANK);
    writeValue(writer, first.value, JSON_STYLE);
    return;
  }
  writer.bytes(BULKSET);
  for (let i = 0; i < items.length; i++) {
    const { key, value } = items[i] as Item;
    writer.bytes(i === 0 ? FIRST_PAIR : NEXT_PAIR);
    writeQuoted(writer, key);
    writer.bytes(COMMA);
    writeValue(writer, value, JSON_STYLE);
    writer.bytes(END_PAIR);
  }
  writer.bytes(END_PAIR);
}

function writeKey(writer: ByteWriter, key: Uint8Array): void {
  if (isShownBare(key)) writer.bytes(key);
  else writeQuoted(writer, key);
}

/** Segments that may belong to the top-level key stay bare, the others are quoted: so the path keeps its meaning. */
function writePath(writer: ByteWriter, path: Path): void {
  for (let i = 0; i < path.segments.length; i++) {
    const segment = path.segments[i] as Uint8Array;
    if (i > 0) writer.u8(DOT);
    if (i < path.joinable && canBeBare(segment)) writeBare(writer, segment);
    else writeQuoted(writer, segment);
  }
}

/** Control characters have no bare spelling. */
function canBeBare(segment: Uint8Array): boolean {
  return segment.every((byte) => byte >= BLANK && byte !== 0x7f);
}

function writeBare(writer: ByteWriter, segment: Uint8Array): void {
  for (let i = 0; i < segment.length; i++) {
    const byte = segment[i] as number;
    const isPlain = isLetterOrDigit(byte) || (byte >= 0x80 && i > 0);
    if (!isPlain) writer.u8(BACKSLASH);
    writer.u8(byte);
  }
}

function isLetterOrDigit(byte: number): boolean {
  const lower = byte | 0x20;
  return (byte >= 0x30 && byte <= 0x39) || (lower >= 0x61 && lower <= 0x7a) || byte === 0x5f || byte === 0x2d;
}

function writeQuoted(writer: ByteWriter, bytes: Uint8Array): void {
  writeText(writer, bytes, 0, bytes.length, QUOTE);
}

const PUT = utf8('PUT ');
const GET = utf8('GET ');
const SET = utf8('SET ');
const DELETE = utf8('DELETE ');
const QUERY = utf8('QUERY ');
const QUERYMANY = utf8('QUERYMANY');
const BULKSET = utf8('BULKSET [');
const KEYS = utf8('KEYS ');
const EXPORT = utf8('EXPORT ');
const STATUS = utf8('STATUS');
const SNAPSHOT = utf8('SNAPSHOT');
const PING = utf8('PING');
const FIRST_PAIR = utf8('[');
const NEXT_PAIR = utf8(',[');
const COMMA = utf8(',');
const END_PAIR = utf8(']');
