/**
 * One call over a transport as a promise, with its time limit and its abort signal. Giving up says whether the
 * request had left: if it had, nobody knows what became of it.
 */
import { CoppiceError } from './error.ts';
import { type Answer, hasEffect, type Request, type Sent, type Transport } from './transport.ts';

export type CallOptions = {
  /** Milliseconds until the call rejects with TIMEOUT; 0 waits for ever. */
  readonly timeoutMs?: number;
  /** Rejects the call with ABORTED. */
  readonly signal?: AbortSignal;
};

/** The answer, or a rejection with a CoppiceError. */
export function call(
  transport: Transport,
  request: Request,
  options: CallOptions,
  defaultTimeoutMs: number,
): Promise<Answer> {
  const { signal } = options;
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(aborted(signal, request, 'unsent'));
      return;
    }
    let timer: NodeJS.Timeout | null = null;
    const onAbort = (): void => giveUp((sent) => aborted(signal as AbortSignal, request, sent));
    const release = (): void => {
      if (timer !== null) clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const giveUp = (reason: (sent: Sent) => CoppiceError): void => {
      release();
      reject(reason(ticket.cancel()));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    if (timeoutMs > 0) timer = setTimeout(() => giveUp((sent) => timedOut(timeoutMs, request, sent)), timeoutMs);
    const ticket = transport.send(request, (answer) => {
      release();
      if (answer instanceof CoppiceError) reject(answer);
      else resolve(answer);
    });
  });
}

function timedOut(timeoutMs: number, request: Request, sent: Sent): CoppiceError {
  return givenUp('TIMEOUT', `no answer within ${timeoutMs} ms`, request, sent, undefined);
}

function aborted(signal: AbortSignal, request: Request, sent: Sent): CoppiceError {
  return givenUp('ABORTED', 'the call was aborted', request, sent, signal.reason);
}

function givenUp(
  code: 'TIMEOUT' | 'ABORTED',
  what: string,
  request: Request,
  sent: Sent,
  cause: unknown,
): CoppiceError {
  const unknown = sent === 'sent' && hasEffect(request);
  const message = unknown ? `${what}; whether it took effect is unknown` : what;
  const outcome = unknown ? 'indefinite' : 'definite';
  return new CoppiceError({ code, message, outcome, retryable: !unknown && code === 'TIMEOUT', cause });
}
