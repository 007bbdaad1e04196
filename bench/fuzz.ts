/**
 * What does a host make of rubbish? `npm run bench -- fuzz --rounds 100000000 [--seed S]`: so many malformed lines at the
 * text port, and as many malformed requests at the RESP port. Exit code 1 when one was not answered by one error, or
 * anything stored changed.
 */
import { fuzz, fuzzFailed, fuzzSummary } from '../test/e2e/fuzz.ts';
import { fuzzResp } from '../test/e2e/fuzz-resp.ts';
import { roundsOf } from './rounds.ts';

const LINES_DEFAULT = 1_000_000;

const { rounds, seed, onLine } = roundsOf('fuzz', LINES_DEFAULT);
for (const ask of [fuzz, fuzzResp]) {
  const report = await ask({ cases: rounds, seed, onLine });
  for (const wrong of report.wrong) console.log(wrong);
  console.log(fuzzSummary(report));
  if (fuzzFailed(report)) process.exitCode = 1;
}
