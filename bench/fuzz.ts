/**
 * What does a host make of rubbish? `npm run bench -- fuzz --rounds 100000000 [--seed S]`: so many malformed lines at the
 * text port. Exit code 1 when one was not answered by one error, or anything stored changed.
 */
import { fuzz, fuzzFailed, fuzzSummary } from '../test/e2e/fuzz.ts';
import { roundsOf } from './rounds.ts';

const LINES_DEFAULT = 1_000_000;

const { rounds, seed, onLine } = roundsOf('fuzz', LINES_DEFAULT);
const report = await fuzz({ cases: rounds, seed, onLine });
for (const wrong of report.wrong) console.log(wrong);
console.log(fuzzSummary(report));
process.exitCode = fuzzFailed(report) ? 1 : 0;
