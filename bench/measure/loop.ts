/** Work of microseconds, repeated until a clock can tell how long it takes. */
import { settings } from './settings.ts';

const MILLISECONDS = settings.isQuick ? 20 : 100;
/** Between two looks at the clock. */
const BATCH = 500;

/** Nothing that is computed may be left out because nobody looks at it. */
let kept: unknown = null;

/** How often `work` runs a second. */
export function perSecond(work: () => unknown): number {
  const begin = performance.now();
  let runs = 0;
  let elapsed = 0;
  while (elapsed < MILLISECONDS) {
    for (let i = 0; i < BATCH; i++) kept = work();
    runs += BATCH;
    elapsed = performance.now() - begin;
  }
  if (kept === perSecond) throw new Error('no work gives this');
  return (runs / elapsed) * 1_000;
}
