/**
 * What if it is asked for three times what it can? `npm run bench -- overload [--seconds 60]`: measures what a host can
 * do, offers three times as much, and looks at the answers, the memory and how soon it is quick again. Exit code 1 when a
 * request was answered by anything but OK and BUSY, or not at all.
 */
import { parseArgs } from 'node:util';
import { overload, overloadSummary } from '../test/e2e/overload.ts';
import { temporaryDirectory } from '../test/e2e/program.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const report = await overload(temporaryDirectory(), 1_000 * Number(values.seconds));
console.log(overloadSummary(report));
process.exitCode = report.wrong + report.unanswered > 0 ? 1 : 0;
