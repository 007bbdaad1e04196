/** The directories and files of a simulated disk, found by path. What is not there is a DiskError of the call that asked. */
import type { Prng } from '../lib/prng.ts';
import { DiskError } from '../storage/disk.ts';
import type { Survivors } from '../faults/action.ts';
import { type Entry, SimulatedDirectory } from './disk-directory.ts';
import { type Choice, SimulatedFile } from './disk-file.ts';

/** A name and the directory that has it, or will. */
export type Place = { readonly directory: SimulatedDirectory; readonly name: string };

export class DiskTree {
  #root = new SimulatedDirectory();

  /** Bytes that all files have. */
  get usedBytes(): number {
    let used = 0;
    const directories = [this.#root];
    for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
      for (const entry of directory.now.values()) {
        if (entry instanceof SimulatedDirectory) directories.push(entry);
        else used += entry.now.length;
      }
    }
    return used;
  }

  /** Power is gone, for all of it. */
  crash(survivors: Survivors | Choice, prng: Prng): void {
    this.#root.crash(survivors, prng);
  }

  /** A copy that goes its own way. */
  fork(): DiskTree {
    const copy = new DiskTree();
    copy.#root = this.#root.fork();
    return copy;
  }

  place(call: string, path: string): Place {
    const slash = path.lastIndexOf('/');
    return { directory: this.directory(call, path.slice(0, Math.max(0, slash))), name: path.slice(slash + 1) };
  }

  directory(call: string, path: string): SimulatedDirectory {
    const entry = this.find(path);
    if (entry === undefined) throw new DiskError('ENOENT', call, path);
    if (!(entry instanceof SimulatedDirectory)) throw new DiskError('ENOTDIR', call, path);
    return entry;
  }

  file(call: string, path: string): SimulatedFile {
    const entry = this.find(path);
    if (entry === undefined) throw new DiskError('ENOENT', call, path);
    if (!(entry instanceof SimulatedFile)) throw new DiskError('EISDIR', call, path);
    return entry;
  }

  find(path: string): Entry | undefined {
    let entry: Entry | undefined = this.#root;
    for (const name of path.split('/')) {
      if (name === '' || name === '.') continue;
      if (!(entry instanceof SimulatedDirectory)) return undefined;
      entry = entry.now.get(name);
    }
    return entry;
  }
}
