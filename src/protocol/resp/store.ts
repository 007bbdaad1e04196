/** What RESP connections ask of the broker: commands, changes that depend on what keys hold, and to be told of changes. */
import type { Result } from '../../lib/result.ts';
import type { CommandPort, Reply } from '../../model/commands.ts';
import type { KvError } from '../../model/errors.ts';

/** What a key holds: a packed value, and when it goes by itself in milliseconds since 1970. */
export type Held = { readonly value: Uint8Array; readonly expiresAtMs: number | null };

/** One key of a change; a null value deletes. */
export type Change = {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
  readonly expiresAtMs?: number | null;
};

/** What was asked for at once; `expiry`: the time of its keys had come. */
export type Changes = { readonly kind: 'write' | 'delete' | 'expiry'; readonly items: readonly Change[] };

export type Update = {
  readonly keys: readonly Uint8Array[];
  /** Called once with what the keys hold at one place of the order; answers what is to be changed there. */
  readonly decide: (held: readonly (Held | null)[]) => Result<readonly Change[], KvError>;
};

export type Store = CommandPort & {
  /** All changes or none; `written` when they are durable. */
  update(update: Update, reply: (reply: Reply) => void): void;
  /** Calls `onTouched` whenever a change of the key is ordered, with its kind; what it returns ends that. */
  watch(key: Uint8Array, onTouched: (kind: Changes['kind']) => void): () => void;
  /**
   * Calls `onChanged` with all that is acknowledged from now on, whoever asked for it, before who asked is answered; an
   * update's items are the very array that it decided. Null: anything may have changed. What it returns ends that.
   */
  observe(onChanged: (changes: Changes | null) => void): () => void;
};
