/**
 * A hash: a marked map of string leaves, with the fields that one command changes beside it. They are put into it all at
 * once, so a change costs what packing costs, not an object per field. Knows nothing of keys or replies.
 */
import { type Edit, edited } from '../../document/edit.ts';
import { fieldsOf } from '../../document/lookup.ts';
import { marked } from '../../document/marked.ts';
import { countIn, EMPTY_MAP } from '../../document/packed.ts';
import { fieldAt, ROOT_PLACE, valueAt } from '../../document/places.ts';
import { assert } from '../../lib/assert.ts';
import { ok, type Result } from '../../lib/result.ts';
import type { KvError } from '../../model/errors.ts';
import { nameOf } from './keyspace.ts';

type Field = { readonly key: Uint8Array; readonly value: Uint8Array };
/** What becomes of a field; a null value deletes. */
type Change = { readonly key: Uint8Array; readonly value: Uint8Array | null; readonly place: number };

export class Hash {
  readonly #packed: Uint8Array;
  readonly #changes = new Map<string, Change>();
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
    assert(this.#changes.size === 0, 'fields are listed of a hash that is not being changed');
    return fieldsOf(this.#packed);
  }

  /** The packed value of a field, or null. */
  get(name: Uint8Array): Uint8Array | null {
    const change = this.#changes.get(nameOf(name));
    if (change !== undefined) return change.value;
    const place = fieldAt(this.#packed, ROOT_PLACE, name);
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
    const edits: Edit[] = [];
    for (const { key, value, place } of this.#changes.values()) {
      if (place < 0) {
        if (value !== null) edits.push({ kind: 'add', at: ROOT_PLACE, key, value });
      } else if (value === null) edits.push({ kind: 'remove', at: place });
      else edits.push({ kind: 'replace', at: place, value });
    }
    const packed = edited(this.#packed, edits);
    if (!packed.ok) return packed;
    assert(packed.value !== null, 'no edit removes the whole hash');
    return ok(marked(packed.value));
  }

  #change(key: Uint8Array, value: Uint8Array | null): boolean {
    const name = nameOf(key);
    const known = this.#changes.get(name);
    const place = known?.place ?? fieldAt(this.#packed, ROOT_PLACE, key);
    const existed = known === undefined ? place >= 0 : known.value !== null;
    this.#changes.set(name, { key, value, place });
    this.#size += (value === null ? 0 : 1) - (existed ? 1 : 0);
    return existed;
  }
}
