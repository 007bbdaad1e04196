/**
 * The one table of commands: a row a command. Arity and usage, HELP, suggestions, the names of client methods, CLI
 * subcommands, completion and the inputs of fuzz tests all come from it; what a command does is in the sessions.
 */
import type { Argument, ArgumentKind, CommandName, CommandRow } from './command-row.ts';

export type { Argument, CommandRow } from './command-row.ts';

const READ_ERRORS = ['UNAVAILABLE', 'LOADING', 'BUSY', 'TIMEOUT'] as const;
const WRITE_ERRORS = ['TOOLARGE', 'TOODEEP', 'UNAVAILABLE', 'LOADING', 'BUSY', 'DISK', 'MEMORY', 'TIMEOUT'] as const;

const PAGE: readonly Argument[] = [
  one('prefix', 'key', 'optional'),
  one('limit', 'integer', 'optional'),
  one('after', 'key', 'optional'),
];

export const COMMANDS: readonly CommandRow[] = [
  command('PUT', {
    arguments: [one('record', 'record')],
    summary: 'Store a record: a data line in any dialect, or a key and a document',
    group: 'data',
    flags: ['write'],
    reply: 'ok',
    errors: [...WRITE_ERRORS, 'EXISTS'],
    example: 'PUT "person1" -> [ "name" -> "John" | "age" -> 22 ]',
    method: 'put',
  }),
  command('GET', {
    arguments: [one('key', 'key')],
    summary: 'The document of a top-level key',
    group: 'data',
    flags: ['readonly'],
    reply: 'value',
    errors: READ_ERRORS,
    example: 'GET person1',
    method: 'get',
  }),
  command('QUERY', {
    arguments: [one('path', 'path')],
    summary: 'The value at a dotted path',
    group: 'data',
    flags: ['readonly'],
    reply: 'value',
    errors: READ_ERRORS,
    example: 'QUERY person2.address.number',
    method: 'query',
  }),
  command('QUERYMANY', {
    arguments: [one('path', 'path', 'many')],
    summary: 'The values at several paths, all of one moment',
    group: 'data',
    flags: ['readonly'],
    reply: 'values',
    errors: READ_ERRORS,
    example: 'QUERYMANY person1.age person3.height',
    method: 'queryMany',
  }),
  command('DELETE', {
    arguments: [one('key', 'key')],
    summary: 'Delete a top-level key and all below it, on every server or not at all',
    group: 'data',
    flags: ['write'],
    reply: 'deleted',
    errors: [...WRITE_ERRORS, 'UNRELIABLE'],
    example: 'DELETE person3',
    method: 'delete',
  }),
  command('SET', {
    arguments: [one('key', 'key'), one('value', 'json')],
    summary: 'Store any JSON value under a key',
    group: 'data',
    flags: ['write'],
    reply: 'ok',
    errors: WRITE_ERRORS,
    example: 'SET person1 {"name":"John","age":22}',
    method: 'set',
  }),
  command('BULKSET', {
    arguments: [one('items', 'items')],
    summary: 'Store several JSON values: all of them or none',
    group: 'data',
    flags: ['write'],
    reply: 'ok',
    errors: WRITE_ERRORS,
    example: 'BULKSET [["a",1],["b",{"c":2}]]',
    method: 'bulkSet',
  }),
  command('KEYS', {
    arguments: PAGE,
    summary: 'Keys in byte order, from a prefix on, after a key',
    group: 'data',
    flags: ['readonly'],
    reply: 'keys',
    errors: READ_ERRORS,
    example: 'KEYS person 100',
    method: 'keys',
  }),
  command('EXPORT', {
    arguments: PAGE,
    summary: 'Records in the byte order of their keys, from a prefix on, after a key',
    group: 'data',
    flags: ['readonly'],
    reply: 'items',
    errors: READ_ERRORS,
    example: 'EXPORT person 100 person42',
    method: 'entries',
  }),
  command('COMPUTE', {
    arguments: [one('expression [WHERE x = QUERY path AND …]', 'statement')],
    summary: 'Evaluate an expression over stored numbers',
    group: 'compute',
    flags: ['readonly'],
    reply: 'number',
    errors: [...READ_ERRORS, 'NOTFOUND', 'TYPE', 'MATH', 'TOOCOMPLEX'],
    example: 'COMPUTE log(2*(x+3)) WHERE x = QUERY person2.address.number',
    method: 'compute',
  }),
  command('SEARCH', {
    arguments: [one('words', 'text')],
    summary: 'Documents that hold words',
    group: 'search',
    flags: ['readonly'],
    reply: 'items',
    errors: ['NOTHERE'],
    example: 'SEARCH student athens',
    method: 'search',
    notHere: 'this host keeps no index',
  }),
  command('SIMILAR', {
    arguments: [one('words', 'text')],
    summary: 'Documents that are about the same; a number before the words says how many',
    group: 'search',
    flags: ['readonly'],
    reply: 'items',
    errors: ['NOTHERE'],
    example: 'SIMILAR 5 cosy cat',
    method: 'searchSimilar',
    notHere: 'this host keeps no index',
  }),
  command('STATUS', {
    aliases: ['CONNECTIONS'],
    arguments: [],
    summary: 'The cluster and each of its servers',
    group: 'operator',
    flags: ['readonly', 'admin'],
    reply: 'status',
    errors: [],
    example: 'STATUS',
    method: 'status',
  }),
  command('SNAPSHOT', {
    arguments: [],
    summary: 'Write a checkpoint on every server that is up',
    group: 'operator',
    flags: ['admin'],
    reply: 'ok',
    errors: ['DISK', 'BUSY'],
    example: 'SNAPSHOT',
    method: 'snapshot',
  }),
  command('PROMOTE', {
    arguments: [one('server', 'server')],
    summary: 'Make a server the leader',
    group: 'operator',
    flags: ['admin'],
    reply: 'ok',
    errors: ['NOTHERE'],
    example: 'PROMOTE s2',
    method: null,
    notHere: 'servers have no leader in this mode',
  }),
  command('FORCE', {
    arguments: [one('server', 'server', 'many')],
    summary: 'Go on with the named servers where nobody in sync is left; says what may be lost',
    group: 'operator',
    flags: ['admin'],
    reply: 'ok',
    errors: ['UNAVAILABLE'],
    example: 'FORCE s1 s3',
    method: 'force',
  }),
  command('FAULT', {
    arguments: [one('statement', 'text')],
    summary: 'Inject a fault, or take faults back',
    group: 'operator',
    flags: ['admin', 'fault'],
    reply: 'ok',
    errors: ['FAULTSOFF', 'BADFAULT'],
    example: 'FAULT crash s2',
    method: 'fault',
  }),
  command('JOIN', {
    arguments: [one('request', 'json')],
    summary: 'A broker takes this server into its cluster; how, is between the two of them',
    group: 'connection',
    flags: ['admin'],
    reply: 'ok',
    errors: ['CONFLICT', 'DISK'],
    example: 'JOIN {"index":0,"servers":3,"replicas":2,"epoch":7,"frames":2}',
    method: null,
  }),
  command('SHUTDOWN', {
    arguments: [],
    summary: 'End the host: finish what is in flight, flush, exit',
    group: 'operator',
    flags: ['admin'],
    reply: 'ok',
    errors: [],
    example: 'SHUTDOWN',
    method: null,
  }),
  command('CHECKPUT', {
    arguments: [],
    summary: 'OK if every write of this connection so far succeeded, else the first error',
    group: 'connection',
    flags: ['session'],
    reply: 'ok',
    errors: [],
    example: 'CHECKPUT',
    method: null,
  }),
  command('PING', {
    arguments: [],
    summary: 'PONG',
    group: 'connection',
    flags: ['session'],
    reply: 'pong',
    errors: [],
    example: 'PING',
    method: null,
  }),
  command('FORMAT', {
    arguments: [
      one('dialect', 'choice', 'optional', ['arrow', 'plain', 'brace', 'json']),
      one('extras', 'choice', 'optional', ['versions']),
    ],
    summary: 'How this connection is answered; with versions, JSON answers carry the version of each value',
    group: 'connection',
    flags: ['session'],
    reply: 'ok',
    errors: [],
    example: 'FORMAT json',
    method: null,
  }),
  command('ANGLE', {
    arguments: [one('unit', 'choice', 'optional', ['rad', 'deg'])],
    summary: 'The unit of angles in COMPUTE on this connection',
    group: 'connection',
    flags: ['session'],
    reply: 'ok',
    errors: [],
    example: 'ANGLE deg',
    method: null,
  }),
  command('HELP', {
    arguments: [one('command', 'text', 'optional')],
    summary: 'The commands, or one of them',
    group: 'connection',
    flags: ['session'],
    reply: 'help',
    errors: ['UNKNOWN'],
    example: 'HELP QUERY',
    method: null,
  }),
  command('EXIT', {
    aliases: ['QUIT'],
    arguments: [],
    summary: 'Close this connection; servers keep running',
    group: 'connection',
    flags: ['session'],
    reply: 'ok',
    errors: [],
    example: 'EXIT',
    method: null,
  }),
];

const BY_NAME: ReadonlyMap<string, CommandRow> = new Map(
  COMMANDS.flatMap((row) => [row.name, ...row.aliases].map((name) => [name, row] as const)),
);

/** The row of a command or alias, in any case of letters, or null. */
export function commandNamed(name: string): CommandRow | null {
  return BY_NAME.get(name.toUpperCase()) ?? null;
}

/** Every word that begins a request, aliases too: for completion and suggestions. */
export const COMMAND_WORDS: readonly string[] = [...BY_NAME.keys()];

function one(
  name: string,
  kind: ArgumentKind,
  count: Argument['count'] = 'one',
  choices: readonly string[] = [],
): Argument {
  return { name, kind, count, choices };
}

type RowWithDefaults = Omit<CommandRow, 'name' | 'aliases' | 'notHere'> &
  Partial<Pick<CommandRow, 'aliases' | 'notHere'>>;

function command(name: CommandName, row: RowWithDefaults): CommandRow {
  return { aliases: [], notHere: null, ...row, name };
}
