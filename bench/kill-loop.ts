/**
 * What does SIGKILL cost? `npm run bench -- kill-loop -- --rounds 30 [--seed S] [--dir DIR]`: kills the whole process at
 * random moments under writes, bulks and deletes, and looks for what was acknowledged. Exit code 1 when any of it was
 * lost or a bulk was halved. The moments differ from run to run; the seed repeats what is written and drawn.
 */
import { randomInt } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { killLoop, killLoopSummary } from '../test/e2e/kill-loop.ts';
import { temporaryDirectory } from '../test/e2e/program.ts';

const ROUNDS_DEFAULT = '30';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: ROUNDS_DEFAULT }, seed: { type: 'string' }, dir: { type: 'string' } },
});
const rounds = Number(values.rounds);
const seed = values.seed === undefined ? randomInt(0x1_0000_0000) : Number(values.seed);
if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seed)) {
  process.stderr.write('usage: kill-loop [--rounds N] [--seed S] [--dir DIR]\n');
  process.exit(2);
}
const directory = values.dir === undefined ? temporaryDirectory() : resolve(values.dir);
mkdirSync(directory, { recursive: true });

console.log(`seed ${seed}`);
const report = await killLoop({ rounds, seed, directory, onLine: (line) => console.log(line) });
console.log(killLoopSummary(report));
process.exitCode = report.lost > 0 || report.partial > 0 ? 1 : 0;
