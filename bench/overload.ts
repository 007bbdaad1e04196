/**
 * What if it is asked for three times what it can? `npm run bench -- overload [--seconds 60]`: measures what a host can
 * do, offers three times as much, and looks at the answers, the memory and how soon it is quick again. Exit code 1 when a
 * request was answered by anything but OK and BUSY, or not at all, when less was done than four fifths of what a host can,
 * when memory grew by more than a quarter of a GiB, or when it was not quick again within a second.
 */
import { parseArgs } from 'node:util';
import { overload, overloadSummary } from '../test/e2e/overload.ts';
import { temporaryDirectory } from '../test/e2e/program.ts';

const DONE_LEAST = 0.8;
const RSS_MIB_MORE_MAX = 256;
const RECOVERED_MS_MAX = 1_000;

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const report = await overload(temporaryDirectory(), 1_000 * Number(values.seconds));
console.log(overloadSummary(report));
const { wrong, unanswered, capacity, done, rssMiB, recoveredMs } = report;
const isAsPromised =
  wrong + unanswered === 0 &&
  done >= DONE_LEAST * capacity &&
  rssMiB <= RSS_MIB_MORE_MAX &&
  recoveredMs <= RECOVERED_MS_MAX;
process.exitCode = isAsPromised ? 0 : 1;
