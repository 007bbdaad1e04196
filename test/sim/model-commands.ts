/**
 * Runs of commands against a thing and a naive model of it, side by side. So many runs of so many commands fit into
 * every test run; COPPICE_MODEL_RUNS=10000x200 asks for more. What failed is played again by the three words that the
 * report names: COPPICE_MODEL_REPLAY="seed path replayPath".
 */
import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';

const [RUNS, COMMANDS] = (process.env['COPPICE_MODEL_RUNS'] ?? '300x100').split('x').map(Number) as [number, number];
const [SEED, PATH, REPLAY_PATH] = (process.env['COPPICE_MODEL_REPLAY'] ?? '').split(' ');

/** Milliseconds that so many runs may take. */
export const MODEL_TIMEOUT_MS = 60_000 + RUNS * COMMANDS;

/** Plays sequences of these commands; each begins with what `setup` makes. Throws the smallest sequence that fails. */
export function checkModel<M extends object, R>(
  commands: readonly fc.Arbitrary<fc.Command<M, R>>[],
  setup: () => { readonly model: M; readonly real: R },
): void {
  const replay = REPLAY_PATH === undefined ? {} : { replayPath: REPLAY_PATH };
  fc.assert(
    fc.property(fc.commands([...commands], { maxCommands: COMMANDS, size: 'max', ...replay }), (sequence) => {
      fc.modelRun(setup, sequence);
    }),
    { numRuns: RUNS, ...(SEED ? { seed: Number(SEED) } : {}), ...(PATH ? { path: PATH } : {}) },
  );
}

/** Throws unless the thing and its model say the same. */
export function same(real: unknown, model: unknown): void {
  deepStrictEqual(real, model);
}

/** A command that can always be given. */
export function command<M extends object, R>(words: string, run: (model: M, real: R) => void): fc.Command<M, R> {
  return { check: () => true, run, toString: () => words };
}
