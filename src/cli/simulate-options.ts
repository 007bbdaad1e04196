/** Flags of `coppice simulate`. */
import type { Result } from '../lib/result.ts';
import type { Part } from '../sim/part.ts';
import { choice, type Environment, type Flag, FlagReader, type FlagValues, wholeNumber } from './flags.ts';

export const SIMULATE_FLAGS: readonly Flag[] = [
  { flags: '--seed <S>', summary: 'the first seed; drawn when none is given' },
  { flags: '--seeds <N>', summary: 'how many seeds; 1 with --seed alone, else 1000' },
  { flags: '--mode <M>', summary: 'how replicas agree: replicated' },
  { flags: '--threads <N>', summary: 'threads; default one for each core' },
  { flags: '--twice', summary: 'play each seed twice: both must do the same, event by event' },
  { flags: '--shrink', summary: 'make the first failing seed small, and print what is left of it' },
  {
    flags: '--only <LIST>',
    summary: 'play only these happenings of a seed, such as 3,17, or none; what --shrink prints',
  },
  { flags: '--clients <N>', summary: 'so many clients instead of those that were drawn' },
  { flags: '--for <MS>', summary: 'heal everything after so many simulated milliseconds' },
  { flags: '--plain', summary: 'without rare behaviour such as pages of one key' },
  { flags: '--trace <FILE>', summary: 'write every event of one seed' },
  { flags: '--matrix', summary: 'print in how many seeds each kind of fault hit a server in each state and role' },
  { flags: '--json', summary: 'print JSON' },
];

/** Seeds are 32-bit: the largest one that can be first. */
const SEED_MAX = 0xffff_ffff;
const SEEDS_DEFAULT = 1_000;

export type SimulateOptions = {
  readonly seed: number;
  readonly seeds: number;
  readonly threads: number | null;
  readonly shrink: boolean;
  readonly twice: boolean;
  readonly part: Part;
  readonly trace: string | null;
  readonly matrix: boolean;
  readonly json: boolean;
};

/** `drawnSeed` is used when none is given. Errors are one line. */
export function simulateOptions(
  values: FlagValues,
  env: Environment,
  drawnSeed: number,
): Result<SimulateOptions, string> {
  const reader = new FlagReader(SIMULATE_FLAGS, values, env);
  const seed = reader.get('seed', wholeNumber(0, SEED_MAX));
  const seeds = reader.get('seeds', wholeNumber(1, Number.MAX_SAFE_INTEGER)) ?? (seed === null ? SEEDS_DEFAULT : 1);
  reader.get('mode', choice(['replicated']));
  const only = reader.get('only', (text) => listOf(text));
  const trace = reader.get('trace', (text) => ({ ok: true, value: text }));
  const forMs = reader.get('for', wholeNumber(1, 1_000_000));
  const clients = reader.get('clients', wholeNumber(1, 1_000));
  for (const [name, value] of Object.entries({ only, trace, clients, for: forMs })) {
    if (value !== null && seeds > 1) reader.fail(`--${name} is of one seed: give --seed and not --seeds`);
  }
  return reader.done({
    seed: seed ?? drawnSeed,
    seeds,
    threads: reader.get('threads', wholeNumber(1, 1_024)),
    shrink: reader.has('shrink'),
    twice: reader.has('twice'),
    part: { only, clients, forMs, plain: reader.has('plain') },
    trace,
    matrix: reader.has('matrix'),
    json: reader.has('json'),
  });
}

function listOf(text: string): Result<readonly number[], string> {
  if (text === 'none') return { ok: true, value: [] };
  const places = text.split(',').map((part) => (/^\d{1,9}$/.test(part) ? Number(part) : Number.NaN));
  if (places.some(Number.isNaN)) return { ok: false, error: `expected places such as 3,17, got "${text}"` };
  return { ok: true, value: places };
}
