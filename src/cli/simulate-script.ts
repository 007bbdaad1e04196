/** `coppice simulate SCRIPT`: a fault script in virtual time. 5 when something that it expects did not come. */
import { randomInt } from 'node:crypto';
import { runScriptInSimulator } from '../sim/script-cluster.ts';
import { SCRIPT_FLAGS } from './fault-options.ts';
import { readText } from './files.ts';
import { choice, FlagReader, type FlagValues, longName, wholeNumber } from './flags.ts';
import { checked, sure, tellReport } from './script-report.ts';
import { SIMULATE_FLAGS } from './simulate-options.ts';
import type { Terminal } from './terminal.ts';

const SEED_MAX = 0xffff_ffff;

/** Flags of the search that a script takes too. */
const TAKEN = ['mode', ...SCRIPT_FLAGS.map(longName)];

/** Resolves with the exit code. */
export async function runSimulatedScript(file: string, values: FlagValues, terminal: Terminal): Promise<number> {
  const reader = new FlagReader(SIMULATE_FLAGS, values, terminal.env);
  reader.get('mode', choice(['replicated']));
  for (const name of SIMULATE_FLAGS.map(longName)) {
    if (reader.isGiven(name) && !TAKEN.includes(name))
      reader.fail(`--${name} is of drawn seeds: give no script with it`);
  }
  const seed = reader.get('seed', wholeNumber(0, SEED_MAX)) ?? randomInt(SEED_MAX);
  const options = checked(reader.done({ json: reader.has('json') }));
  const { report } = sure(file, runScriptInSimulator(await readText(file), seed));
  return tellReport(report, options, terminal);
}
