/**
 * What does rot do? `npm run bench -- bit-flips [--share 1] [--others 1000000] [--seed S]`: flips every bit of a WAL of 64
 * KiB, and so many drawn bits of a checkpoint and of the small files, one at a time. Exit code 1 when a flip was not
 * seen, or got another verdict than it must.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { flipBits } from '../test/storage/bit-flips.ts';

const { values } = parseArgs({
  options: {
    share: { type: 'string', default: '1' },
    others: { type: 'string', default: '1000000' },
    seed: { type: 'string' },
  },
});
const seed = values.seed === undefined ? randomInt(0x1_0000_0000) : Number(values.seed);
console.log(`seed ${seed}`);
const { flips, refused, cut, harmless, wrong } = flipBits(Number(values.share), Number(values.others), seed);
for (const each of wrong.slice(0, 100)) console.log(each);
console.log(
  `Flips: ${flips}, Refused: ${refused}, Cut as a torn tail: ${cut}, Harmless: ${harmless}, Wrong: ${wrong.length}`,
);
process.exitCode = wrong.length > 0 ? 1 : 0;
