/**
 * What does a sync that fails cost? `npm run bench -- failing-syncs --rounds 500 [--seed S] [--dir DIR]`: the nth fdatasync
 * of one server's log answers EIO, again and again, with two copies and then with one. Exit code 1 when something
 * acknowledged was lost, a bulk was halved, or a sync was tried again.
 */
import { join } from 'node:path';
import { failingSyncs, failingSyncsFailed, failingSyncsSummary, tracingProblem } from '../test/e2e/failing-syncs.ts';
import { roundsOf } from './rounds.ts';

const ROUNDS_DEFAULT = 500;

const problem = tracingProblem();
if (problem !== null) {
  console.log(`not asked: ${problem}`);
} else {
  const options = roundsOf('failing-syncs', ROUNDS_DEFAULT);
  for (const servers of [3, 1] as const) {
    const report = await failingSyncs({ ...options, servers, directory: join(options.directory, `of-${servers}`) });
    console.log(`${servers} servers: ${failingSyncsSummary(report)}`);
    if (failingSyncsFailed(report)) process.exitCode = 1;
  }
}
