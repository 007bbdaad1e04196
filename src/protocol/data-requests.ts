/**
 * Handlers of the commands on data: arguments in the bytes of a line to a command for the port. `start` … `end` is what
 * follows the verb, without blanks around it.
 */
import { parseStatement, pathsOf } from '../compute/statement.ts';
import { copyBytes } from '../document/packed.ts';
import { isQuote } from '../document/quotes.ts';
import { NO_BYTES, utf8 } from '../lib/bytes.ts';
import { NO_NOTES, type Path, type Reply } from '../model/commands.ts';
import { fail } from '../model/errors.ts';
import { FOUND, NOTHING_READ, type Question, writeReply, WRITTEN } from './answers.ts';
import { wrongArguments } from './command-help.ts';
import type { CommandRow } from './command-row.ts';
import type { Conversation } from './conversation.ts';
import { readItem, readItems, readKey, readPage, readPath, readPaths, readRecords } from './requests.ts';

export function onGet(talk: Conversation, bytes: Uint8Array, start: number, end: number): void {
  const key = readKey(bytes, start, end);
  if (key.ok) talk.ask({ kind: 'get', key: key.value }, key.value, FOUND);
  else talk.refuse(key.error);
}

export function onQuery(talk: Conversation, bytes: Uint8Array, start: number, end: number): void {
  const path = readPath(bytes, start, end);
  if (path.ok) talk.ask({ kind: 'query', path: path.value }, labelOf(path.value), FOUND);
  else talk.refuse(path.error);
}

export function onQueryMany(talk: Conversation, bytes: Uint8Array, start: number, end: number): void {
  const paths = readPaths(bytes, start, end);
  if (!paths.ok) {
    talk.refuse(paths.error);
    return;
  }
  const labels = paths.value.map(labelOf);
  talk.ask({ kind: 'queryMany', paths: paths.value }, NO_BYTES, { kind: 'foundMany', labels });
}

export function onPut(talk: Conversation, bytes: Uint8Array, start: number, end: number): void {
  const read = readRecords(bytes, start, end);
  if (!read.ok) {
    talk.refuseWrite(read.error);
    return;
  }
  const { records, warnings } = read.value;
  if (records.length === 0) {
    talk.refuseWrite(fail('PARSE', 'the record holds no key').error);
    return;
  }
  const onExisting = talk.options.putMode === 'insert' ? 'refuse' : 'overwrite';
  const question: Question = warnings.length === 0 ? WRITTEN : { kind: 'written', warnings };
  talk.ask({ kind: 'write', items: records, onExisting }, NO_BYTES, question);
}

export function onSet(talk: Conversation, bytes: Uint8Array, start: number, end: number, row: CommandRow): void {
  const item = readItem(bytes, start, end);
  if (item === null) talk.refuse(wrongArguments(row));
  else if (!item.ok) talk.refuseWrite(item.error);
  else talk.ask({ kind: 'write', items: [item.value], onExisting: 'overwrite' }, NO_BYTES, WRITTEN);
}

export function onBulkSet(talk: Conversation, bytes: Uint8Array, start: number, end: number): void {
  const items = readItems(bytes, start, end);
  if (!items.ok) talk.refuseWrite(items.error);
  else if (items.value.length === 0)
    talk.say((writer, format) => writeReply(writer, format, NO_BYTES, WRITTEN, WROTE_NOTHING));
  else talk.ask({ kind: 'write', items: items.value, onExisting: 'overwrite' }, NO_BYTES, WRITTEN);
}

export function onDelete(talk: Conversation, bytes: Uint8Array, start: number, end: number): void {
  const key = readKey(bytes, start, end);
  if (!key.ok) {
    talk.refuse(key.error);
    return;
  }
  const isPath = !isQuote(bytes, start, end) && key.value.includes(DOT);
  talk.ask({ kind: 'delete', key: key.value }, key.value, { kind: 'deleted', isPath });
}

export function onKeys(talk: Conversation, bytes: Uint8Array, start: number, end: number, row: CommandRow): void {
  askForPage(talk, bytes, start, end, row, false);
}

export function onExport(talk: Conversation, bytes: Uint8Array, start: number, end: number, row: CommandRow): void {
  askForPage(talk, bytes, start, end, row, true);
}

/** `line` from its beginning, so that columns are those that were typed; what follows the verb begins at `start`. */
export function onCompute(talk: Conversation, line: string, start: number): void {
  const statement = parseStatement(line, start);
  if (!statement.ok) {
    talk.refuse(statement.error);
    return;
  }
  const question: Question = {
    kind: 'computed',
    statement: statement.value,
    angle: talk.angle,
    strictTypes: talk.options.strictTypes,
  };
  const paths = pathsOf(statement.value);
  if (paths.length === 0) talk.say((writer, format) => writeReply(writer, format, NO_BYTES, question, NOTHING_READ));
  else talk.ask({ kind: 'queryMany', paths }, NO_BYTES, question);
}

const DOT = 0x2e;

const WROTE_NOTHING: Reply = { kind: 'written', items: 0, notes: NO_NOTES };

function askForPage(
  talk: Conversation,
  bytes: Uint8Array,
  start: number,
  end: number,
  row: CommandRow,
  values: boolean,
): void {
  const page = readPage(bytes, start, end);
  if (page === null) talk.refuse(wrongArguments(row));
  else if (!page.ok) talk.refuse(page.error);
  else {
    const label = page.value.prefix.length === 0 ? utf8(row.name) : page.value.prefix;
    talk.ask({ kind: 'scan', ...page.value, values }, label, { kind: 'page', values });
  }
}

/** A path as it is shown: as it was typed, without quotes and backslashes. */
function labelOf({ segments }: Path): Uint8Array {
  let length = segments.length - 1;
  for (const segment of segments) length += segment.length;
  const label = new Uint8Array(length).fill(DOT);
  let at = 0;
  for (const segment of segments) at = copyBytes(label, at, segment, 0, segment.length) + 1;
  return label;
}
