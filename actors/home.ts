/** A host's data directory: locked, of the right shape, and the epoch file in it. */
import { join, resolve } from 'node:path';
import type { SavedEpoch } from '../src/broker/start.ts';
import { type HostOptions, StartError } from '../src/cli/host.ts';
import type { KvError } from '../src/model/errors.ts';
import { type ServerIndex, serverName } from '../src/model/ids.ts';
import { nodeDisk } from '../src/node/disk.ts';
import { type DirectoryLock, lockDirectory } from '../src/node/lock.ts';
import { readFileChecked, replaceFile } from '../src/storage/checked-file.ts';
import { claimDirectory } from '../src/storage/format.ts';

const EXIT_FAILED = 1;

export type Home = {
  readonly root: string;
  /** The epoch that this host kept last. */
  readonly savedEpoch: SavedEpoch;
  /** Nothing was ever stored here. */
  readonly isNew: boolean;
  /** Replaces the epoch file, synced; throws when it cannot. Nothing with durability `memory`. */
  keepEpoch(bytes: Uint8Array): void;
  release(): void;
};

/** For a host that nobody can answer from: what is damaged, and what can be done. */
export function damagedEverywhere(damages: string): StartError {
  const advice = '"coppice verify" reads every byte, and a folder that is moved away is given up';
  return new StartError(`every copy is damaged, and nothing was changed: ${damages}; ${advice}`, EXIT_FAILED);
}

/**
 * Locks the data directory and those of servers that lie elsewhere, checks that it is of this shape and reads the epoch
 * file; a StartError.
 */
export function openHome({ cluster, directory, places }: HostOptions): Home {
  const root = resolve(directory);
  if (cluster.durability === 'memory') {
    return { root, savedEpoch: 'none', isNew: true, keepEpoch: () => undefined, release: () => undefined };
  }
  const epochPath = join(root, 'epoch');
  const directories = places.map((place) => resolve(place.directory ?? root));
  // What is named for a server lies anywhere, and another host may have been given it too.
  const elsewhere = directories.filter((path, index) => path !== join(root, serverName(index as ServerIndex)));
  const locks: DirectoryLock[] = [];
  const release = (): void => {
    for (const lock of locks) lock.release();
  };
  const refuse = ({ message }: KvError): never => {
    release();
    throw new StartError(message, EXIT_FAILED);
  };
  for (const path of [root, ...elsewhere]) {
    const lock = lockDirectory(path);
    if (lock.ok) locks.push(lock.value);
    // A disk that cannot be used is the business of the server that lives there.
    else if (path === root || lock.error.code === 'BUSY') return refuse(lock.error);
  }
  const claimed = claimDirectory(nodeDisk, root, cluster);
  if (!claimed.ok) return refuse(claimed.error);
  const epoch = readFileChecked(nodeDisk, epochPath);
  if (!epoch.ok) return refuse(epoch.error);
  const isNew = claimed.value === 'made';
  return {
    root,
    savedEpoch: epoch.value ?? (isNew ? 'none' : 'lost'),
    isNew,
    keepEpoch: (bytes) => {
      const kept = replaceFile(nodeDisk, epochPath, bytes);
      if (!kept.ok) throw new Error(kept.error.message);
    },
    release,
  };
}
