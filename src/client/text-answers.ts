/**
 * Answers of the text protocol in FORMAT json, read back. Values become packed documents with the digits they came
 * with. Bytes that are no answer to the request give null, never an error of their own.
 */
import { parseJson } from '../document/json.ts';
import { stringBytes } from '../document/packed.ts';
import { text } from '../lib/bytes.ts';
import type { Found, Notes, ScanEntry } from '../model/commands.ts';
import { NO_NOTES } from '../model/commands.ts';
import type { ErrorCode } from '../model/errors.ts';
import { NO_VERSION, type Version } from '../model/ids.ts';
import type { ClusterStatus } from '../model/status.ts';
import { arrayElements, objectFields, type Slice } from './json-fields.ts';
import type { Answer, Request } from './transport.ts';

type Fields = ReadonlyMap<string, Slice>;

/** The answer to `request` that the line is, or null. */
export function readAnswer(request: Request, line: Uint8Array): Answer | null {
  const fields = objectFields(line, 0, line.length);
  if (fields === null) return null;
  const notes = readNotes(line, fields);
  if (notes === null) return null;
  const isOk = wordAt(line, fields.get('ok'));
  if (isOk === 'false') return readFailure(line, fields, notes);
  if (isOk !== 'true') return null;
  switch (request.kind) {
    case 'put':
      return { kind: 'written', items: numberAt(line, fields.get('items')), notes };
    case 'command':
      return readReply(request.command, line, fields, notes);
    case 'compute': {
      const value = wordAt(line, fields.get('value'));
      return value === null ? null : { kind: 'computed', text: value, warnings: notes.warnings };
    }
    case 'status':
      return readStatus(line);
    case 'fault':
    case 'force':
    case 'snapshot':
    case 'ping':
      return { kind: 'said', text: textAt(line, fields.get('message')) ?? '' };
    default:
      return request satisfies never;
  }
}

function readStatus(line: Uint8Array): Answer | null {
  try {
    const { ok: _, ...status } = JSON.parse(text(line)) as ClusterStatus & { ok: boolean };
    return { kind: 'status', status };
  } catch {
    return null;
  }
}

type CommandOf = Extract<Request, { kind: 'command' }>['command'];

function readReply(command: CommandOf, line: Uint8Array, fields: Fields, notes: Notes): Answer | null {
  switch (command.kind) {
    case 'write':
      return { kind: 'written', items: numberAt(line, fields.get('items')), notes };
    case 'delete':
      return { kind: 'deleted', existed: wordAt(line, fields.get('existed')) === 'true', notes };
    case 'get':
    case 'query': {
      const found = readFound(line, fields);
      return found === undefined ? null : { kind: 'found', found, notes };
    }
    case 'queryMany': {
      const found = listAt(line, fields.get('items'))?.map((slice) => {
        const item = objectFields(line, slice.start, slice.end);
        return item === null ? undefined : readFound(line, item);
      });
      const isWhole = found !== undefined && found.length === command.paths.length && !found.includes(undefined);
      return isWhole ? { kind: 'foundMany', found: found as Found[], notes } : null;
    }
    case 'scan': {
      const entries = listAt(line, fields.get(command.values ? 'items' : 'keys'))?.map((slice) =>
        command.values ? readEntry(line, slice) : readKey(line, slice),
      );
      if (entries === undefined || entries.includes(null)) return null;
      const more = wordAt(line, fields.get('more')) === 'true';
      return { kind: 'scanned', entries: entries as ScanEntry[], more, notes };
    }
    default:
      return command satisfies never;
  }
}

function readFailure(line: Uint8Array, fields: Fields, notes: Notes): Answer | null {
  const code = textAt(line, fields.get('code'));
  const message = textAt(line, fields.get('message'));
  if (code === null || message === null) return null;
  return { kind: 'failed', error: { code: code as ErrorCode, message }, notes };
}

function readNotes(line: Uint8Array, fields: Fields): Notes | null {
  const listed = fields.get('warnings');
  const uncertain = wordAt(line, fields.get('uncertain')) === 'true';
  if (!uncertain && (listed === undefined || listed.end - listed.start === EMPTY_LIST)) return NO_NOTES;
  const warnings = listAt(line, listed)?.map((slice) => textAt(line, slice)) ?? [];
  return warnings.includes(null) ? null : { warnings: warnings as string[], uncertain };
}

/** Characters of `[]`. */
const EMPTY_LIST = 2;

/** Undefined when a value is there that cannot be read. */
function readFound(line: Uint8Array, fields: Fields): Found | undefined {
  if (wordAt(line, fields.get('found')) === 'false') return null;
  const slice = fields.get('value');
  const value = slice === undefined ? null : packedAt(line, slice);
  if (value === null) return undefined;
  return { value, version: versionAt(line, fields.get('version')) };
}

function readKey(line: Uint8Array, slice: Slice): ScanEntry | null {
  const key = line[slice.start] === QUOTE ? packedAt(line, slice) : null;
  return key === null ? null : { key: stringBytes(key), value: null, version: NO_VERSION };
}

/** `[key, value, version]`. */
function readEntry(line: Uint8Array, slice: Slice): ScanEntry | null {
  const [keySlice, valueSlice, version] = arrayElements(line, slice.start, slice.end) ?? [];
  if (keySlice === undefined || valueSlice === undefined || line[keySlice.start] !== QUOTE) return null;
  const key = packedAt(line, keySlice);
  const value = packedAt(line, valueSlice);
  return key === null || value === null ? null : { key: stringBytes(key), value, version: versionAt(line, version) };
}

const QUOTE = 0x22;

function packedAt(line: Uint8Array, slice: Slice): Uint8Array | null {
  const packed = parseJson(line, slice.start, slice.end);
  return packed.ok ? packed.value : null;
}

function listAt(line: Uint8Array, slice: Slice | undefined): Slice[] | undefined {
  return slice === undefined ? undefined : (arrayElements(line, slice.start, slice.end) ?? undefined);
}

function versionAt(line: Uint8Array, slice: Slice | undefined): Version {
  return slice === undefined ? NO_VERSION : (numberAt(line, slice) as Version);
}

function numberAt(line: Uint8Array, slice: Slice | undefined): number {
  const number = Number(wordAt(line, slice));
  return Number.isSafeInteger(number) ? number : 0;
}

/** A number, true, false or null as it is written. */
function wordAt(line: Uint8Array, slice: Slice | undefined): string | null {
  return slice === undefined ? null : text(line, slice.start, slice.end);
}

function textAt(line: Uint8Array, slice: Slice | undefined): string | null {
  if (slice === undefined || line[slice.start] !== QUOTE) return null;
  const packed = packedAt(line, slice);
  return packed === null ? null : text(stringBytes(packed));
}
