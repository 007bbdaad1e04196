/** A hash unpacked to its fields, in the order in which they came, and packed again. Knows nothing of keys or replies. */
import { type Field, packMap } from '../../document/compose.ts';
import { fieldsOf } from '../../document/lookup.ts';
import { marked } from '../../document/marked.ts';
import { ok, type Result } from '../../lib/result.ts';
import type { KvError } from '../../model/errors.ts';
import { nameOf } from './keyspace.ts';

export class Hash {
  readonly #fields: Map<string, Field>;

  private constructor(fields: Map<string, Field>) {
    this.#fields = fields;
  }

  /** The fields of a packed map; none for null. */
  static of(packed: Uint8Array | null): Hash {
    const fields = new Map<string, Field>();
    for (const field of packed === null ? [] : fieldsOf(packed)) fields.set(nameOf(field.key), field);
    return new Hash(fields);
  }

  get size(): number {
    return this.#fields.size;
  }

  fields(): Field[] {
    return [...this.#fields.values()];
  }

  /** The packed value of a field, or null. */
  get(name: Uint8Array): Uint8Array | null {
    return this.#fields.get(nameOf(name))?.value ?? null;
  }

  set(name: Uint8Array, value: Uint8Array): void {
    this.#fields.set(nameOf(name), { key: name, value });
  }

  delete(name: Uint8Array): boolean {
    return this.#fields.delete(nameOf(name));
  }

  /** The marked map; TOOLARGE says limit and size. */
  pack(): Result<Uint8Array, KvError> {
    const packed = packMap(this.fields());
    return packed.ok ? ok(marked(packed.value)) : packed;
  }
}
