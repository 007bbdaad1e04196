/**
 * What errors say on the RESP port: the exact texts that Redis has for what it knows, and the first words of the table
 * of errors (model/errors.ts) for what comes from the store.
 */
import { ERRORS, type KvError } from '../../model/errors.ts';
import { NO_BYTES } from '../../lib/bytes.ts';
import { BULK_ITEMS_MAX } from '../../model/limits.ts';
import { shown, type Words } from './request-reader.ts';

/** A refusal: the whole line behind the minus sign. */
export class Refusal {
  readonly line: string;

  constructor(line: string) {
    this.line = line;
  }
}

export const WRONG_TYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value';
export const NOT_INTEGER = 'ERR value is not an integer or out of range';
export const NOT_FLOAT = 'ERR value is not a valid float';
export const SYNTAX = 'ERR syntax error';
export const NO_SUCH_KEY = 'ERR no such key';
export const BAD_CURSOR = 'ERR invalid cursor';
export const OFFSET_RANGE = 'ERR offset is out of range';
export const INDEX_RANGE = 'ERR index out of range';
export const TOO_LONG = 'ERR string exceeds maximum allowed size (proto-max-bulk-len)';
export const OVERFLOW = 'ERR increment or decrement would overflow';
export const NOT_FINITE = 'ERR increment would produce NaN or Infinity';
export const NOAUTH = 'NOAUTH Authentication required.';
export const WRONG_PASS = 'WRONGPASS invalid username-password pair or user is disabled.';
export const EXEC_ABORT = 'EXECABORT Transaction discarded because of previous errors.';
export const MAX_CLIENTS = 'ERR max number of clients reached';

export const TOO_MANY_KEYS = `ERR a command on more than ${BULK_ITEMS_MAX} keys, the limit BULK_ITEMS_MAX`;

export const SYNTAX_ERROR = new Refusal(SYNTAX);
export const INTEGER_ERROR = new Refusal(NOT_INTEGER);

/** `ERR wrong number of arguments for 'set' command`; a subcommand as `client|kill`. */
export function wrongCount(name: string): string {
  return `ERR wrong number of arguments for '${name}' command`;
}

/** The same for a subcommand that takes a choice of counts, in the words of Redis. */
export function wrongSubcommand([container, subcommand]: Words): string {
  const [name, word] = [container ?? NO_BYTES, subcommand ?? NO_BYTES].map((bytes) => shown(bytes));
  return `ERR unknown subcommand or wrong number of arguments for '${word}'. Try ${name?.toUpperCase()} HELP.`;
}

/** `ERR invalid expire time in 'set' command`. */
export function invalidExpire(name: string): Refusal {
  return new Refusal(`ERR invalid expire time in '${name}' command`);
}

/** An error of the store as RESP says it. */
export function lineOf({ code, message }: KvError): string {
  return `${ERRORS[code].resp} ${message}`;
}

export function refusalOf(error: KvError): Refusal {
  return new Refusal(lineOf(error));
}
