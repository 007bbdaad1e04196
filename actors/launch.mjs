#!/usr/bin/env node
/*
 * The `coppice` command: starts the program on a Node that can run it. Plain JavaScript that an old Node can parse
 * too, because a machine's own Node may be old; the one that the program needs comes with it, as an optional package.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MIN = 24;

// A checkout has the source; the npm package has only what was built from it.
const source = new URL('./coppice.ts', import.meta.url);
const program = existsSync(source) ? source : new URL('../dist/package/actors/coppice.js', import.meta.url);

// Compiled code is kept for the next start: half of a short command's time. Told by the environment, because threads
// and the Node below look there. Only in the user's own folder: without one, or where none can be written, nothing is
// kept. (The folder must exist: Node never comes back from making one where the system makes none.)
const { XDG_CACHE_HOME, LOCALAPPDATA, HOME } = process.env;
const [home, ...below] = XDG_CACHE_HOME ? [XDG_CACHE_HOME] : LOCALAPPDATA ? [LOCALAPPDATA] : [HOME, '.cache'];
if (home && existsSync(home)) {
  process.env.NODE_COMPILE_CACHE ??= join(home, ...below, 'coppice', 'compiled');
  module.enableCompileCache?.();
}

if (Number.parseInt(process.versions.node, 10) >= NODE_MIN) await import(program.href);
else runOn(bundledNode());

/** Path of the Node that npm installed beside this program, or null. */
function bundledNode() {
  const require = createRequire(import.meta.url);
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const file = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node';
  for (const name of [`node-${platform}-${process.arch}`, `node-bin-${platform}-${process.arch}`]) {
    try {
      return require.resolve(`${name}/${file}`);
    } catch {
      // Not this name: packages of Node are named in two ways.
    }
  }
  return null;
}

/** Becomes the program as far as a process can: same arguments and streams, signals passed on, same end. */
function runOn(node) {
  if (node === null) {
    process.stderr.write(
      `coppice needs Node ${NODE_MIN} or later, this is ${process.versions.node}: ` +
        'run "npm ci" (without --omit=optional) and then "npx coppice start"\n',
    );
    process.exitCode = 2;
    return;
  }
  const child = spawn(node, [fileURLToPath(program), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 1;
    if (signal === null) return;
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
