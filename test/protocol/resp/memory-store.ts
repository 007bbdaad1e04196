/**
 * A store for RESP sessions that is right because it is simple: a Map, one command at a time. Replies come at once, or
 * are kept until `answer` gives them back in any order, as a cluster may. Time is what the test says.
 */
import { lookup } from '../../../src/document/lookup.ts';
import { candidates } from '../../../src/document/path.ts';
import { compareBytes } from '../../../src/lib/bytes.ts';
import type { Prng } from '../../../src/lib/prng.ts';
import { type Command, type Found, NO_NOTES, type Notes, type Path, type Reply } from '../../../src/model/commands.ts';
import type { KvError } from '../../../src/model/errors.ts';
import type { Version } from '../../../src/model/ids.ts';
import type { Changes, Held, Store, Update } from '../../../src/protocol/resp/store.ts';

type Entry = { readonly key: Uint8Array; readonly value: Uint8Array; readonly expiresAtMs: number | null };

export class MemoryStore implements Store {
  notes: Notes = NO_NOTES;
  /** What every command is answered instead of its answer. */
  failure: KvError | null = null;
  /** What changes are refused with once they are decided. */
  refusal: KvError | null = null;
  /** Milliseconds since 1970. */
  now = 1_700_000_000_000;
  readonly #replies: 'now' | 'later';
  readonly #entries = new Map<string, Entry>();
  readonly #watchers = new Map<string, Set<(kind: Changes['kind']) => void>>();
  readonly #observers = new Set<(changes: Changes | null) => void>();
  readonly #waiting: (() => void)[] = [];

  constructor(replies: 'now' | 'later' = 'now') {
    this.#replies = replies;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  submit(command: Command, reply: (reply: Reply) => void): void {
    this.#give(reply, () => this.#run(command));
  }

  update({ keys, decide }: Update, reply: (reply: Reply) => void): void {
    this.#give(reply, () => {
      const decided = decide(keys.map((key) => this.#held(key)));
      if (!decided.ok) return { kind: 'failed', error: decided.error, notes: this.notes };
      if (this.refusal !== null) return { kind: 'failed', error: this.refusal, notes: this.notes };
      this.#change({ kind: 'write', items: decided.value });
      return { kind: 'written', items: decided.value.length, notes: this.notes };
    });
  }

  watch(key: Uint8Array, onTouched: (kind: Changes['kind']) => void): () => void {
    const name = nameOf(key);
    const watchers = this.#watchers.get(name) ?? new Set();
    this.#watchers.set(name, watchers.add(onTouched));
    return () => watchers.delete(onTouched);
  }

  observe(onChanged: (changes: Changes | null) => void): () => void {
    this.#observers.add(onChanged);
    return () => this.#observers.delete(onChanged);
  }

  /** Whether anybody observes it. */
  get isObserved(): boolean {
    return this.#observers.size > 0;
  }

  /** Takes away all keys whose time has come. */
  expire(): void {
    for (const { key } of this.#entries.values())
      if (this.#held(key) === null) this.#change({ kind: 'expiry', items: [{ key, value: null }] });
  }

  /** Keys that somebody watches. */
  get watched(): number {
    return [...this.#watchers.values()].filter((watchers) => watchers.size > 0).length;
  }

  /** Gives the replies that wait, in an order that the generator draws. */
  answer(prng: Prng): void {
    for (const reply of prng.shuffle(this.#waiting.splice(0))) reply();
  }

  #give(reply: (reply: Reply) => void, run: () => Reply): void {
    const answer: Reply = this.failure === null ? run() : { kind: 'failed', error: this.failure, notes: this.notes };
    if (this.#replies === 'now') reply(answer);
    else this.#waiting.push(() => reply(answer));
  }

  #change(changes: Changes): void {
    for (const { key, value, expiresAtMs } of changes.items) {
      const name = nameOf(key);
      if (value === null) this.#entries.delete(name);
      else this.#entries.set(name, { key: key.slice(), value: value.slice(), expiresAtMs: expiresAtMs ?? null });
      for (const onTouched of this.#watchers.get(name) ?? []) onTouched(changes.kind);
    }
    for (const onChanged of this.#observers) onChanged(changes);
  }

  #held(key: Uint8Array): Held | null {
    const entry = this.#entries.get(nameOf(key));
    return entry === undefined || (entry.expiresAtMs !== null && entry.expiresAtMs <= this.now) ? null : entry;
  }

  #run(command: Command): Reply {
    const notes = this.notes;
    switch (command.kind) {
      case 'write':
        this.#change({ kind: 'write', items: command.items });
        return { kind: 'written', items: command.items.length, notes };
      case 'delete': {
        const existed = this.#held(command.key) !== null;
        if (existed) this.#change({ kind: 'delete', items: [{ key: command.key, value: null }] });
        return { kind: 'deleted', existed, notes };
      }
      case 'get':
        return { kind: 'found', found: foundOf(this.#held(command.key)), notes };
      case 'query':
        return { kind: 'found', found: this.#query(command.path), notes };
      case 'queryMany':
        return { kind: 'foundMany', found: command.paths.map((path) => this.#query(path)), notes };
      case 'scan': {
        const after = [...this.#entries.values()]
          .filter(({ key }) => this.#held(key) !== null && key.length >= command.prefix.length)
          .filter(({ key }) => command.prefix.every((byte, i) => key[i] === byte))
          .filter(({ key }) => command.after.length === 0 || compareBytes(key, command.after) > 0)
          .sort((a, b) => compareBytes(a.key, b.key));
        const entries = after.slice(0, command.limit).map(({ key, value }) => ({
          key,
          value: command.values ? value : null,
          version: 1 as Version,
        }));
        return { kind: 'scanned', entries, more: after.length > entries.length, notes };
      }
      default:
        return command satisfies never;
    }
  }

  #query(path: Path): Found {
    for (const { key, from } of candidates(path)) {
      const held = this.#held(key);
      if (held === null) continue;
      const value = lookup(held.value, path.segments, from);
      return value === null ? null : foundOf({ value, expiresAtMs: held.expiresAtMs });
    }
    return null;
  }
}

function foundOf(held: Held | null): Found {
  if (held === null) return null;
  const { value, expiresAtMs } = held;
  return expiresAtMs === null ? { value, version: 1 as Version } : { value, version: 1 as Version, expiresAtMs };
}

function nameOf(key: Uint8Array): string {
  return String.fromCharCode(...key);
}
