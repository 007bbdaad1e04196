/**
 * Changes inside a packed value: all edits of one command in one pass. Whatever no edit touches is copied as it stands,
 * so digits and the order of fields stay; only what is around an edit gets a new head and a new key trie.
 *
 * An edit inside a value that is replaced or taken away does nothing. Example: `{"a":1,"b":[2,3]}` with 1 replaced by 5,
 * 2 removed and 4 inserted before element 2 of the array is `{"a":5,"b":[3,4]}`: indexes are those of before.
 */
import { ok, type Result } from '../lib/result.ts';
import { fail, type KvError } from '../model/errors.ts';
import { DEPTH_MAX, DOCUMENT_BYTES_MAX, FIELDS_MAX, KEY_BYTES_MAX } from '../model/limits.ts';
import { ARRAY, endOf, MAP, varintAt } from './packed.ts';
import { packTape, tape } from './parsing.ts';
import { behindKey, depthOf, firstPartAt, isMapAt } from './places.ts';
import { keyPassed } from './value-parser.ts';

/** `at` is a place in the value before any edit (places.ts). Of two edits that replace or remove one value the first holds. */
export type Edit =
  | { readonly kind: 'replace'; readonly at: number; readonly value: Uint8Array }
  | { readonly kind: 'remove'; readonly at: number }
  /** A field behind those of the map at `at`; one of the same name is taken away. */
  | { readonly kind: 'add'; readonly at: number; readonly key: Uint8Array; readonly value: Uint8Array }
  /** Elements before element `index` of the array at `at`, or behind all when there are as many. */
  | { readonly kind: 'insert'; readonly at: number; readonly index: number; readonly values: readonly Uint8Array[] };

type Add = Extract<Edit, { kind: 'add' }>;
type Insert = Extract<Edit, { kind: 'insert' }>;

/** The value with all edits, null when it was removed itself; TOODEEP and TOOLARGE say limit and size. */
export function edited(packed: Uint8Array, edits: readonly Edit[]): Result<Uint8Array | null, KvError> {
  const editing = new Editing(packed, edits);
  const failure = editing.run();
  if (failure !== null) {
    tape.release();
    return { ok: false, error: failure };
  }
  if (editing.isRemoved) return ok(null);
  const result = packTape(0);
  tape.release();
  return result;
}

type Open = {
  readonly end: number;
  readonly isMap: boolean;
  readonly adds: readonly Add[];
  /** By index, the next first. */
  readonly inserts: Insert[];
  index: number;
};

class Editing {
  isRemoved = false;
  readonly #packed: Uint8Array;
  /** By place; those of one place in the order in which they were given. */
  readonly #edits: readonly Edit[];
  #next = 0;
  readonly #open: Open[] = [];
  /** Where new values begin in the tape's side buffer, and how deep they are: one may be put in many places. */
  readonly #known = new Map<Uint8Array, { readonly start: number; readonly depth: number }>();
  #placed = 0;

  constructor(packed: Uint8Array, edits: readonly Edit[]) {
    this.#packed = packed;
    this.#edits = edits.toSorted((a, b) => a.at - b.at);
  }

