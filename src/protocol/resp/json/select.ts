/**
 * What the steps of a JSON path lead to in a packed document: places (document/places.ts), each once, outer ones before
 * those inside them. A step that leads to more than JSON_PATH_VALUES_MAX values is refused.
 */
import {
  countAt,
  elementAt,
  fieldAt,
  isArrayAt,
  isMapAt,
  partsAt,
  ROOT_PLACE,
  valueAt,
  walk,
} from '../../../document/places.ts';
import { endOf } from '../../../document/packed.ts';
import { JSON_PATH_VALUES_MAX } from '../../../model/limits.ts';
import { Refusal } from '../failures.ts';
import type { Step } from './path.ts';

/** Where the values are that the steps lead to. */
export function select(packed: Uint8Array, steps: readonly Step[]): readonly number[] | Refusal {
  let matched: readonly number[] = [ROOT_PLACE];
  for (const step of steps) {
    const next: number[] = [];
    let end = 0;
    for (const at of matched) {
      if (step.kind === 'deep') {
        // What is inside the value before was taken with it.
        if (at >= end || matched.length > 1) takeAll(packed, at, next);
        end = endOf(packed, at);
      } else take(packed, at, step, next);
      if (next.length > JSON_PATH_VALUES_MAX) return TOO_MANY;
    }
    matched = mayRepeat(step, matched) ? [...new Set(next)] : next;
  }
  return matched;
}
