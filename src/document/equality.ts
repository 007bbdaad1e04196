/**
 * Whether two packed values are the same JSON value: fields in any order, numbers by what they are worth, an int never
 * the same as a float. Compares with a stack, because nesting is the client's choice.
 */
import { equalBytes, text } from '../lib/bytes.ts';
import { elementsOf, fieldsOf, lookup } from './lookup.ts';
import { countIn, kindOf, numberText, payloadAt } from './packed.ts';

/** Whether they are the same. Costs their size. */
export function isSameValue(a: Uint8Array, b: Uint8Array): boolean {
  const open: Uint8Array[] = [a, b];
  for (let right = open.pop(); right !== undefined; right = open.pop()) {
    const left = open.pop() as Uint8Array;
    const kind = kindOf(left);
    if (kind !== kindOf(right)) return false;
    if (kind === 'map' || kind === 'array') {
      if (countIn(left) !== countIn(right)) return false;
      if (kind === 'array') {
        const others = elementsOf(right);
        for (const [i, element] of elementsOf(left).entries()) open.push(element, others[i] as Uint8Array);
        continue;
      }
      for (const { key, value } of fieldsOf(left)) {
        const other = lookup(right, [key], 0);
        if (other === null) return false;
        open.push(value, other);
      }
    } else if (!isSameLeaf(left, right)) return false;
  }
  return true;
}

function isSameLeaf(a: Uint8Array, b: Uint8Array): boolean {
  const kind = kindOf(a);
  if (kind === 'null') return true;
  if (kind === 'bool') return a[0] === b[0];
  if (equalBytes(a.subarray(payloadAt(a, 0)), b.subarray(payloadAt(b, 0)))) return true;
  // JSON writes an int in one way, but for the sign of zero.
  if (kind === 'int') return isZero(a) && isZero(b);
  return kind === 'float' && Number(numberText(a)) === Number(numberText(b));
}

function isZero(packed: Uint8Array): boolean {
  return /^-?0$/.test(text(packed, payloadAt(packed, 0)));
}
