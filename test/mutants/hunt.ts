/** Hunts one mutant: a thread with the defect in it plays seeds until one shows it. */
import { Worker } from 'node:worker_threads';
import type { Found, Kind, Mutant } from './mutant.ts';

/** `mutant` null: the product as it is. `shrinks`: what shows it is made small. */
export type Hunt = { readonly mutant: Mutant | null; readonly seeds: readonly number[]; readonly shrinks?: boolean };

/** What is left of a scenario that was made small: how many happenings, in how many seconds. */
export type Shrinking = { readonly happenings: number; readonly seconds: number };

/** `violations` null: the seed begins. */
export type HuntMessage = {
  readonly seed: number;
  readonly violations: readonly string[] | null;
  readonly kind: Kind | null;
  readonly shrunk?: Shrinking | undefined;
};

/** `found` null: no seed of those showed it. */
export type Hunted = {
  readonly found: Found | null;
  readonly played: number;
  readonly seconds: number;
  /** The violation that showed it. */
  readonly violation: string;
  readonly shrunk?: Shrinking | undefined;
};

/** A seed that plays longer than this, with what it takes to make it small, does not end. */
const SEED_MS_MAX = 120_000;

/** Rejects when the mutant is stale, or not of a file that the simulator loads. */
export function hunt(asked: Hunt, onSeed: (seed: number) => void = () => undefined): Promise<Hunted> {
  const { mutant, seeds } = asked;
  const started = performance.now();
  // Neither the type checker's flags nor a test runner's: the thread strips types itself.
  const worker = new Worker(new URL('./hunter.ts', import.meta.url), {
    workerData: asked,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    resourceLimits: { maxOldGenerationSizeMb: 1_024 },
  });
  return new Promise((resolve, reject) => {
    let played = 0;
    let timer: NodeJS.Timeout | null = null;
    const end = (found: Found | null, violation: string, shrunk?: Shrinking): void => {
      if (timer !== null) clearTimeout(timer);
      void worker.terminate();
      resolve({ found, played, seconds: (performance.now() - started) / 1_000, violation, shrunk });
    };
    worker.on('message', ({ seed, violations, kind, shrunk }: HuntMessage) => {
      if (timer !== null) clearTimeout(timer);
      if (violations !== null && kind !== null) {
        end({ seed, kind, played }, violations[0] ?? '', shrunk);
        return;
      }
      played++;
      onSeed(seed);
      timer = setTimeout(() => end({ seed, kind: 'endless', played }, 'does not end'), SEED_MS_MAX);
    });
    worker.on('error', (error) => {
      if (timer !== null) clearTimeout(timer);
      const { code } = error as NodeJS.ErrnoException;
      const isMemory = code === 'ERR_WORKER_OUT_OF_MEMORY';
      if (isMemory) end({ seed: seeds[played - 1] ?? 0, kind: 'endless', played }, 'takes up all memory');
      else
        reject(
          new Error(`${mutant?.name ?? 'without a defect'}: ${error instanceof Error ? error.message : String(error)}`),
        );
    });
    worker.on('exit', () => end(null, ''));
  });
}
