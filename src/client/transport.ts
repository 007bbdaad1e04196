/**
 * What a client sends and is answered, whatever carries it: a socket (text-transport.ts) or the broker in the same
 * process (local.ts). Keys and values are bytes here; JavaScript values exist only in client.ts.
 */
import type { Command, Item, Reply } from '../model/commands.ts';
import type { ClusterStatus } from '../model/status.ts';
import type { CoppiceError } from './error.ts';

export type Request =
  | { readonly kind: 'command'; readonly command: Command }
  /** A record: refused or overwriting as the cluster's put mode says. */
  | { readonly kind: 'put'; readonly item: Item }
  /** An expression with its WHERE part, in one line. */
  | { readonly kind: 'compute'; readonly text: string }
  | { readonly kind: 'status' }
  /** A FAULT statement without the word FAULT. */
  | { readonly kind: 'fault'; readonly statement: string }
  | { readonly kind: 'force'; readonly servers: readonly string[] }
  | { readonly kind: 'snapshot' }
  /** Whether anybody answers. */
  | { readonly kind: 'ping' };

export type Answer =
  | Reply
  | { readonly kind: 'computed'; readonly text: string; readonly warnings: readonly string[] }
  | { readonly kind: 'status'; readonly status: ClusterStatus }
  /** What an operator's verb says after OK. */
  | { readonly kind: 'said'; readonly text: string };

/** Whether a request had left the process when it was given up. */
export type Sent = 'unsent' | 'sent';

/** A request under way. */
export type Ticket = {
  /** Gives up: `settle` is not called any more. Says whether the request may have taken effect. */
  cancel(): Sent;
};

export type Transport = {
  /** Calls `settle` once, with the answer or with the reason why there is none; values in it are the callee's own. */
  send(request: Request, settle: (answer: Answer | CoppiceError) => void): Ticket;
  /** Answers what is in flight with CLOSED, then lets go of everything. Safe to call twice. */
  close(): Promise<void>;
};

/** Whether a request can change data or the cluster: such a request is never sent a second time by itself. */
export function hasEffect(request: Request): boolean {
  if (request.kind === 'command') return request.command.kind === 'write' || request.command.kind === 'delete';
  return request.kind !== 'compute' && request.kind !== 'status' && request.kind !== 'ping';
}
