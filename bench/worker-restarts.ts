/**
 * What is left of a server's life? `npm run bench -- worker-restarts --rounds 100000 [--seed S] [--dir DIR]`: kills and
 * starts storage servers under one host. Exit code 1 when memory, threads or open files grow, or a write is lost.
 */
import { workerRestarts, workerRestartsFailed, workerRestartsSummary } from '../test/e2e/worker-restarts.ts';
import { roundsOf } from './rounds.ts';

const ROUNDS_DEFAULT = 100_000;

const report = await workerRestarts(roundsOf('worker-restarts', ROUNDS_DEFAULT));
console.log(workerRestartsSummary(report));
process.exitCode = workerRestartsFailed(report) ? 1 : 0;
