/**
 * What does SIGKILL cost? `npm run bench -- kill-loop -- --rounds 30 [--seed S] [--dir DIR]`: kills the whole process at
 * random moments under writes, bulks and deletes, and looks for what was acknowledged. Exit code 1 when any of it was
 * lost or a bulk was halved. The moments differ from run to run; the seed repeats what is written and drawn.
 */
import { killLoop, killLoopSummary } from '../test/e2e/kill-loop.ts';
import { roundsOf } from './rounds.ts';

const ROUNDS_DEFAULT = 30;

const report = await killLoop(roundsOf('kill-loop', ROUNDS_DEFAULT));
console.log(killLoopSummary(report));
process.exitCode = report.lost > 0 || report.partial > 0 ? 1 : 0;
