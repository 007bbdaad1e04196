/**
 * FLAKY: which writes a fault leaves out of memory, never out of the log (src/replica/skipping.ts). The version decides,
 * so that all servers which one fault makes flaky leave out the same ones, and a bulk is left out whole.
 */
import { Prng } from '../lib/prng.ts';
import type { Version } from '../model/ids.ts';

export type Flakiness = { readonly probability: number; readonly seed: number };

/** Versions that follow each other make different seeds. */
const VERSIONS_APART = 0x85eb_ca6b;

export function leavesOut({ probability, seed }: Flakiness, version: Version): boolean {
  return new Prng(seed ^ Math.imul(version, VERSIONS_APART)).chance(probability);
}
