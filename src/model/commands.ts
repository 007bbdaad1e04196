/**
 * What a client asks and what it is told, as plain data: the only thing that gateways, library and broker share.
 * Keys are UTF-8 bytes; values are packed documents (document/packed.ts).
 */
import type { KvError } from './errors.ts';
import type { Version } from './ids.ts';

/** One write of one key; `expiresAtMs`: milliseconds since 1970 when it goes by itself. */
export type Item = { readonly key: Uint8Array; readonly value: Uint8Array; readonly expiresAtMs?: number };

/**
 * A dotted path. The first `joinable` segments were written unquoted, so a top-level key may hold their dots: the
 * longest existing one wins (row E-06).
 */
export type Path = { readonly segments: readonly Uint8Array[]; readonly joinable: number };

export type Command =
  /** One version for all items: all or nothing to readers and to crashes. */
  | { readonly kind: 'write'; readonly items: readonly Item[]; readonly onExisting: 'overwrite' | 'refuse' }
  | { readonly kind: 'delete'; readonly key: Uint8Array }
  | { readonly kind: 'get'; readonly key: Uint8Array }
  | { readonly kind: 'query'; readonly path: Path }
  /** Several paths at one moment of the order of writes. */
  | { readonly kind: 'queryMany'; readonly paths: readonly Path[] }
  /** Keys in byte order that start with `prefix` and come after `after` (empty: from the first). */
  | {
      readonly kind: 'scan';
      readonly prefix: Uint8Array;
      readonly after: Uint8Array;
      readonly limit: number;
      readonly values: boolean;
    };

/** What a reply carries besides its answer. `uncertain`: no in-sync owner confirmed it. */
export type Notes = { readonly warnings: readonly string[]; readonly uncertain: boolean };

export const NO_NOTES: Notes = { warnings: [], uncertain: false };

/** A value that was read, or the certainty (or uncertainty: see Notes) that there is none. */
export type Found = { readonly value: Uint8Array; readonly version: Version; readonly expiresAtMs?: number } | null;

export type ScanEntry = { readonly key: Uint8Array; readonly value: Uint8Array | null; readonly version: Version };

export type Reply =
  | { readonly kind: 'written'; readonly items: number; readonly notes: Notes }
  | { readonly kind: 'deleted'; readonly existed: boolean; readonly notes: Notes }
  | { readonly kind: 'found'; readonly found: Found; readonly notes: Notes }
  | { readonly kind: 'foundMany'; readonly found: readonly Found[]; readonly notes: Notes }
  | { readonly kind: 'scanned'; readonly entries: readonly ScanEntry[]; readonly more: boolean; readonly notes: Notes }
  | { readonly kind: 'failed'; readonly error: KvError; readonly notes: Notes };

/** Where a command goes and its one reply comes from: the broker in the same thread, or a client over a socket. */
export type CommandPort = {
  /** Calls `reply` exactly once, now or later. A value in it is valid only during the call unless copied. */
  submit(command: Command, reply: (reply: Reply) => void): void;
};
