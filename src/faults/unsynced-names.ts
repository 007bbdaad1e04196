/**
 * Names that were made, replaced or removed and whose directory was not synced yet, and the unsynced content of the
 * files behind them. A removed file stays where it is, hidden, until its removal is durable: so that a loss of power
 * can bring it back. Each change is atomic by itself; a crash lets any of them through, whatever became of the files.
 * Directories themselves are made, renamed and removed durably. Calls throw DiskError.
 */
import type { Prng } from '../lib/prng.ts';
import { type Disk, DiskError, type FileHandle } from '../storage/disk.ts';
import { directoryOf, readWhole } from '../storage/files.ts';
import type { Survivors } from './action.ts';
import { UnsyncedFile } from './unsynced-file.ts';

/** A file, whatever it is called. */
export type TrackedFile = {
  readonly unsynced: UnsyncedFile;
  /** Where it lies; null when a rename replaced it. */
  path: string | null;
  /** What it held when it was replaced. */
  content: Uint8Array | null;
  /** Handles of it. */
  opens: number;
};

type Change =
  | {
      readonly kind: 'create' | 'remove';
      readonly directory: string;
      readonly path: string;
      readonly file: TrackedFile;
    }
  | {
      readonly kind: 'rename';
      readonly directory: string;
      readonly from: string;
      readonly path: string;
      readonly file: TrackedFile;
      readonly replaced: TrackedFile | null;
    };

export class UnsyncedNames {
  readonly #disk: Disk;
  readonly #files = new Map<string, TrackedFile>();
  readonly #hidden = new Set<string>();
  #changes: Change[] = [];

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Whether the path belongs to a file that was removed. */
  isHidden(path: string): boolean {
    return this.#hidden.has(path);
  }

  /** The file behind a path that is open. */
  fileAt(path: string): TrackedFile {
    let file = this.#files.get(path);
    if (file === undefined) {
      file = { unsynced: new UnsyncedFile(), path, content: null, opens: 0 };
      this.#files.set(path, file);
    }
    return file;
  }

  /** A file was made. */
  onCreated(path: string): TrackedFile {
    const file = this.fileAt(path);
    this.#changes.push({ kind: 'create', directory: directoryOf(path), path, file });
    return file;
  }

  /** Instead of a rename. */
  rename(from: string, to: string): void {
    const disk = this.#disk;
    if (isDirectory(disk, from)) {
      disk.rename(from, to);
      this.#forget(from);
      return;
    }
    this.reveal(to);
    const replaced = disk.exists(to) ? this.fileAt(to) : null;
    const content = replaced === null ? null : readWhole(disk, to);
    disk.rename(from, to);
    if (replaced !== null) Object.assign(replaced, { path: null, content });
    const file = this.fileAt(from);
    this.#files.delete(from);
    file.path = to;
    this.#files.set(to, file);
    this.#changes.push({ kind: 'rename', directory: directoryOf(to), from, path: to, file, replaced });
  }

  /** Instead of a removal: the file is hidden. */
  remove(path: string): void {
    // Removing what is not there fails as ever.
    if (!this.#disk.exists(path)) this.#disk.remove(path);
    this.#hidden.add(path);
    this.#changes.push({ kind: 'remove', directory: directoryOf(path), path, file: this.fileAt(path) });
  }

  /** The path is to be used again: a file that lies hidden there goes for good. */
  reveal(path: string): void {
    if (!this.#hidden.delete(path)) return;
    this.#disk.remove(path);
    this.#files.delete(path);
    this.#changes = this.#changes.filter(({ file }) => file.path !== path);
  }

  /** The names of the directory are durable. */
  onSynced(directory: string): void {
    for (const path of [...this.#hidden]) if (directoryOf(path) === directory) this.#removeHidden(path);
    this.#changes = this.#changes.filter((change) => change.directory !== directory);
    for (const [path, { unsynced, opens }] of this.#files) {
      if (unsynced.isEmpty && opens === 0) this.#files.delete(path);
    }
  }

  /** Power fails: what every file and directory holds then is put on the disk, durably. */
  fail(survivors: Survivors, prng: Prng): void {
    this.#materialize(this.#survivingNames(survivors, prng));
    // What survives of a file's content is independent of what became of its name.
    const replaced = this.#changes.flatMap((change) => (change.kind === 'rename' ? (change.replaced ?? []) : []));
    for (const { path, unsynced } of new Set([...this.#files.values(), ...replaced])) {
      if (path !== null && this.#disk.exists(path)) unsynced.fail(this.#disk, path, survivors, prng);
    }
    for (const directory of new Set(this.#changes.map((change) => change.directory))) {
      this.#disk.syncDirectory(directory);
    }
    this.#changes = [];
    this.#hidden.clear();
    this.#files.clear();
  }

  /** Each path that a change touched, and the file that is there afterwards. */
  #survivingNames(survivors: Survivors, prng: Prng): Map<string, TrackedFile | null> {
    const names = new Map<string, TrackedFile | null>();
    for (const change of this.#changes.toReversed()) {
      if (change.kind === 'create') names.set(change.path, null);
      else if (change.kind === 'remove') names.set(change.path, change.file);
      else if (change.kind === 'rename') names.set(change.path, change.replaced).set(change.from, change.file);
    }
    const whole = survivors === 'prefix' ? prng.below(this.#changes.length + 1) : 0;
    const odds = prng.pick([0.1, 0.5, 0.9]);
    this.#changes.forEach((change, index) => {
      if (index >= whole && !(survivors === 'random' && prng.chance(odds))) return;
      if (change.kind === 'remove') {
        if (names.get(change.path) === change.file) names.set(change.path, null);
        return;
      }
      if (change.kind === 'rename' && names.get(change.from) === change.file) names.set(change.from, null);
      names.set(change.path, change.file);
    });
    return names;
  }

  #materialize(names: ReadonlyMap<string, TrackedFile | null>): void {
    const disk = this.#disk;
    const wanted = new Set(names.values());
    const moving = new Map<TrackedFile, string>();
    // Out of the way first: one file's new name may be another's old one.
    for (const { file } of this.#changes) {
      const { path } = file;
      if (path === null || names.get(path) === file || moving.has(file) || !disk.exists(path)) continue;
      if (wanted.has(file)) {
        const aside = `${path}.${moving.size}.tmp`;
        disk.rename(path, aside);
        moving.set(file, aside);
      } else {
        disk.remove(path);
        file.path = null;
      }
    }
    for (const [path, file] of names) {
      if (file === null) continue;
      const aside = moving.get(file);
      if (aside !== undefined) disk.rename(aside, path);
      else if (file.content !== null) writeWhole(disk, path, file.content);
      file.path = path;
    }
  }

  #removeHidden(path: string): void {
    this.#hidden.delete(path);
    this.#files.delete(path);
    this.#disk.remove(path);
  }

  #forget(directory: string): void {
    for (const path of this.#files.keys()) if (directoryOf(path) === directory) this.#files.delete(path);
    this.#changes = this.#changes.filter((change) => change.directory !== directory);
  }
}

function isDirectory(disk: Disk, path: string): boolean {
  try {
    disk.list(path);
    return true;
  } catch (error) {
    if (error instanceof DiskError) return false;
    throw error;
  }
}

function writeWhole(disk: Disk, path: string, bytes: Uint8Array): void {
  const handle: FileHandle = disk.open(path, { access: 'create', sync: 'inline' });
  disk.write(handle, 0, bytes);
  disk.syncNow(handle);
  disk.close(handle);
}
