/**
 * The one table of errors: what each surface says, whether the command took effect, whether trying again helps.
 * `outcome: 'definite'` means it certainly did not happen; `'indefinite'` that it may have (Maelstrom's rule).
 */
import { err } from '../lib/result.ts';

type ErrorRow = {
  readonly resp: string;
  readonly http: number;
  readonly exit: 1 | 2 | 4 | 5;
  readonly outcome: 'definite' | 'indefinite';
  readonly retry: boolean;
};

function row(resp: string, http: number, retry: boolean, exit: ErrorRow['exit'] = 1): ErrorRow {
  return { resp, http, exit, outcome: 'definite', retry };
}

export const ERRORS = {
  PARSE: row('ERR', 400, false),
  USAGE: row('ERR', 400, false),
  UNKNOWN: row('ERR', 400, false),
  NOTFOUND: row('ERR', 404, false),
  TYPE: row('WRONGTYPE', 409, false),
  TOOLARGE: row('ERR', 413, false),
  TOODEEP: row('ERR', 413, false),
  TOOCOMPLEX: row('ERR', 413, false),
  MATH: row('MATH', 400, false),
  EXISTS: row('ERR', 409, false),
  UNRELIABLE: row('CLUSTERDOWN', 503, true),
  UNAVAILABLE: row('CLUSTERDOWN', 503, true),
  LOADING: row('LOADING', 503, true),
  NOTLEADER: row('READONLY', 503, true),
  BUSY: row('BUSY', 429, true),
  DISK: row('MISCONF', 507, true),
  MEMORY: row('OOM', 507, true),
  TIMEOUT: { resp: 'TIMEOUT', http: 504, exit: 4, outcome: 'indefinite', retry: false },
  CONFLICT: row('CONFLICT', 409, true),
  NOAUTH: row('NOAUTH', 401, false),
  WRONGPASS: row('WRONGPASS', 401, false),
  NOPERM: row('NOPERM', 403, false),
  FAULTSOFF: row('DENIED', 403, false),
  BADFAULT: row('ERR', 400, false, 2),
  CORRUPT: row('ERR', 500, false),
  NOTHERE: row('ERR', 501, false),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** An expected failure as data. `message` is one line and names the position, limit or server it is about. */
export type KvError = { readonly code: ErrorCode; readonly message: string };

/** A failed Result in one word. */
export function fail(code: ErrorCode, message: string): { readonly ok: false; readonly error: KvError } {
  return err({ code, message });
}

export function isIndefinite(code: ErrorCode): boolean {
  return ERRORS[code].outcome === 'indefinite';
}