  /** Puts the edited value on the tape; why that cannot be, or null. */
  run(): KvError | null {
    const packed = this.#packed;
    tape.begin(packed);
    let at = 0;
    for (;;) {
      const whole = this.#wholeEdit(at);
      let failure: KvError | null = null;
      if (whole !== null) {
        this.#skipUntil(endOf(packed, at));
        this.isRemoved = whole.kind === 'remove';
        if (this.isRemoved) return null;
        if (whole.kind === 'replace') failure = this.#put(whole.value);
        at = endOf(packed, at);
      } else if (this.#isTouched(at)) at = this.#enter(at);
      else {
        tape.packed(at, endOf(packed, at) - at);
        at = endOf(packed, at);
      }
      if (failure !== null) return failure;
      const next = this.#advance(at);
      if (typeof next !== 'number') return next;
      if (this.#open.length === 0) return null;
      at = next;
    }
  }

  /** Goes to the next value that stays, closing what ends on the way; a failure of what is put in between. */
  #advance(start: number): number | KvError {
    const packed = this.#packed;
    let at = start;
    for (let top = this.#open.at(-1); top !== undefined; top = this.#open.at(-1)) {
      while (at < top.end) {
        const failure = this.#insertBefore(top);
        if (failure !== null) return failure;
        const place = top.isMap ? behindKey(packed, at) : at;
        top.index++;
        if (this.#wholeEdit(place)?.kind !== 'remove') {
          if (top.isMap) {
            const length = varintAt(packed, at);
            tape.key(place - length, length);
          }
          return tape.count === FIELDS_MAX ? TOO_MANY : place;
        }
        at = endOf(packed, place);
        this.#skipUntil(at);
      }
      const failure = this.#insertBefore(top) ?? this.#add(top);
      if (failure !== null) return failure;
      tape.close();
      this.#open.pop();
    }
    return at;
  }

  /** The edit that decides over the value at a place as a whole, or null. */
  #wholeEdit(at: number): Edit | null {
    for (let i = this.#next; this.#edits[i]?.at === at; i++) {
      const edit = this.#edits[i] as Edit;
      if (edit.kind === 'replace' || edit.kind === 'remove') return edit;
    }
    return null;
  }

  #isTouched(at: number): boolean {
    const edit = this.#edits[this.#next];
    return edit !== undefined && edit.at < endOf(this.#packed, at);
  }

  #skipUntil(end: number): void {
    while ((this.#edits[this.#next]?.at ?? end) < end) this.#next++;
  }

  /** Opens the map or array at a place; answers where its parts begin. */
  #enter(at: number): number {
    const isMap = isMapAt(this.#packed, at);
    const adds: Add[] = [];
    const inserts: Insert[] = [];
    for (; this.#edits[this.#next]?.at === at; this.#next++) {
      const edit = this.#edits[this.#next] as Edit;
      if (edit.kind === 'add') adds.push(edit);
      else if (edit.kind === 'insert') inserts.push(edit);
    }
    inserts.sort((a, b) => a.index - b.index);
    tape.open(isMap ? MAP : ARRAY);
    this.#open.push({ end: endOf(this.#packed, at), isMap, adds, inserts, index: 0 });
    return firstPartAt(this.#packed, at);
  }

  /** Puts the elements that go before the next one. */
  #insertBefore({ inserts, index }: Open): KvError | null {
    while (inserts[0] !== undefined && inserts[0].index <= index) {
      for (const value of (inserts.shift() as Insert).values) {
        const failure = this.#put(value);
        if (failure !== null) return failure;
      }
    }
    return null;
  }

  #add({ adds }: Open): KvError | null {
    for (const { key, value } of adds) {
      if (key.length > KEY_BYTES_MAX) return { code: 'TOOLARGE', message: keyPassed(key.length) };
      tape.key(~tape.side.length, key.length);
      tape.side.bytes(key);
      const failure = this.#put(value);
      if (failure !== null) return failure;
    }
    return null;
  }

  /** Puts a new value. */
  #put(value: Uint8Array): KvError | null {
    let known = this.#known.get(value);
    if (known === undefined) {
      known = { start: ~tape.side.length, depth: depthOf(value) };
      tape.side.bytes(value);
      this.#known.set(value, known);
    }
    if (tape.count === FIELDS_MAX) return TOO_MANY;
    if (tape.depth + known.depth > DEPTH_MAX + 1)
      return fail(
        'TOODEEP',
        `${tape.depth + known.depth - 1} sets below the top-level one, the limit DEPTH_MAX is ${DEPTH_MAX}`,
      ).error;
    this.#placed += value.length;
    if (this.#placed > DOCUMENT_BYTES_MAX)
      return fail('TOOLARGE', `a document of more than ${DOCUMENT_BYTES_MAX} bytes, the limit DOCUMENT_BYTES_MAX`)
        .error;
    tape.packed(known.start, value.length);
    return null;
  }
}

const TOO_MANY = fail('TOOLARGE', `more than ${FIELDS_MAX} fields in one set, the limit FIELDS_MAX`).error;
