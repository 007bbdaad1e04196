/**
 * What does a full disk cost? `npm run bench -- disk-full -- --rounds 100 [--seed S] [--dir DIR]`: a host on a file system
 * of 8 MiB that is filled and freed, as root on Linux. Exit code 1 when anything acknowledged was lost, a write was
 * answered with neither success nor a definite refusal, or refusals and the return of writes took too long.
 */
import { diskFull, diskFullSummary, mountSmall, unmountSmall } from '../test/e2e/disk-full.ts';
import { roundsOf } from './rounds.ts';

const ROUNDS_DEFAULT = 100;
const REFUSAL_MS_MAX = 20;
const RETURN_MS_MAX = 1_000;

const asked = roundsOf('disk-full', ROUNDS_DEFAULT);
const problem = mountSmall(asked.directory);
if (problem !== null) {
  process.stderr.write(`cannot mount a small file system: ${problem}\n`);
  process.exit(2);
}
try {
  const report = await diskFull(asked);
  console.log(diskFullSummary(report));
  const isSlow = report.refusalMs > REFUSAL_MS_MAX || report.returnMs > RETURN_MS_MAX;
  process.exitCode = report.lost + report.otherwise + report.deletesRefused > 0 || isSlow ? 1 : 0;
} finally {
  unmountSmall(asked.directory);
}
