/**
 * The program's log: one line an event, to stderr, for people (`pretty`) or for programs (`json`). stdout belongs to
 * answers alone. Never logs keys or values of documents.
 *
 *   json   = {"level":"warn","time":"2026-01-31T12:00:00.000Z","msg":"put out","actor":"broker","server":"s2","err":"…"}
 *   pretty = 12:00:00.000 warn  broker s2: put out (…)
 */
import { inspect } from 'node:util';

export type LogFormat = 'pretty' | 'json';
export type LogLevel = 'info' | 'warn' | 'error';

/** Whom the event is about, and the error that it is. */
export type LogFields = { readonly actor?: string; readonly server?: string; readonly err?: unknown };

export type Log = (level: LogLevel, msg: string, fields?: LogFields) => void;

/** A log that writes whole lines, newline included. `quiet` leaves only errors. */
export function createLog(options: {
  readonly format: LogFormat;
  readonly quiet: boolean;
  readonly write: (line: string) => void;
}): Log {
  const show = options.format === 'json' ? jsonLine : prettyLine;
  return (level, msg, fields = {}) => {
    if (options.quiet && level !== 'error') return;
    options.write(`${show(level, new Date().toISOString(), msg, fields)}\n`);
  };
}

function jsonLine(level: LogLevel, time: string, msg: string, fields: LogFields): string {
  const { actor, server, err } = fields;
  return JSON.stringify({ level, time, msg, actor, server, err: err === undefined ? undefined : describe(err) });
}

function prettyLine(level: LogLevel, time: string, msg: string, fields: LogFields): string {
  const about = [fields.actor, fields.server].filter((part) => part !== undefined).join(' ');
  const error = fields.err === undefined ? '' : ` (${describe(fields.err)})`;
  return `${time.slice(11, 23)} ${level.padEnd(5)} ${about === '' ? '' : `${about}: `}${msg}${error}`;
}

/** What went wrong: code and message of a KvError, stack and causes of what was thrown. */
function describe(err: unknown): string {
  if (err instanceof Error) return inspect(err);
  if (typeof err !== 'object' || err === null || !('code' in err && 'message' in err)) return inspect(err);
  return `${String(err.code)} ${String(err.message)}`;
}
