/** Hunts one mutant: a thread with the defect in it plays seeds until one shows it. */
import { Worker } from 'node:worker_threads';
import type { Found, Kind, Mutant } from './mutant.ts';

/** `mutant` null: the product as it is. */
export type Hunt = { readonly mutant: Mutant | null; readonly seeds: readonly number[] };

/** `violations` null: the seed begins. */
export type HuntMessage = {
  readonly seed: number;
  readonly violations: readonly string[] | null;
  readonly kind: Kind | null;
};

/** `found` null: no seed of those showed it. */
export type Hunted = {
  readonly found: Found | null;
  readonly played: number;
  readonly seconds: number;
  /** The violation that showed it. */
  readonly violation: string;
};

/** A seed that plays longer than this does not end. */
const SEED_MS_MAX = 120_000;

/** Rejects when the mutant is stale, or not of a file that the simulator loads. */
export function hunt({ mutant, seeds }: Hunt, onSeed: (seed: number) => void = () => undefined): Promise<Hunted> {
  const started = performance.now();
  // Neither the type checker's flags nor a test runner's: the thread strips types itself.
  const worker = new Worker(new URL('./hunter.ts', import.meta.url), {
    workerData: { mutant, seeds } satisfies Hunt,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    resourceLimits: { maxOldGenerationSizeMb: 1_024 },
  });
  return new Promise((resolve, reject) => {
    let played = 0;
    let timer: NodeJS.Timeout | null = null;
    const end = (found: Found | null, violation: string): void => {
      if (timer !== null) clearTimeout(timer);
      void worker.terminate();
      resolve({ found, played, seconds: (performance.now() - started) / 1_000, violation });
    };
    worker.on('message', ({ seed, violations, kind }: HuntMessage) => {
      if (timer !== null) clearTimeout(timer);
      if (violations !== null && kind !== null) {
        end({ seed, kind, played }, violations[0] ?? '');
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
