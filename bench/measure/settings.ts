/**
 * What every question that prints figures is asked with: `--rounds N` (5, or 2 with `--quick`), `--quick` (a tenth of the
 * work, to see that it runs), `--json` (the answer as one JSON object).
 */
import { parseArgs } from 'node:util';

export type Settings = { readonly rounds: number; readonly isQuick: boolean; readonly isJson: boolean };

const ROUNDS = 5;
const QUICK_ROUNDS = 2;
const QUICK_PART = 10;

export const settings = read();

/** So much work, or a tenth of it when it only has to be seen that it runs. */
export function amount(full: number): number {
  return settings.isQuick ? Math.ceil(full / QUICK_PART) : full;
}

/** Tells whoever waits how far it is; never on standard output, which has the figures alone. */
export function progress(line: string): void {
  process.stderr.write(`  ${line}\n`);
}

function read(): Settings {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds ?? (values.quick ? QUICK_ROUNDS : ROUNDS));
  if (!Number.isInteger(rounds) || rounds < 1) {
    process.stderr.write('usage: [--rounds N] [--quick] [--json]\n');
    process.exit(2);
  }
  return { rounds, isQuick: values.quick, isJson: values.json };
}
