/**
 * What a row of the table of RESP commands says, and what a command is given to run: the contract of commands/*.ts.
 *
 * A row is data and one function. `syntax` is what follows the name (syntax.ts): from it come the number of arguments
 * that is checked before the command runs, which of them are keys, and COMMAND DOCS. `run` is one of
 *
 *   now    about the connection or the host: touches no key, writes its one reply before it returns. May stand in a
 *          transaction.
 *   keys   `plan` reads the arguments and answers a Plan, or a Refusal. The plan names the keys; `apply` is called once
 *          with what they hold at one place of the order, changes them there (rows with the flag `write`) and writes one
 *          reply. Nothing may be changed before everything that can be refused was checked. May stand in a transaction.
 *   later  asks the store itself, as often as it likes, and calls `answer` exactly once. Not in a transaction.
 *
 * The flag `barrier` makes a command wait until everything asked earlier on its connection is answered, and makes what
 * is asked later wait for it.
 */
import type { Found, Item, Path } from '../../model/commands.ts';
import type { Refusal } from './failures.ts';
import type { Keyspace } from './keyspace.ts';
import type { ReplyWriter } from './reply-writer.ts';
import type { Words } from './request-reader.ts';
import type { Talk } from './talk.ts';

export type Flag =
  | 'readonly'
  | 'write'
  | 'fast'
  | 'admin'
  | 'dangerous'
  /** In the category of the name, which is not that of its group. */
  | 'keyspace'
  | 'connection'
  | 'loading'
  | 'pubsub'
  | 'noauth'
  | 'blocking'
  | 'barrier'
  /** Not shown to MONITOR, not kept in the slow log: it may hold a password. */
  | 'secret'
  /** Runs at once inside MULTI instead of being queued. */
  | 'unqueued'
  /** Answers what CLIENT REPLY does not silence. */
  | 'unsilenced';

export type Group =
  | 'generic'
  | 'string'
  | 'hash'
  | 'json'
  | 'connection'
  | 'server'
  | 'transactions'
  | 'pubsub'
  | 'document';

export type Plan = {
  readonly keys: readonly Uint8Array[];
  apply(keyspace: Keyspace, reply: ReplyWriter): void;
  /** When what the keys hold does not matter: what to write without looking, and `apply` needs no keyspace. */
  readonly blind?: readonly Item[];
  /** Of a plan that only reads: what to ask instead of whole keys outside of transactions, so that less travels. */
  readonly parts?: {
    readonly paths: readonly Path[];
    write(found: readonly Found[], reply: ReplyWriter): void;
  };
};

export type Run =
  | { readonly kind: 'now'; run(talk: Talk, words: Words, reply: ReplyWriter): void }
  | { readonly kind: 'keys'; plan(words: Words, talk: Talk): Plan | Refusal }
  | { readonly kind: 'later'; run(talk: Talk, words: Words, answer: Answer): void };

/** Writes the one reply of a command, now or later. */
export type Answer = (write: (reply: ReplyWriter) => void) => void;

export type Row = {
  /** In small letters; a subcommand's without its container's. */
  readonly name: string;
  readonly syntax: string;
  readonly summary: string;
  readonly group: Group;
  readonly flags: readonly Flag[];
  readonly complexity: string;
  readonly run: Run;
};

/** A command of which the first argument is a command: CLIENT LIST. */
export type Container = {
  readonly name: string;
  readonly summary: string;
  readonly group: Group;
  /** What it does without a subcommand; most answer an error. */
  readonly alone?: Row;
  readonly subcommands: readonly Row[];
};

/** What a row has beyond the parts that `run` needs; complexity O(1) unless it says so. */
export type RowFacts = {
  readonly syntax: string;
  readonly summary: string;
  readonly group: Group;
  readonly flags: readonly Flag[];
  readonly complexity?: string;
};

/** The same, in @fast. What is fast is what Redis calls so: rules of users mean the same there and here. */
export function fast(facts: RowFacts): RowFacts {
  return { ...facts, flags: [...facts.flags, 'fast'] };
}

/** The same, in @slow. */
export function slow(facts: RowFacts): RowFacts {
  return { ...facts, flags: facts.flags.filter((flag) => flag !== 'fast') };
}

/** A row that is about the connection or the host. */
export function nowRow(name: string, facts: RowFacts, run: Extract<Run, { kind: 'now' }>['run']): Row {
  return { complexity: 'O(1)', ...facts, name, run: { kind: 'now', run } };
}

/** A row about keys. */
export function keysRow(name: string, facts: RowFacts, plan: Extract<Run, { kind: 'keys' }>['plan']): Row {
  return { complexity: 'O(1)', ...facts, name, run: { kind: 'keys', plan } };
}

/** A row that asks the port itself. */
export function laterRow(name: string, facts: RowFacts, run: Extract<Run, { kind: 'later' }>['run']): Row {
  return { complexity: 'O(1)', ...facts, name, run: { kind: 'later', run } };
}
