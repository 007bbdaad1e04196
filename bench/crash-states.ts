/**
 * What can a power loss leave? `npm run bench -- crash-states --states 5000000 [--seed S]`: looks at the states that it can
 * leave at each disk call of storage servers' lives, and starts from each. Exit code 1 when something acknowledged was
 * lost, something is half there, or a server does not start.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { crashStates } from '../test/storage/crash-states.ts';

const TOLD_EVERY = 100;

const { values } = parseArgs({
  options: { states: { type: 'string', default: '200000' }, seed: { type: 'string' } },
});
const seed = values.seed === undefined ? randomInt(0x1_0000_0000) : Number(values.seed);
console.log(`seed ${seed}`);
const startMs = performance.now();
const report = crashStates(Number(values.states), seed, ({ lives, states }) => {
  if (lives % TOLD_EVERY === 0) console.log(`${states} states of ${lives} lives`);
});
const { states, calls, lives, failures } = report;
for (const failure of failures) console.log(failure);
const rate = Math.round((states / (performance.now() - startMs)) * 1000);
console.log(`States: ${states} at ${calls} calls of ${lives} lives, ${rate} a second, Violations: ${failures.length}`);
process.exitCode = failures.length > 0 ? 1 : 0;
