/** Files a command was told to read, with the reason in words when it cannot. `-` is standard input. */
import { createReadStream } from 'node:fs';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { EXIT_USAGE } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';
import { CommandFailed } from './text-socket.ts';

export const STANDARD_INPUT = '-';

/** The whole file as text. */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Fails now, and not in the middle of the work, when a file cannot be read. */
export async function checkReadable(file: string): Promise<void> {
  if (file === STANDARD_INPUT) return;
  try {
    const handle = await open(file, 'r');
    const isFolder = (await handle.stat()).isDirectory();
    await handle.close();
    if (isFolder) throw Object.assign(new Error('is a folder'), { code: 'EISDIR' });
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** What is in a folder; CommandFailed when it is none. */
export async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    throw unreadable(directory, error);
  }
}

/** Its bytes as they come. */
export function openInput(file: string, terminal: Terminal): AsyncIterable<Uint8Array> {
  return file === STANDARD_INPUT ? terminal.stdin : createReadStream(file, { highWaterMark: 256 * 1024 });
}

/** Bytes of a file, or null for what has no size before it was read. */
export async function sizeOf(file: string): Promise<number | null> {
  if (file === STANDARD_INPUT) return null;
  const found = await stat(file);
  return found.isFile() ? found.size : null;
}

/** The reason of a file system error, in words. */
export function unreadable(file: string, error: unknown): CommandFailed {
  return new CommandFailed(`${file}: ${reasonOf(error)}`, EXIT_USAGE, { cause: error });
}

/** In words, of an error of the file system. */
export function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  switch (code) {
    case 'ENOENT':
      return 'no such file or folder';
    case 'ENOTDIR':
      return 'is a file, not a folder';
    case 'EISDIR':
      return 'is a folder';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'ENOSPC':
      return 'no space left on the disk';
    default:
      return code ?? (error instanceof Error ? error.message : String(error));
  }
}
