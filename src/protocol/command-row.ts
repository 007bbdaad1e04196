/** What a row of the command table says about a command. Vocabulary only. */
import type { ErrorCode } from '../model/errors.ts';

export type CommandName =
  | 'PUT'
  | 'GET'
  | 'QUERY'
  | 'QUERYMANY'
  | 'DELETE'
  | 'SET'
  | 'BULKSET'
  | 'KEYS'
  | 'EXPORT'
  | 'COMPUTE'
  | 'SEARCH'
  | 'SIMILAR'
  | 'STATUS'
  | 'SNAPSHOT'
  | 'PROMOTE'
  | 'FORCE'
  | 'FAULT'
  | 'JOIN'
  | 'SHUTDOWN'
  | 'CHECKPUT'
  | 'PING'
  | 'FORMAT'
  | 'ANGLE'
  | 'HELP'
  | 'EXIT';

/** What an argument is made of; how it is written stands in words.ts. */
export type ArgumentKind =
  /** A key, bare or quoted. */
  | 'key'
  /** A dotted path. */
  | 'path'
  /** A data line in any dialect, or a key and a value. */
  | 'record'
  /** A JSON value: the rest of the line. */
  | 'json'
  /** `[[key, value], …]`. */
  | 'items'
  /** `expression [WHERE …]`: the rest of the line. */
  | 'statement'
  /** Free words: the rest of the line. */
  | 'text'
  | 'integer'
  | 'server'
  /** One of `choices`. */
  | 'choice';

export type Argument = {
  readonly name: string;
  readonly kind: ArgumentKind;
  /** `many`: one or more; an optional argument may only be followed by optional ones. */
  readonly count: 'one' | 'optional' | 'many';
  readonly choices: readonly string[];
};

export type Group = 'data' | 'compute' | 'search' | 'operator' | 'connection';

/** `write` changes data; `admin` changes or shows the cluster; `fault` needs --enable-faults; `session` is about this connection only. */
export type Flag = 'readonly' | 'write' | 'admin' | 'fault' | 'session';

/** What the final line holds: `ok` OK and words, `value` label and value, `keys` and `items` a page, `number` a bare number. */
export type ReplyShape =
  | 'ok'
  | 'value'
  | 'values'
  | 'deleted'
  | 'keys'
  | 'items'
  | 'number'
  | 'status'
  | 'help'
  | 'pong';

export type CommandRow = {
  readonly name: CommandName;
  readonly aliases: readonly string[];
  readonly arguments: readonly Argument[];
  readonly summary: string;
  readonly group: Group;
  readonly flags: readonly Flag[];
  readonly reply: ReplyShape;
  /** Beyond PARSE and USAGE, which every command may answer. */
  readonly errors: readonly ErrorCode[];
  readonly example: string;
  /** Name of the client's method, or null where a connection keeps it to itself. */
  readonly method: string | null;
  /** Why it answers NOTHERE, or null when it works. */
  readonly notHere: string | null;
};
