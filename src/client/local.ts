/**
 * A transport to the broker in the same process: commands go to its port as they are, nothing is encoded. What a
 * reply holds is copied before the port takes its memory back.
 */
import { answer as answerStatement, parseStatement, pathsOf, type Statement } from '../compute/statement.ts';
import type { Command, CommandPort, Found, Notes, Reply } from '../model/commands.ts';
import { NO_NOTES } from '../model/commands.ts';
import type { PutMode } from '../model/config.ts';
import { ERRORS, type KvError } from '../model/errors.ts';
import type { Administration } from '../model/status.ts';
import { closedError, CoppiceError } from './error.ts';
import type { Answer, Request, Ticket, Transport } from './transport.ts';

export type LocalOptions = {
  readonly port: CommandPort;
  readonly administration: Administration;
  readonly putMode: PutMode;
  /** Ends what the client stands on; called once. */
  readonly onClose: () => Promise<void>;
};

type Settle = (answer: Answer | CoppiceError) => void;

const COMPUTE_OPTIONS = { angle: 'rad', strictTypes: false } as const;

export class LocalTransport implements Transport {
  readonly #options: LocalOptions;
  #closing: Promise<void> | null = null;

  constructor(options: LocalOptions) {
    this.#options = options;
  }

  send(request: Request, settle: Settle): Ticket {
    let isGivenUp = false;
    const deliver: Settle = (answer) => {
      if (!isGivenUp) settle(answer);
    };
    if (this.#closing === null) this.#run(request, deliver);
    else deliver(closedError('definite'));
    // Commands reach the broker at once: from the first moment on, nobody can take one back.
    return {
      cancel: () => {
        isGivenUp = true;
        return 'sent';
      },
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#options.onClose();
    return this.#closing;
  }

  #run(request: Request, settle: Settle): void {
    const { port, administration, putMode } = this.#options;
    switch (request.kind) {
      case 'command':
        port.submit(request.command, (reply) => settle(ownReply(reply)));
        return;
      case 'put': {
        const onExisting = putMode === 'insert' ? 'refuse' : 'overwrite';
        port.submit({ kind: 'write', items: [request.item], onExisting }, (reply) => settle(ownReply(reply)));
        return;
      }
      case 'compute':
        compute(port, request.text, settle);
        return;
      case 'status':
        settle({ kind: 'status', status: administration.status() });
        return;
      case 'fault':
        say(administration.fault(request.statement), settle);
        return;
      case 'force':
        say(administration.force(request.servers), settle);
        return;
      case 'snapshot':
        say(administration.snapshot(), settle);
        return;
      case 'ping':
        settle({ kind: 'said', text: 'PONG' });
        return;
      default:
        request satisfies never;
    }
  }
}

function compute(port: CommandPort, text: string, settle: Settle): void {
  const statement = parseStatement(text);
  if (!statement.ok) {
    settle(failed(statement.error, NO_NOTES));
    return;
  }
  const paths = pathsOf(statement.value);
  if (paths.length === 0) {
    settle(computed(statement.value, [], NO_NOTES));
    return;
  }
  const command: Command = { kind: 'queryMany', paths };
  port.submit(command, (reply) => {
    settle(reply.kind === 'foundMany' ? computed(statement.value, reply.found, reply.notes) : ownReply(reply));
  });
}

function computed(statement: Statement, found: readonly Found[], notes: Notes): Answer {
  const result = answerStatement(statement, found, { ...COMPUTE_OPTIONS, uncertain: notes.uncertain });
  if (!result.ok) return failed(result.error, notes);
  return { kind: 'computed', text: result.value.text, warnings: [...notes.warnings, ...result.value.warnings] };
}

function say(saying: Promise<string>, settle: Settle): void {
  saying.then(
    (text) => settle({ kind: 'said', text }),
    (error: unknown) => settle(isKvError(error) ? failed(error, NO_NOTES) : unexpected(error)),
  );
}

function failed(error: KvError, notes: Notes): Answer {
  return { kind: 'failed', error, notes };
}

function isKvError(error: unknown): error is KvError {
  return typeof error === 'object' && error !== null && 'code' in error && Object.hasOwn(ERRORS, error.code as string);
}

/** The host broke while it worked: what it had done by then, nobody knows. */
function unexpected(cause: unknown): CoppiceError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new CoppiceError({ code: 'UNAVAILABLE', message, outcome: 'indefinite', retryable: false, cause });
}

/** The reply with values of its own. */
function ownReply(reply: Reply): Reply {
  switch (reply.kind) {
    case 'found':
      return { ...reply, found: ownFound(reply.found) };
    case 'foundMany':
      return { ...reply, found: reply.found.map(ownFound) };
    case 'scanned':
      return {
        ...reply,
        entries: reply.entries.map(({ key, value, version }) => ({
          key: key.slice(),
          value: value?.slice() ?? null,
          version,
        })),
      };
    default:
      return reply;
  }
}

function ownFound(found: Found): Found {
  return found === null ? null : { value: found.value.slice(), version: found.version };
}
