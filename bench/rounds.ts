/** The command line of those questions that repeat a round of a test until somebody is content: how often, from which seed, where. */
import { randomInt } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { temporaryDirectory } from '../test/e2e/program.ts';

export type Rounds = {
  readonly rounds: number;
  readonly seed: number;
  readonly directory: string;
  readonly onLine: (line: string) => void;
};

/** What `--rounds N`, `--seed S` and `--dir DIR` say; ends the process with code 2 when they make no sense. */
export function roundsOf(question: string, roundsDefault: number): Rounds {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: String(roundsDefault) },
      seed: { type: 'string' },
      dir: { type: 'string' },
    },
  });
  const rounds = Number(values.rounds);
  const seed = values.seed === undefined ? randomInt(0x1_0000_0000) : Number(values.seed);
  if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seed)) {
    process.stderr.write(`usage: ${question} [--rounds N] [--seed S] [--dir DIR]\n`);
    process.exit(2);
  }
  const directory = values.dir === undefined ? temporaryDirectory() : resolve(values.dir);
  mkdirSync(directory, { recursive: true });
  console.log(`seed ${seed}`);
  return { rounds, seed, directory, onLine: (line) => console.log(line) };
}
