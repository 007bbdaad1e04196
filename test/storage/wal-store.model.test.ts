/** WAL and checkpoints against a list, through kills and losses of power, command by command. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Prng } from '../../src/lib/prng.ts';
import type { SimulatedDisk } from '../../src/sim/disk.ts';
import type { Store } from '../../src/storage/store.ts';
import { append, checkpoint, type Leaf, leavesOf, newDisk, open, recordsOf, start } from './scenario.ts';
import { checkModel, command, MODEL_TIMEOUT_MS, same } from '../sim/model-commands.ts';

/** `leaves`: what the checkpoint holds; `records`: what was committed behind it; `appended`: what was not yet. */
type Model = { leaves: Leaf[]; records: string[]; appended: string[]; lives: number };
type Real = { readonly disk: SimulatedDisk; store: Store };
type Step = fc.Command<Model, Real>;

const COMMANDS: readonly fc.Arbitrary<Step>[] = [
  fc.tuple(fc.string({ maxLength: 20 }), fc.constantFrom(1, 1, 1, 300)).map(([word, times]) => {
    const text = word.repeat(times);
    return command<Model, Real>(`append ${text.length} characters`, (model, { store }) => {
      append(store, text);
      model.appended.push(text);
    });
  }),
  fc.constant(command<Model, Real>('commit', commit)),
  fc.constant(command<Model, Real>('mark', (_model, { store }) => store.markDurable())),
  fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3, unit: 'binary-ascii' }), { maxLength: 5 }).map((keys) =>
    command<Model, Real>(`checkpoint of ${keys.length} keys`, (model, real) => {
      commit(model, real);
      const leaves = [...keys].sort().map((key, i): Leaf => ({ key, version: i + 1, value: i % 3 === 0 ? null : key }));
      checkpoint(real.store, leaves);
      model.leaves = leaves;
      model.records = [];
    }),
  ),
  ...['close', 'kill', 'none', 'prefix', 'random'].map((end) =>
    fc.nat().map((seed) => command<Model, Real>(`${end}, and again`, (model, real) => again(model, real, end, seed))),
  ),
];

test('a store holds what a list holds, whatever ends its life', { timeout: MODEL_TIMEOUT_MS }, () => {
  const play = (): void =>
    checkModel<Model, Real>(COMMANDS, () => {
      const disk = newDisk();
      return { model: { leaves: [], records: [], appended: [], lives: 1 }, real: { disk, store: start(disk) } };
    });

  expect(play).not.toThrow();
});

function commit(model: Model, { store }: Real): void {
  let outcome: unknown = 'not told';
  store.commit((error) => {
    outcome = error;
  });
  same(outcome, null);
  model.records.push(...model.appended.splice(0));
}

/** Everything that was committed is there, in its order, and nothing else. */
function again(model: Model, real: Real, end: string, seed: number): void {
  if (end === 'close') {
    real.store.close();
    model.records.push(...model.appended.splice(0));
  } else {
    real.store.abandon();
    if (end === 'kill') real.disk.kill();
    else real.disk.crash(end as 'none' | 'prefix' | 'random', new Prng(seed));
    model.appended = [];
  }
  const recovery = open(real.disk);
  same(leavesOf(recovery), model.leaves);
  same(recordsOf(recovery).slice(-model.records.length || Number.POSITIVE_INFINITY), model.records);
  model.lives++;
  real.store = start(real.disk, model.lives);
}
