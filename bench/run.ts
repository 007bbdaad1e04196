/**
 * `npm run bench [-- QUESTION …]`: runs the named questions, one file of this folder each, one after the other because
 * they would disturb each other; all of them when none is named. What a question prints is its own matter.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const TOOLS = ['run', 'profile'];

const questions = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.slice(0, -3))
  .filter((name) => !TOOLS.includes(name));
const asked = process.argv.length > 2 ? process.argv.slice(2) : questions;

const unknown = asked.find((name) => !questions.includes(name));
if (unknown !== undefined) {
  process.stderr.write(`no question ${unknown}: ${questions.join(', ')}\n`);
  process.exit(2);
}
for (const name of asked) {
  const { status } = spawnSync(process.execPath, [`${FOLDER}${name}.ts`], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
