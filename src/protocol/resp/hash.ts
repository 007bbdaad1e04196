/**
 * A hash: a marked map of string leaves, with the fields that one command changes beside it. They are put into it all at
 * once, so a change costs what packing costs, not an object per field. Knows nothing of keys or replies.
 */
import { type Edit, edited } from '../../document/edit.ts';
import { fieldsOf } from '../../document/lookup.ts';
import { marked } from '../../document/marked.ts';
import { countIn, EMPTY_MAP } from '../../document/packed.ts';
import { fieldAt, ROOT_PLACE, valueAt } from '../../document/places.ts';
import { type Replacement, replaced } from '../../document/replace.ts';
import { assert } from '../../lib/assert.ts';
import { ok, type Result } from '../../lib/result.ts';
import type { KvError } from '../../model/errors.ts';
import { keyName } from '../../lib/key-name.ts';

type Field = { readonly key: Uint8Array; readonly value: Uint8Array };
/** What becomes of a field; a null value deletes. */
type Change = { readonly key: Uint8Array; value: Uint8Array | null; readonly place: number };

/** Up to this many values are put in the place of others one by one. */
const REPLACED_MAX = 64;

export class Hash {
  readonly #packed: Uint8Array;
  /** Of fields that it has, by their places; of those that it had not, by their names. */
  readonly #changed = new Map<number, Change>();
  readonly #added = new Map<string, Change>();
  #size: number;

  private constructor(packed: Uint8Array) {
    this.#packed = packed;
    this.#size = countIn(packed);
  }

  /** The fields of a packed map; none for null. */
  static of(packed: Uint8Array | null): Hash {
    return new Hash(packed ?? EMPTY_MAP);
  }

  get size(): number {
    return this.#size;
  }

  /** The fields in the order in which they came; asked only before anything is changed. */
  fields(): Field[] {
    assert(this.#changed.size + this.#added.size === 0, 'fields are listed of a hash that is not being changed');
    return fieldsOf(this.#packed);
  }

  /** The packed value of a field, or null. */
  get(name: Uint8Array): Uint8Array | null {
    const place = fieldAt(this.#packed, ROOT_PLACE, name);
    const change = this.#changeOf(name, place);
    if (change !== undefined) return change.value;
    return place < 0 ? null : valueAt(this.#packed, place);
  }

  set(name: Uint8Array, value: Uint8Array): void {
    this.#change(name, value);
  }

  /** Answers whether there was such a field. */
  delete(name: Uint8Array): boolean {
    return this.#change(name, null);
  }

  /** The packed hash; TOOLARGE says limit and size. */
  pack(): Result<Uint8Array, KvError> {
    const exchanged = this.#exchanged();
    if (exchanged !== null) return ok(exchanged);
    const edits: Edit[] = [];
    for (const { value, place } of this.#changed.values()) {
      if (value === null) edits.push({ kind: 'remove', at: place });
      else edits.push({ kind: 'replace', at: place, value });
    }
    for (const { key, value } of this.#added.values())
      if (value !== null) edits.push({ kind: 'add', at: ROOT_PLACE, key, value });
    const packed = edited(this.#packed, edits);
    if (!packed.ok) return packed;
    assert(packed.value !== null, 'no edit removes the whole hash');
    return ok(marked(packed.value));
  }

  #change(key: Uint8Array, value: Uint8Array | null): boolean {
    const place = fieldAt(this.#packed, ROOT_PLACE, key);
    const known = this.#changeOf(key, place);
    const existed = known === undefined ? place >= 0 : known.value !== null;
    if (known !== undefined) known.value = value;
    else if (place < 0) this.#added.set(keyName(key), { key, value, place });
    else this.#changed.set(place, { key, value, place });
    this.#size += (value === null ? 0 : 1) - (existed ? 1 : 0);
    return existed;
  }

  #changeOf(key: Uint8Array, place: number): Change | undefined {
    if (place >= 0) return this.#changed.get(place);
    return this.#added.size === 0 ? undefined : this.#added.get(keyName(key));
  }

  /** The packed hash when only values of a few fields that it has are others, else null. */
  #exchanged(): Uint8Array | null {
    if (this.#added.size > 0 || this.#changed.size === 0 || this.#changed.size > REPLACED_MAX) return null;
    const replacements: Replacement[] = [];
    for (const { value, place } of this.#changed.values()) {
      if (value === null) return null;
      replacements.push({ at: place, value });
    }
    replacements.sort((a, b) => a.at - b.at);
    return replaced(this.#packed, replacements);
  }
}
