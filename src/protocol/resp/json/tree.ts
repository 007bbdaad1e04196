/**
 * A packed document as a tree that unfolds where it is looked at, is changed in places, and is packed again: what was
 * not unfolded keeps its bytes. Nothing here recurses: documents nest as deep as DEPTH_MAX.
 */
import { assert } from '../../../lib/assert.ts';
import { packArray, packMap } from '../../../document/compose.ts';
import { elementsAt, elementsOf, fieldsOf } from '../../../document/lookup.ts';
import { endOf, type Kind, kindOf, MAP, payloadAt, varintAt } from '../../../document/packed.ts';
import { entriesAt } from '../../../document/key-trie.ts';
import { ok, type Result } from '../../../lib/result.ts';
import { fail, type KvError } from '../../../model/errors.ts';
import { DEPTH_MAX } from '../../../model/limits.ts';
import { nameOf } from '../keyspace.ts';

export class Node {
  /** Null when something below was changed. */
  #packed: Uint8Array | null;
  #kind: Kind;
  #parent: Node | null;
  #name: Uint8Array | null;
  #fields: Map<string, Node> | null = null;
  #elements: Node[] | null = null;

  constructor(packed: Uint8Array, parent: Node | null = null, name: Uint8Array | null = null) {
    this.#packed = packed;
    this.#kind = kindOf(packed);
    this.#parent = parent;
    this.#name = name;
  }

  get kind(): Kind {
    return this.#kind;
  }

  get parent(): Node | null {
    return this.#parent;
  }

  /** The value, packed; asked only of nodes below which nothing was changed. */
  get packed(): Uint8Array {
    assert(this.#packed !== null, 'a changed tree is packed by pack()');
    return this.#packed;
  }

  /** The parts, in their order; none of a leaf. */
  children(): readonly Node[] {
    if (this.#kind === 'map') return [...this.fields().values()];
    return this.#kind === 'array' ? this.elements() : [];
  }

  /** The fields by nameOf their names. */
  fields(): Map<string, Node> {
    assert(this.#kind === 'map', 'only a map has fields');
    this.#fields ??= new Map(
      fieldsOf(this.#packed as Uint8Array).map(({ key, value }) => [nameOf(key), new Node(value, this, key)]),
    );
    return this.#fields;
  }

  /** The names of the fields. */
  names(): Uint8Array[] {
    return [...this.fields().values()].map((node) => node.#name as Uint8Array);
  }

  elements(): Node[] {
    assert(this.#kind === 'array', 'only an array has elements');
    this.#elements ??= elementsOf(this.#packed as Uint8Array).map((value) => new Node(value, this));
    return this.#elements;
  }

  /** Becomes another value. */
  replace(packed: Uint8Array): void {
    this.#packed = packed;
    this.#kind = kindOf(packed);
    this.#fields = null;
    this.#elements = null;
    if (this.#parent !== null) this.#parent.#touch();
  }

  /** Sets a field. */
  put(name: Uint8Array, packed: Uint8Array): Node {
    const node = new Node(packed, this, name);
    this.fields().set(nameOf(name), node);
    this.#touch();
    return node;
  }

  /** Puts values before the element at `at`. */
  insert(at: number, values: readonly Uint8Array[]): void {
    const elements = this.elements();
    this.#elements = [...elements.slice(0, at), ...values.map((value) => new Node(value, this)), ...elements.slice(at)];
    this.#touch();
  }

  /** Keeps the elements from `start` to before `end`. */
  keep(start: number, end: number): void {
    this.#elements = this.elements().slice(start, end);
    this.#touch();
  }

  /** Takes parts away. */
  removeAll(parts: ReadonlySet<Node>): void {
    if (this.#kind === 'map') {
      for (const [key, node] of [...this.fields()]) if (parts.has(node)) this.fields().delete(key);
    } else this.#elements = this.elements().filter((node) => !parts.has(node));
    this.#touch();
  }

  #touch(): void {
    this.#packed = null;
    for (let node = this.#parent; node !== null && node.#packed !== null; node = node.#parent) node.#packed = null;
  }

  /** The whole tree, packed; TOOLARGE and TOODEEP say limit and size. */
  pack(): Result<Uint8Array, KvError> {
    const open: { node: Node; parts: readonly Node[]; at: number }[] = [];
    if (this.#packed === null) open.push({ node: this, parts: this.children(), at: 0 });
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const part = top.parts[top.at++];
      if (part !== undefined) {
        if (part.#packed === null) open.push({ node: part, parts: part.children(), at: 0 });
        continue;
      }
      const packed = top.node.#packParts();
      if (!packed.ok) return packed;
      top.node.#packed = packed.value;
      open.pop();
    }
    return depthOf(this.packed) > DEPTH_MAX + 1
      ? fail('TOODEEP', `more than ${DEPTH_MAX} sets below the top-level one, the limit DEPTH_MAX`)
      : ok(this.packed);
  }

  #packParts(): Result<Uint8Array, KvError> {
    if (this.#kind === 'array') return packArray(this.elements().map((node) => node.packed));
    return packMap([...this.fields().values()].map((node) => ({ key: node.#name as Uint8Array, value: node.packed })));
  }
}

/** Sets and arrays inside one another, the outermost counted. A value of few bytes is not looked at. */
function depthOf(packed: Uint8Array): number {
  if (packed.length <= DEPTH_MAX) return 0;
  const open: { end: number; isMap: boolean }[] = [];
  let deepest = 0;
  let at = 0;
  while (at < packed.length) {
    const payload = payloadAt(packed, at);
    const end = endOf(packed, at);
    const kind = (packed[at] as number) >> 5;
    if (kind >= MAP) deepest = Math.max(deepest, open.length + 1);
    if (kind < MAP || payload === end) at = end;
    else {
      open.push({ end, isMap: kind === MAP });
      at = kind === MAP ? entriesAt(packed, payload) : elementsAt(packed, payload);
    }
    while (open.at(-1)?.end === at) open.pop();
    if (open.at(-1)?.isMap !== true) continue;
    const length = varintAt(packed, at);
    while ((packed[at++] as number) >= 0x80);
    at += length;
  }
  return deepest;
}
