/**
 * The one error that a client's promises reject with. A missing key is an answer and never an error; a network that
 * fails or a cluster that cannot answer is an error and never a missing key (row K-05).
 */
import { ERRORS, type ErrorCode, type KvError } from '../model/errors.ts';

/**
 * Codes of the error table, and what only a client can meet: `DISCONNECTED` (no connection, or it broke),
 * `ABORTED` (the caller's signal), `CLOSED` (the client itself was closed), `UNCERTAIN` (nothing was found, but no
 * in-sync owner could confirm that).
 */
export type ClientErrorCode = ErrorCode | 'DISCONNECTED' | 'ABORTED' | 'CLOSED' | 'UNCERTAIN';

/** `definite`: it certainly did not happen. `indefinite`: it may have. */
export type Outcome = 'definite' | 'indefinite';

export type CoppiceErrorFields = {
  readonly code: ClientErrorCode;
  readonly message: string;
  readonly outcome: Outcome;
  readonly retryable: boolean;
  readonly cause?: unknown;
};

export class CoppiceError extends Error {
  override name = 'CoppiceError';
  readonly code: ClientErrorCode;
  readonly outcome: Outcome;
  /** Whether the same call may succeed later and is safe to repeat. */
  readonly retryable: boolean;

  constructor(fields: CoppiceErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = fields.code;
    this.outcome = fields.outcome;
    this.retryable = fields.retryable;
  }
}

/** What the cluster answered, as an error to throw. A code of a newer version counts as definite, not retryable. */
export function fromKvError(error: KvError): CoppiceError {
  const known = Object.hasOwn(ERRORS, error.code);
  return new CoppiceError({
    code: error.code,
    message: error.message,
    outcome: known ? ERRORS[error.code].outcome : 'definite',
    retryable: known && ERRORS[error.code].retry,
  });
}

/** The connection is missing or broke. A write that was sent may have happened; a read may simply be asked again. */
export function disconnected(
  message: string,
  sent: 'unsent' | 'sent-read' | 'sent-write',
  cause?: unknown,
): CoppiceError {
  const unknown = sent === 'sent-write';
  return new CoppiceError({
    code: 'DISCONNECTED',
    message,
    outcome: unknown ? 'indefinite' : 'definite',
    retryable: !unknown,
    cause,
  });
}

/** The client was closed before the call was made or answered. */
export function closedError(outcome: Outcome): CoppiceError {
  return new CoppiceError({ code: 'CLOSED', message: 'the client is closed', outcome, retryable: false });
}
