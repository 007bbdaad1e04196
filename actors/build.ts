/**
 * `npm run build [package|executable]`: what is published, both by default.
 *
 *   dist/package   JavaScript and types for npm, a file each, because Node strips no types under node_modules
 *   dist/coppice   one executable for this platform: Node itself with the program inside
 *
 * The executable: one CommonJS bundle a thread (esbuild), all but the main one as assets that src/node/spawn.ts
 * unpacks, joined to a copy of the running Node (its `sea` configuration, then postject).
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { THREADS } from '../src/node/spawn.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');
const require = createRequire(import.meta.url);

/** Where the program starts: as a command, and as a library. */
const COMMAND = 'actors/coppice';
const LIBRARY = 'actors/open';

const TARGETS = new Map<string, () => void | Promise<void>>([
  ['package', buildPackage],
  ['executable', buildExecutable],
]);

const wanted = process.argv.length > 2 ? process.argv.slice(2) : [...TARGETS.keys()];
for (const name of wanted) {
  const target = TARGETS.get(name);
  if (target === undefined) {
    process.stderr.write(`unknown target ${name}: ${[...TARGETS.keys()].join(' or ')}\n`);
    process.exit(2);
  }
  await target();
}

function buildPackage(): void {
  const folder = join(DIST, 'package');
  const config = join(DIST, 'package.tsconfig.json');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(DIST, { recursive: true });
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    rewriteRelativeImportExtensions: true,
    rootDir: '..',
    outDir: 'package',
  };
  const files = [COMMAND, LIBRARY, ...Object.values(THREADS)].map((entry) => `../${entry}.ts`);
  // What no file imports: declarations of modules that come without types.
  const include = ['../src/**/*.d.ts'];
  writeFileSync(config, JSON.stringify({ extends: '../tsconfig.json', compilerOptions, files, include }));
  runNode(join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc'), '-p', config);
  report(folder);
}

async function buildExecutable(): Promise<void> {
  const work = join(DIST, 'executable');
  const executable = join(DIST, process.platform === 'win32' ? 'coppice.exe' : 'coppice');
  const main = join(work, 'main.cjs');
  await bundle(join(ROOT, `${COMMAND}.ts`), main);
  const assets: Record<string, string> = {
    // The folder of the assets may lie below a package.json of the user's that says "module".
    'package.json': join(work, 'package.json'),
    // The pool's package starts this file, from where its own code thinks to be (see `define` below).
    'worker.js': join(work, 'worker.js'),
  };
  writeFileSync(join(work, 'package.json'), '{"type":"commonjs"}\n');
  await bundle(join(dirname(require.resolve('piscina')), 'worker.js'), join(work, 'worker.js'));
  for (const [thread, entry] of Object.entries(THREADS)) {
    const file = `${thread}.cjs`;
    await bundle(join(ROOT, `${entry}.ts`), join(work, file));
    assets[file] = join(work, file);
  }

  const blob = join(work, 'coppice.blob');
  const config = join(work, 'sea.json');
  writeFileSync(config, JSON.stringify({ main, output: blob, assets, disableExperimentalSEAWarning: true }));
  runNode('--experimental-sea-config', config);
  rmSync(executable, { force: true });
  copyFileSync(process.execPath, executable);
  chmodSync(executable, 0o755);
  // The fuse is a word inside Node that postject flips: "there is a program in here".
  const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
  runNode(
    join(dirname(require.resolve('postject')), 'cli.js'),
    executable,
    'NODE_SEA_BLOB',
    blob,
    '--sentinel-fuse',
    fuse,
  );
  report(executable);
}

/** One file of CommonJS, which is what an executable's code has to be, with everything it imports. */
async function bundle(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // Optional native code of the pool's package, for a priority of threads that nobody sets.
    external: ['@napi-rs/nice'],
    define: { __dirname: 'globalThis.coppiceUnpacked', 'import.meta.url': 'undefined' },
    logLevel: 'warning',
  });
}

/** Runs Node to its end, silently; a failure says what was written and ends the build. */
function runNode(...args: string[]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status === 0) return;
  process.stderr.write(`${stdout}${stderr}failed: ${args.join(' ')}\n`);
  process.exit(1);
}

function report(path: string): void {
  const size = statSync(path).isFile() ? `, ${Math.round(statSync(path).size / 1e6)} MB` : '';
  process.stderr.write(`built ${relative(ROOT, path)}${size}\n`);
}
