/**
 * What does a loss of power cost? `npm run bench -- power-loop -- --rounds 200 [--seed S] [--dir DIR]`: power fails for one
 * server or all at random moments under writes, bulks and deletes, what was not synced is gone in part or whole, and
 * what was acknowledged is looked for. Exit code 1 when any of it was lost or a bulk was halved.
 */
import { powerLoop, powerLoopSummary } from '../test/e2e/power-loop.ts';
import { roundsOf } from './rounds.ts';

const ROUNDS_DEFAULT = 200;

const report = await powerLoop({ ...roundsOf('power-loop', ROUNDS_DEFAULT), durability: 'fsync' });
console.log(powerLoopSummary(report));
process.exitCode = report.lost > 0 || report.partial > 0 ? 1 : 0;
