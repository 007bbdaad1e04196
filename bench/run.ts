/**
 * `npm run bench [-- QUESTION … FLAG …]`: asks the questions of this folder, one file each and one after the other because
 * they would disturb each other, and prints one table. `--rounds N`, `--quick` (to see that it runs), `--json` (all as one
 * JSON object), `--compare FILE` (beside such an object of another day). A question that is named alone prints itself.
 * Those that ask for correctness and not for figures run only when they are named, with flags of their own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Answer, inMarkdown } from './measure/answer.ts';
import { comparison, type Session } from './measure/comparison.ts';
import { showMachine, thisMachine } from './measure/machine.ts';
import { whileRunning } from './measure/processes.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const TOOLS = ['run', 'profile', 'rounds'];
/** In the order of the table. */
const FIGURES = [
  ...['set', 'set-replicated', 'set-wait', 'get', 'hash', 'load', 'memory', 'restart', 'failover', 'growth', 'idle'],
  ...['etcd', 'flood', 'sources', 'inside', 'read', 'start', 'ring', 'codec', 'document', 'compute', 'trie', 'wal'],
  ...['checkers'],
];

const { asked, flags, isJson, compared } = commandLine();
const isAlone = asked.length === 1 && !isJson && compared === null;
if (isAlone || !asked.every((name) => FIGURES.includes(name))) {
  for (const name of asked) if ((await ask(name, flags, 'inherit')).code !== 0) process.exitCode = 1;
} else await printAll();

/** One table, or one object, of all answers. */
async function printAll(): Promise<void> {
  const earlier = compared === null ? null : (JSON.parse(readFileSync(compared, 'utf8')) as Session);
  const machine = thisMachine();
  const began = new Date();
  const answers: Answer[] = [];
  const failed: string[] = [];
  for (const [i, name] of asked.entries()) {
    process.stderr.write(`${name} (${i + 1} of ${asked.length})\n`);
    const { code, output } = await ask(name, [...flags, '--json'], 'pipe');
    if (code === 0) answers.push(JSON.parse(output) as Answer);
    else failed.push(name);
  }
  const seconds = Math.round((Date.now() - began.getTime()) / 1_000);
  const session: Session = { machine, began: began.toISOString(), seconds, flags, answers, failed };
  if (isJson) console.log(JSON.stringify(session));
  else {
    console.log(inMarkdown(answers));
    console.log(`\nOn ${showMachine(machine)}; ${began.toISOString()}, ${seconds} seconds ${flags.join(' ')}`);
  }
  // Beside an object for programs, what people read goes elsewhere.
  if (earlier !== null) (isJson ? console.error : console.log)(`\n${comparison(earlier, session)}`);
  if (failed.length > 0) {
    process.stderr.write(`without an answer: ${failed.join(', ')}\n`);
    process.exitCode = 1;
  }
}

async function ask(
  name: string,
  words: readonly string[],
  output: 'inherit' | 'pipe',
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(process.execPath, [`${FOLDER}${name}.ts`, ...words], { stdio: ['inherit', output, 'inherit'] });
  // It ends what it has started itself.
  whileRunning(child, () => child.kill('SIGTERM'));
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output: text };
}

function commandLine() {
  const words = process.argv.slice(2).filter((word) => word !== '--');
  const firstFlag = words.findIndex((word) => word.startsWith('-'));
  const named = firstFlag === -1 ? words : words.slice(0, firstFlag);
  const flags = words.slice(named.length);
  const questions = readdirSync(FOLDER)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.slice(0, -3))
    .filter((name) => !TOOLS.includes(name));
  const unknown = named.find((name) => !questions.includes(name));
  if (unknown !== undefined) {
    process.stderr.write(`no question ${unknown}: ${questions.join(', ')}\n`);
    process.exit(2);
  }
  const at = flags.indexOf('--compare');
  const [, compared = null] = at === -1 ? [] : flags.splice(at, 2);
  const isJson = flags.includes('--json');
  return {
    asked: named.length > 0 ? named : FIGURES,
    flags: flags.filter((flag) => flag !== '--json'),
    isJson,
    compared,
  };
}
