/** What clients asked to be written, and the version that each write got, as its frames say: by key and value. */
import { withoutExpiry } from '../../document/expiring.ts';
import { formatJson } from '../../document/json.ts';
import { text, utf8 } from '../../lib/bytes.ts';
import { WriteCursor } from '../../model/frames.ts';
import type { ServerMask } from '../../model/ids.ts';
import { ownersOf, type Placement } from '../../routing/placement.ts';
import type { Action } from '../history.ts';

/** Of a write: the keys that it wrote, and the groups that these belong to. */
export type Written = { readonly keys: readonly string[]; readonly groups: readonly ServerMask[] };

export class AskedWrites {
  readonly #placement: Placement;
  readonly #cursor = new WriteCursor();
  /** By key, then by value: values may be long, and are not to be copied for a name. */
  readonly #written = new Map<string, Map<string, Written>>();
  readonly #versions = new Map<string, number>();
  readonly #seen = new Set<number>();
  readonly #owners = new Map<string, ServerMask>();

  constructor(placement: Placement) {
    this.#placement = placement;
  }

  /** The version that a write of this value got, the first of several alike; undefined where no frame had it. */
  versionOf(key: string, value: string): number | undefined {
    return this.#versions.get(nameOf(key, value));
  }

  /** What was written with it; undefined where no client asked for it. */
  find(key: string, value: string): Written | undefined {
    return this.#written.get(key)?.get(value);
  }

  /** A client asks. */
  onAsked(action: Action): void {
    const writes = writesOf(action);
    if (writes.length === 0) return;
    const keys = writes.map(([key]) => key);
    const groups = [...new Set(keys.map((key) => this.#ownersOf(key)))];
    const written = { keys, groups };
    for (const [key, value] of writes) {
      const ofKey = this.#written.get(key);
      if (ofKey === undefined) this.#written.set(key, new Map([[value, written]]));
      else ofKey.set(value, written);
    }
  }

  /** The version of a write and the keys that it wrote. */
  onWrite(bytes: Uint8Array, start: number, end: number): void {
    const cursor = this.#cursor;
    cursor.open(bytes, start, end);
    const { version } = cursor;
    if (this.#seen.has(version)) return;
    this.#seen.add(version);
    while (cursor.next()) {
      if (cursor.deletes) continue;
      const value = cursor.reader.bytes.subarray(cursor.valueStart, cursor.valueEnd);
      const name = nameOf(text(cursor.key()), formatJson(withoutExpiry(value)));
      if (!this.#versions.has(name)) this.#versions.set(name, version);
    }
  }

  #ownersOf(key: string): ServerMask {
    let owners = this.#owners.get(key);
    if (owners === undefined) {
      owners = ownersOf(this.#placement, utf8(key));
      this.#owners.set(key, owners);
    }
    return owners;
  }
}

/** Keys and values that an action writes. */
export function writesOf(action: Action): readonly (readonly [string, string])[] {
  switch (action.kind) {
    case 'set':
    case 'insert':
      return [[action.key, action.value]];
    case 'bulk':
    case 'update':
      return [...new Map(action.writes)];
    default:
      return [];
  }
}

function nameOf(key: string, value: string): string {
  return `${key} ${value}`;
}
