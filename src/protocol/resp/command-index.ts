/**
 * The rows of all commands, found by the words of a request: without making a string for the name, because this happens
 * once a request. Everything that is said about commands (COMMAND, arity errors, ACL categories) comes from here.
 */
import { type Argument, arityOf, argumentsOf, type KeyPlaces, keyPlacesOf } from './syntax.ts';
import type { Container, Row } from './row.ts';
import type { Words } from './request-reader.ts';

/** One command that can be called, with what follows from its row. */
export type Entry = {
  readonly row: Row;
  /** `get`; `client|list` for a subcommand. */
  readonly name: string;
  /** Words of the name: 1, or 2 for a subcommand. */
  readonly nameWords: number;
  readonly arguments: readonly Argument[];
  /** Words of a request: exact, or negative when it is the least. */
  readonly arity: number;
  readonly keys: KeyPlaces;
  readonly isWrite: boolean;
  readonly isBarrier: boolean;
  readonly isSecret: boolean;
};

/** A container with its subcommands as entries. */
export type Group = {
  readonly container: Container;
  readonly entries: readonly Entry[];
  readonly alone: Entry | null;
};

export type Found =
  | { readonly kind: 'entry'; readonly entry: Entry }
  | { readonly kind: 'group'; readonly group: Group }
  | { readonly kind: 'none' };

const NONE: Found = { kind: 'none' };

type Slot = { readonly name: Uint8Array; readonly found: Found };

export class CommandIndex {
  readonly entries: readonly Entry[];
  readonly groups: readonly Group[];
  /** All that can be called: entries, and those of groups. */
  readonly all: readonly Entry[];
  readonly #slots: readonly (Slot | undefined)[];
  readonly #mask: number;

  constructor(rows: readonly Row[], containers: readonly Container[]) {
    this.entries = rows.map((row) => entryOf(row, row.name, 1));
    this.groups = containers.map((container) => ({
      container,
      entries: container.subcommands.map((row) => entryOf(row, `${container.name}|${row.name}`, 2)),
      alone: container.alone === undefined ? null : entryOf(container.alone, container.name, 1),
    }));
    this.all = [...this.entries, ...this.groups.flatMap(membersOf)];
    let size = 64;
    while (size < (rows.length + containers.length) * 4) size *= 2;
    const slots: (Slot | undefined)[] = new Array(size).fill(undefined);
    this.#mask = size - 1;
    const put = (name: string, found: Found): void => {
      const bytes = Uint8Array.from(name, (letter) => letter.charCodeAt(0));
      let at = hashOf(bytes) & this.#mask;
      while (slots[at] !== undefined) at = (at + 1) & this.#mask;
      slots[at] = { name: bytes, found };
    };
    for (const entry of this.entries) put(entry.name, { kind: 'entry', entry });
    for (const group of this.groups) put(group.container.name, { kind: 'group', group });
    this.#slots = slots;
  }

  /** What the first word of a request names, in any case of letters. */
  named(word: Uint8Array): Found {
    let at = hashOf(word) & this.#mask;
    for (;;) {
      const slot = this.#slots[at];
      if (slot === undefined) return NONE;
      if (isName(word, slot.name)) return slot.found;
      at = (at + 1) & this.#mask;
    }
  }

  /** The command that words call; null for an unknown one. A container without a known subcommand is none. */
  called(words: Words): Entry | null {
    const found = this.named(words[0] as Uint8Array);
    if (found.kind === 'entry') return found.entry;
    if (found.kind === 'none') return null;
    const word = words[1];
    return word === undefined ? found.group.alone : subcommandOf(found.group, word);
  }

  /** What a name as text stands for: a command, a subcommand, all subcommands of a container; null for nothing. */
  under(name: string): readonly Entry[] | null {
    const found = this.named(Uint8Array.from(name, (letter) => letter.charCodeAt(0)));
    if (found.kind === 'group') return membersOf(found.group);
    const entry = this.byName(name);
    return entry === null ? null : [entry];
  }

  /** An entry by its name as text: `get`, `client|list`; null when there is none. */
  byName(name: string): Entry | null {
    const entry = this.called(name.split('|').map((part) => Uint8Array.from(part, (letter) => letter.charCodeAt(0))));
    return entry?.name === name ? entry : null;
  }
}

function membersOf({ entries, alone }: Group): readonly Entry[] {
  return alone === null ? entries : [alone, ...entries];
}

/** The subcommand that a word names, or null. */
export function subcommandOf(group: Group, word: Uint8Array): Entry | null {
  return (
    group.entries.find(({ row }) =>
      isName(
        word,
        Uint8Array.from(row.name, (letter) => letter.charCodeAt(0)),
      ),
    ) ?? null
  );
}

/** `SET key value [NX|XX]`, `CLIENT LIST`. */
export function usageOf({ name, row }: Entry): string {
  return `${name.toUpperCase().replace('|', ' ')}${row.syntax === '' ? '' : ` ${row.syntax}`}`;
}

/** Whether a request has as many words as the command takes. */
export function fits(entry: Entry, words: number): boolean {
  return entry.arity > 0 ? words === entry.arity : words >= -entry.arity;
}

/** The keys in the words of a request. */
export function keysIn(entry: Entry, words: Words): Uint8Array[] {
  const { first, last, step } = entry.keys;
  const keys: Uint8Array[] = [];
  if (first === 0) return keys;
  const end = last < 0 ? words.length + last : Math.min(last, words.length - 1);
  for (let i = first; i <= end; i += step) keys.push(words[i] as Uint8Array);
  return keys;
}

function entryOf(row: Row, name: string, nameWords: number): Entry {
  const items = argumentsOf(row.syntax);
  return {
    row,
    name,
    nameWords,
    arguments: items,
    arity: arityOf(items, nameWords),
    keys: keyPlacesOf(items, nameWords),
    isWrite: row.flags.includes('write'),
    isBarrier: row.flags.includes('barrier'),
    isSecret: row.flags.includes('secret'),
  };
}

/** FNV-1a over the name in small letters. */
function hashOf(word: Uint8Array): number {
  let hash = 0x811c9dc5;
  const length = Math.min(word.length, NAME_BYTES_MAX);
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ ((word[i] as number) | 0x20), 0x01000193);
  return hash ^ (hash >>> 15);
}

const NAME_BYTES_MAX = 32;

/** `name` is in small letters. */
function isName(word: Uint8Array, name: Uint8Array): boolean {
  if (word.length !== name.length) return false;
  for (let i = 0; i < word.length; i++) {
    const byte = word[i] as number;
    if ((byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte) !== name[i]) return false;
  }
  return true;
}
