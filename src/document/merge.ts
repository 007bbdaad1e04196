/**
 * JSON Merge Patch (RFC 7396) as edits: fields of the patch replace, null takes away, objects go on inside. Reads both
 * values with a stack, never with recursion.
 */
import { assert } from '../lib/assert.ts';
import { type Edit, edited } from './edit.ts';
import { fieldsOf } from './lookup.ts';
import { MAP } from './packed.ts';
import { fieldAt, isMapAt, ROOT_PLACE } from './places.ts';

/** What merging `patch` into the value at a place changes there. */
export function mergeEdits(packed: Uint8Array, at: number, patch: Uint8Array): Edit[] {
  const edits: Edit[] = [];
  const open: { readonly at: number; readonly patch: Uint8Array }[] = [{ at, patch }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (!isMap(next.patch) || !isMapAt(packed, next.at)) {
      edits.push({ kind: 'replace', at: next.at, value: withoutNulls(next.patch) });
      continue;
    }
    for (const { key, value } of fieldsOf(next.patch)) {
      const field = fieldAt(packed, next.at, key);
      if (isNull(value)) {
        if (field >= 0) edits.push({ kind: 'remove', at: field });
      } else if (field >= 0) open.push({ at: field, patch: value });
      else edits.push({ kind: 'add', at: next.at, key, value: withoutNulls(value) });
    }
  }
  return edits;
}

/** A patch merged into nothing: without the fields that are null; arrays stay as they are. */
function withoutNulls(patch: Uint8Array): Uint8Array {
  const edits: Edit[] = [];
  const open = isMap(patch) ? [patch] : [];
  for (let map = open.pop(); map !== undefined; map = open.pop()) {
    for (const { value } of fieldsOf(map)) {
      if (isNull(value)) edits.push({ kind: 'remove', at: value.byteOffset - patch.byteOffset });
      else if (isMap(value)) open.push(value);
    }
  }
  if (edits.length === 0) return patch;
  const result = edited(patch, edits);
  assert(result.ok && result.value !== null, 'a value without some of its fields is within all limits');
  return result.value;
}

function isMap(packed: Uint8Array): boolean {
  return (packed[ROOT_PLACE] as number) >> 5 === MAP;
}

function isNull(packed: Uint8Array): boolean {
  return packed[ROOT_PLACE] === 0;
}
