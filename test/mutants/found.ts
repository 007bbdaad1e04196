/** Where mutants were found last: a file beside this one, which the command writes. What a seed means may change. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Found } from './mutant.ts';

const FILE = new URL('./found.json', import.meta.url);

export function readFound(): Map<string, Found> {
  return new Map(Object.entries(JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, Found>));
}

export function writeFound(found: ReadonlyMap<string, Found>): void {
  const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
}
