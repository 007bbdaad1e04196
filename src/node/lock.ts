/**
 * The `.lock` file of a data directory: one host at a time, whether in another process, another thread of this one,
 * or twice in the same thread. It holds the pid and when that process began, so that a dead holder's pid given to
 * somebody else is not taken for it. Taken over when its holder is dead; never waits.
 */
import {
  closeSync,
  existsSync,
  ftruncateSync,
  linkSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { err, ok, type Result } from '../lib/result.ts';
import { fail, type KvError } from '../model/errors.ts';
import { ensureDirectory } from '../storage/files.ts';
import { SPARE } from '../storage/names.ts';
import { nodeDisk } from './disk.ts';

export type DirectoryLock = {
  /** Lets others have the directory. Once; later calls do nothing. */
  release(): void;
};

type Holder = { readonly pid: number; readonly began: string };

/** Directories that this thread holds. */
const held = new Set<string>();

/** Locks the directory, made durably when it is missing. BUSY "Data Dir Locked (pid N)" while its holder lives; DISK. */
export function lockDirectory(directory: string): Result<DirectoryLock, KvError> {
  try {
    // Whoever finds it made afterwards takes the names of those above it for durable.
    ensureDirectory(nodeDisk, directory);
    const path = join(realpathSync(directory), '.lock');
    if (held.has(path)) return locked(directory, process.pid);
    const own = `${process.pid} ${beganAt(process.pid)}\n`;
    const holder = takeFile(path, own);
    if (holder !== null) return locked(directory, holder.pid);
    held.add(path);
    return ok({ release: () => release(path, own) });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EEXIST' || code === 'ENOTDIR' ? 'it is a file, not a folder' : message;
    return err({ code: 'DISK', message: `cannot lock ${directory}: ${reason}` });
  }
}

/** Makes the file ours, or says whose it is. */
function takeFile(path: string, own: string): Holder | null {
  if (create(path, own)) return null;
  const content = readFileSync(path, 'utf8');
  const holder = parse(content);
  if (isAlive(holder)) return holder;
  // Moved away, not removed: should another process have taken it over meanwhile, its lock is put back.
  const aside = `${path}.${process.pid}`;
  renameSync(path, aside);
  const moved = readFileSync(aside, 'utf8');
  if (moved !== content) linkSync(aside, path);
  else overwrite(aside, own);
  const isOurs = moved === content && isDone(() => linkSync(aside, path), 'EEXIST');
  unlinkSync(aside);
  if (moved !== content) return parse(moved);
  return isOurs ? null : parse(readFileSync(path, 'utf8'));
}

/** Makes the file with its content in one step, so that nobody reads half of it; false when it exists. */
function create(path: string, content: string): boolean {
  if (existsSync(path)) return false;
  const temporary = `${path}.new.${process.pid}`;
  if (isDone(() => renameSync(`${path}${SPARE}`, temporary), 'ENOENT')) overwrite(temporary, content);
  else writeFileSync(temporary, content);
  try {
    return isDone(() => linkSync(temporary, path), 'EEXIST');
  } finally {
    unlinkSync(temporary);
  }
}

/** Whether it was done; false when it failed with this code. */
function isDone(work: () => void, unless: string): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === unless) return false;
    throw error;
  }
}

/** Another content in the same place on the disk: a full one takes it too. */
function overwrite(path: string, content: string): void {
  const file = openSync(path, 'r+');
  try {
    writeSync(file, content);
    ftruncateSync(file, Buffer.byteLength(content));
  } finally {
    closeSync(file);
  }
}

function release(path: string, own: string): void {
  if (!held.delete(path)) return;
  // Its place on the disk is kept: a host that ends in order starts again on a full one. Gone with its directory, nothing
  // is left to let go of.
  isDone(() => {
    if (readFileSync(path, 'utf8') === own) renameSync(path, `${path}${SPARE}`);
  }, 'ENOENT');
}

function parse(content: string): Holder {
  const match = /^(\d+) (.*)\n$/.exec(content);
  return { pid: Number(match?.[1] ?? 0), began: match?.[2] ?? '' };
}

function isAlive({ pid, began }: Holder): boolean {
  if (pid === 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return began === beganAt(pid);
}

/** Tells processes of the same pid apart, also over restarts of a machine or container; '' where there is no /proc. */
function beganAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // Field 22, start time; counted behind the name in parentheses, which may hold anything.
    return `${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]} ${boot}`;
  } catch {
    return '';
  }
}

function locked(directory: string, pid: number): { readonly ok: false; readonly error: KvError } {
  return fail('BUSY', `Data Dir Locked (pid ${pid}): ${directory}`);
}
