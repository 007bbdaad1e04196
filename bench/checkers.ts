/**
 * How fast are histories judged? A right history of a million operations on ten thousand keys, by sixteen processes of which
 * some never hear how an operation ended; and which part of the simulator's time its checkers take, as the profiler of V8
 * sees it. No timing is a test.
 */
import { type Profiler, Session } from 'node:inspector/promises';
import { Prng } from '../src/lib/prng.ts';
import { checkHistory } from '../src/sim/checkers/check.ts';
import { play } from '../src/sim/play.ts';
import { drawScenario } from '../src/sim/swarm.ts';
import { generate } from '../test/sim/checkers/generated.ts';
import { alone } from './measure/answer.ts';
import { report } from './measure/report.ts';
import { interleaved } from './measure/rounds.ts';
import { amount } from './measure/settings.ts';

const OPERATIONS = amount(1_000_000);
const KEYS = amount(10_000);
const SEEDS = amount(100);
const SECONDS_MOST = 30;
const PERCENT_MOST = 10;
const CHECKERS = '/src/sim/checkers/';

const shape = { operations: OPERATIONS, processes: 16, keys: KEYS, several: false, versions: true, unknown: 0.001 };
const history = generate(new Prng(1), shape);
let seed = 1;
const figures = await interleaved(
  {
    check() {
      const begin = process.cpuUsage();
      const { violations } = checkHistory(history, { promises: null });
      if (violations.length > 0) throw new Error(`a right history was blamed: ${violations[0]}`);
      const { user, system } = process.cpuUsage(begin);
      return (user + system) / 1e6;
    },
    share: () => shareOfCheckers(),
  },
  { warmUp: false },
);
const size = `${OPERATIONS.toLocaleString('en')} operations on ${KEYS.toLocaleString('en')} keys`;
report({
  question: 'checkers',
  title: 'Histories that are judged',
  rows: [
    alone(`a verdict on ${size}`, 's of processor time', figures.check, { most: SECONDS_MOST }),
    alone(`checkers' part of ${SEEDS} simulated clusters`, '% of the time', figures.share, { most: PERCENT_MOST }),
  ],
  notes: [],
});

async function shareOfCheckers(): Promise<number> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  for (let i = 0; i < SEEDS; i++) play(drawScenario(seed++));
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  return 100 * partOf(profile, CHECKERS);
}

/** The part of all samples that were taken in a function of these files, or in what it called. */
function partOf({ nodes, samples = [] }: Profiler.Profile, files: string): number {
  const within = new Set<number>();
  const byId = new Map(nodes.map((node) => [node.id, node]));
  // A parent comes before its children.
  for (const { id, callFrame, children = [] } of nodes) {
    if (callFrame.url.includes(files)) within.add(id);
    if (within.has(id)) for (const child of children) within.add(child);
  }
  const busy = samples.filter((id) => byId.get(id)?.callFrame.functionName !== '(idle)');
  return busy.filter((id) => within.has(id)).length / busy.length;
}
