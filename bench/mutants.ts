/**
 * Does the simulator see? `npm run bench -- mutants [--seeds 1000] [--from 1] [--after N] [--most N] [--threads N]
 * [--only TEXT] [--unfound] [--shrink] [--write]`: puts one defect after the other into the product as it is loaded and
 * plays seeds until a checker reports a violation that is not there without the defect: first those that once found a
 * real one, then those that are likely to show this one.
 *
 * `--most`: of the seeds at most so many are played for each; `--after`: the first so many were played by an earlier
 * hunt and are counted, not played; `--only`: mutants with this text in name or file; `--unfound`: those that count and
 * were not found last; `--shrink`: those that were, each with what shows it made small; `--write`: keeps where they were
 * found, for the tests. Exit code 1 when fewer than 95 % of them are found, or one is stale.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { FOUND } from '../test/sim/found.ts';
import { readFound, writeFound } from '../test/mutants/found.ts';
import { hunt, type Hunted } from '../test/mutants/hunt.ts';
import { mostLikelyFirst } from '../test/mutants/likely.ts';
import { MUTANTS } from '../test/mutants/list.ts';
import type { Mutant } from '../test/mutants/mutant.ts';

/** What is left of one that was made small may hold so many happenings (DST-10). */
const HAPPENINGS_MAX = 20;

/** Of those that count, how many must be found. */
const SHARE_MIN = 0.95;

/** Seeds that broke a promise once. */
const KEPT = [...new Set(FOUND.map(({ scenario }) => scenario.seed))];

type Outcome = Hunted & { readonly mutant: Mutant };

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    after: { type: 'string', default: '0' },
    most: { type: 'string', default: '1000' },
    threads: { type: 'string', default: String(availableParallelism()) },
    only: { type: 'string', default: '' },
    unfound: { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => Number(values.from) + i);
const known = readFound();
const asked = MUTANTS.filter(({ name, file, outside }) => {
  const isNamed = name.includes(values.only) || file.includes(values.only);
  if (values.shrink) return isNamed && known.has(name);
  return isNamed && !(values.unfound && (known.has(name) || outside !== undefined));
});
const started = performance.now();
const outcomes: Outcome[] = [];
const broken: string[] = [];
/** Seeds that were played without a defect, and what was wrong with them. */
const controls = new Map<number, string>();
const current = new Map<Mutant, number>();
const waiting = [...asked];

await Promise.all(Array.from({ length: Number(values.threads) }, work));
report();

async function work(): Promise<void> {
  for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
    try {
      const outcome = { mutant, ...(await huntDown(mutant)) };
      outcomes.push(outcome);
      print(outcome);
      // At once: a hunt lasts for hours, and may be ended at any time.
      if (values.write) keep();
    } catch (error) {
      broken.push(error instanceof Error ? error.message : String(error));
    }
    current.delete(mutant);
  }
}

/** Where it was found before it is likely to be found again. */
async function huntDown(mutant: Mutant): Promise<Hunted> {
  const before = known.get(mutant.name);
  if (before !== undefined) {
    const again = await hunt({ mutant, seeds: [before.seed], shrinks: values.shrink }, (seed) =>
      progress(mutant, seed),
    );
    if (again.found !== null && (await isHarmless(before.seed))) {
      return { ...again, found: { ...before, kind: again.found.kind } };
    }
  }
  const { likely = [] } = mutant;
  const order = [...KEPT, ...mostLikelyFirst(seeds, likely)].slice(0, Number(values.most));
  const after = Number(values.after);
  const hunted = await hunt({ mutant, seeds: order.slice(after), shrinks: values.shrink }, (seed) =>
    progress(mutant, seed),
  );
  const played = after + hunted.played;
  if (hunted.found === null) return { ...hunted, played };
  const { seed } = hunted.found;
  if (!(await isHarmless(seed))) {
    throw new Error(`seed ${seed} fails without a defect too: ${controls.get(seed)?.split('\n')[0]}`);
  }
  return { ...hunted, played, found: { ...hunted.found, played } };
}

/** Whether nothing is wrong with a seed without a defect. */
async function isHarmless(seed: number): Promise<boolean> {
  if (!controls.has(seed)) controls.set(seed, (await hunt({ mutant: null, seeds: [seed] })).violation);
  return controls.get(seed) === '';
}

function progress(mutant: Mutant, seed: number): void {
  current.set(mutant, seed);
  if (!process.stderr.isTTY) return;
  const done = outcomes.length + broken.length;
  process.stderr.write(`\r\u001b[K${done} of ${asked.length} mutants; at seeds ${[...current.values()].join(', ')}`);
}

function print({ mutant, found, played, seconds, shrunk }: Outcome): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  const where = found === null ? 'not found' : `seed ${found.seed}, ${found.kind}`;
  const took = `${played} played, ${seconds.toFixed(1)} s`;
  const left =
    shrunk === undefined ? '' : `, ${shrunk.happenings} happenings left after ${shrunk.seconds.toFixed(1)} s`;
  console.log(`${where.padEnd(22)} ${took.padStart(22)}  ${mutant.name}${left}`);
}

function report(): void {
  const counted = outcomes.filter(({ mutant }) => mutant.outside === undefined);
  const found = counted.filter((outcome) => outcome.found !== null);
  const survivors = outcomes.filter((outcome) => outcome.found === null);
  console.log('');
  for (const { mutant, played } of survivors) {
    console.log(
      `not found in ${played} seeds: ${mutant.name}${mutant.outside === undefined ? '' : ` (${mutant.outside})`}`,
    );
  }
  for (const problem of broken) console.log(problem);
  const places = found.map((outcome) => outcome.found?.played ?? 0).sort((a, b) => a - b);
  const played = outcomes.reduce((sum, outcome) => sum + outcome.played, 0);
  const seconds = (performance.now() - started) / 1_000;
  const share = counted.length === 0 ? 1 : found.length / counted.length;
  console.log(
    `Mutants: ${asked.length}, Outside: ${outcomes.length - counted.length}, Found: ${found.length} of ` +
      `${counted.length} (${(share * 100).toFixed(1)} %), Stale or unsure: ${broken.length}`,
  );
  console.log(
    `Seeds played until found: ${places[places.length >> 1] ?? 0} (median), ${places.at(-1) ?? 0} (most); ` +
      `${played} seeds in ${seconds.toFixed(0)} s (${Math.round((played / seconds) * 60)} a minute)`,
  );
  const left = counted.flatMap(({ shrunk }) => (shrunk === undefined ? [] : [shrunk.happenings])).sort((a, b) => a - b);
  if (left.length > 0) {
    const small = left.filter((happenings) => happenings <= HAPPENINGS_MAX).length;
    console.log(
      `Made small: ${small} of ${left.length} to ${HAPPENINGS_MAX} happenings or fewer ` +
        `(${((small / left.length) * 100).toFixed(1)} %); ${left[left.length >> 1]} (median), ${left.at(-1)} (most)`,
    );
  }
  process.exitCode = broken.length > 0 || share < SHARE_MIN ? 1 : 0;
}

/** What was played now replaces what is known of the same mutants; of those that are gone nothing is kept. */
function keep(): void {
  const names = new Set(MUTANTS.map(({ name }) => name));
  const kept = new Map([...known].filter(([name]) => names.has(name)));
  for (const { mutant, found } of outcomes) {
    if (found === null) kept.delete(mutant.name);
    else kept.set(mutant.name, found);
  }
  writeFound(kept);
}
