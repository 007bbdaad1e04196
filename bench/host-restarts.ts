/**
 * Does a host end as it was told to? `npm run bench -- host-restarts --rounds 1000 [--dir DIR]`: starts and SIGTERMs it.
 * Exit code 1 when an end took over 500 ms or had another code than 0, left a lock, or lost a write.
 */
import { hostRestarts, hostRestartsFault, hostRestartsSummary } from '../test/e2e/host-restarts.ts';
import { roundsOf } from './rounds.ts';

const ROUNDS_DEFAULT = 1_000;

const report = await hostRestarts(roundsOf('host-restarts', ROUNDS_DEFAULT));
console.log(hostRestartsSummary(report));
process.exitCode = hostRestartsFault(report, 1) !== null ? 1 : 0;
