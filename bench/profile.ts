/**
 * `npm run profile -- doctor|flame -- SCRIPT [ARGUMENT …]`: runs a script under clinic and leaves a page to open in
 * .clinic/. Clinic is installed on first use, from the lockfile of this folder. Of its tools these two work on current
 * versions of Node; both watch the main thread. The script must end by itself.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const CLINIC = join(FOLDER, 'node_modules', 'clinic', 'bin.js');
const TOOLS = ['doctor', 'flame'];

/** Clinic asks, before anything else, whether it may report its use, and ends silently where nobody can answer. */
const QUIET = { NO_INSIGHT: '1', NO_UPDATE_NOTIFIER: '1' };

const [tool = '', ...rest] = process.argv.slice(2);
const script = rest[0] === '--' ? rest.slice(1) : rest;
if (!TOOLS.includes(tool) || script.length === 0) {
  process.stderr.write(`usage: npm run profile -- ${TOOLS.join('|')} -- SCRIPT [ARGUMENT ...]\n`);
  process.exit(2);
}
if (!existsSync(CLINIC)) run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', FOLDER]);
run(process.execPath, [CLINIC, tool, '--open=false', '--', process.execPath, ...script]);

/** Runs a command to its end; a failure, which it has explained itself, ends this one too. */
function run(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...QUIET } });
  if (status !== 0) process.exit(status ?? 1);
}
