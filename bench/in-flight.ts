/**
 * What does the death of a server cost those who wait for it? `npm run bench -- in-flight --rounds 1000 [--seed S]
 * [--dir DIR]`: a thousand requests in flight, a server killed, and every one of them must be answered once, in time and
 * truthfully. Exit code 1 when one was not.
 */
import { inFlightFailed, inFlightRounds, inFlightSummary } from '../test/e2e/in-flight.ts';
import { roundsOf } from './rounds.ts';

const ROUNDS_DEFAULT = 1_000;

const report = await inFlightRounds(roundsOf('in-flight', ROUNDS_DEFAULT));
console.log(inFlightSummary(report));
process.exitCode = inFlightFailed(report) ? 1 : 0;
