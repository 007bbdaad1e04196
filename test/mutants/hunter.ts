/**
 * What a thread of its own does: loads the simulator with one defect in it, and plays seeds until a checker sees
 * something. Nothing of src may be loaded before the hooks are there.
 */
import { registerHooks } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { edited, editsOf, kindOf } from './mutant.ts';
import type { Hunt, HuntMessage, Shrinking } from './hunt.ts';

const SRC = new URL('../../src/', import.meta.url).href;

/** How long it may take to make what was found small. */
const SHRINK_MS_MAX = 60_000;
const SHRINK_PLAYS_MAX = 1_000;

const { mutant, seeds, shrinks = false } = workerData as Hunt;
const edits = mutant === null ? [] : editsOf(mutant);
const applied = new Set<string>();

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const mine = edits.filter(({ file }) => url === SRC + file);
    if (mine.length === 0) return loaded;
    let source = loaded.source == null ? '' : Buffer.from(loaded.source as Uint8Array | string).toString();
    for (const edit of mine) {
      const changed = edited(source, edit);
      if (changed === null) throw new Error(`stale: src/${edit.file} does not have exactly once: ${edit.find}`);
      source = changed;
      applied.add(edit.file);
    }
    return { ...loaded, source };
  },
});

const { play } = await import(`${SRC}sim/play.ts`);
const { drawScenario } = await import(`${SRC}sim/swarm.ts`);
const { shrink } = await import(`${SRC}sim/shrink.ts`);
const missing = edits.find(({ file }) => !applied.has(file));
if (missing !== undefined) throw new Error(`the simulator does not load src/${missing.file}`);

const tell = (message: HuntMessage): void => parentPort?.postMessage(message);
for (const seed of seeds) {
  tell({ seed, violations: null, kind: null });
  const violations: readonly string[] = play(drawScenario(seed)).violations;
  if (violations.length === 0) continue;
  tell({ seed, violations, kind: kindOf(violations), shrunk: shrinks ? shrunkFrom(seed) : undefined });
  break;
}

function shrunkFrom(seed: number): Shrinking {
  const began = performance.now();
  const isOver = (): boolean => performance.now() - began > SHRINK_MS_MAX;
  const { scenario } = shrink(drawScenario(seed), { playsMax: SHRINK_PLAYS_MAX, isOver });
  const happenings = scenario.happenings.filter(({ kind }: { kind: string }) => kind !== 'calm').length;
  return { happenings, seconds: (performance.now() - began) / 1_000 };
}
