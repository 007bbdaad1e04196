/**
 * Starts the program's own threads in each form that the program has: TypeScript in a checkout, JavaScript in the
 * npm package, and the single executable, which carries each thread's code as an asset. An asset cannot be a
 * worker's file, so the executable unpacks all of them once into a folder named after their contents.
 *
 * What may become part of the executable uses no `import.meta` (there is no such file) and no top-level await (the
 * executable's code is CommonJS); to find a file of the program is this file's business alone.
 */
import { createHash, randomUUID } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
// All of it, not by name: a program of an older Node that uses the package has fewer names in there.
import * as sea from 'node:sea';
import { fileURLToPath } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/** The files that threads start from, from the root of the project, without extension. */
export const THREADS = {
  'storage-server': 'actors/storage-server/thread',
  'socket-thread': 'actors/gateway/socket-thread',
  'pool-task': 'src/node/pool-task',
  'simulate-task': 'src/cli/simulate-task',
} as const;

/** Files whose functions run inside a pool's own workers. */
export type TaskThread = 'pool-task' | 'simulate-task';

/** A thread that a Worker is made of. */
export type ThreadRole = Exclude<keyof typeof THREADS, TaskThread>;

/** A new worker thread of this role. */
export function spawnWorker(role: ThreadRole, options?: WorkerOptions): Worker {
  return new Worker(threadFile(role), options);
}

/** Path of the file with the pool's tasks: `new Piscina({ filename: poolFile() })`. Asked for before the pool is made. */
export function poolFile(): string {
  return taskFile('pool-task');
}

/** Path of a file with tasks, for a pool of its own. */
export function taskFile(thread: TaskThread): string {
  return threadFile(thread);
}

/** Path of what asks the benchmarks; null where they are not at hand: in the npm package and in the executable. */
export function benchFile(): string | null {
  if (sea.isSea()) return null;
  const path = fileURLToPath(new URL('../../bench/run.ts', import.meta.url));
  return existsSync(path) ? path : null;
}

function threadFile(thread: keyof typeof THREADS): string {
  if (sea.isSea()) {
    globalThis.coppiceUnpacked ??= unpackAssets();
    return join(globalThis.coppiceUnpacked, `${thread}.cjs`);
  }
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  return fileURLToPath(new URL(`../../${THREADS[thread]}${extension}`, import.meta.url));
}

declare global {
  /** The executable's unpacked files. Global because the pool's package looks for its worker there: see actors/build.ts. */
  var coppiceUnpacked: string | undefined;
}

/** Writes every asset into a folder that only this user can change; the path of the folder. */
function unpackAssets(): string {
  const assets = sea.getAssetKeys().map((name) => ({ name, bytes: new Uint8Array(sea.getRawAsset(name)) }));
  const hash = createHash('sha256');
  for (const { name, bytes } of assets) hash.update(`${name} ${bytes.length}\n`).update(bytes);
  const folder = privateFolder(hash.digest('hex').slice(0, 16));
  for (const { name, bytes } of assets) {
    const path = join(folder, name);
    if (holds(path, bytes)) continue;
    // Under another name first: a second process that starts now must not run half a file.
    const temporary = `${path}.${randomUUID()}`;
    writeFileSync(temporary, bytes, { mode: 0o600 });
    renameSync(temporary, path);
  }
  return folder;
}

/** The user's cache folder, kept for the next start; where none can be written, one that goes when the process ends. */
function privateFolder(name: string): string {
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'coppice', name);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
    return folder;
  } catch {
    const temporary = mkdtempSync(join(tmpdir(), 'coppice-'));
    process.once('exit', () => rmSync(temporary, { recursive: true, force: true }));
    return temporary;
  }
}

function holds(path: string, bytes: Uint8Array): boolean {
  try {
    return readFileSync(path).equals(bytes);
  } catch {
    return false;
  }
}
