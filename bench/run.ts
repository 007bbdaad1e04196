/**
 * `npm run bench [-- QUESTION … FLAG …]`: runs the named questions, one file of this folder each, one after the other
 * because they would disturb each other, each with the flags; all of them when none is named, but for those that ask for
 * correctness and not for figures. What a question prints is its own matter.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const TOOLS = ['run', 'profile', 'program', 'rounds'];
const ON_REQUEST = [
  'kill-loop',
  'power-loop',
  'disk-full',
  'in-flight',
  'worker-restarts',
  'host-restarts',
  'overload',
  'fuzz',
  'mutants',
];

const questions = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.slice(0, -3))
  .filter((name) => !TOOLS.includes(name));
const words = process.argv.slice(2);
const firstFlag = words.findIndex((word) => word.startsWith('-'));
const named = firstFlag === -1 ? words : words.slice(0, firstFlag);
const flags = words.slice(named.length).filter((word) => word !== '--');
const asked = named.length > 0 ? named : questions.filter((name) => !ON_REQUEST.includes(name));

const unknown = asked.find((name) => !questions.includes(name));
if (unknown !== undefined) {
  process.stderr.write(`no question ${unknown}: ${questions.join(', ')}\n`);
  process.exit(2);
}
for (const name of asked) {
  const { status } = spawnSync(process.execPath, [`${FOLDER}${name}.ts`, ...flags], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
