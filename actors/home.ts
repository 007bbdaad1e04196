/** A host's data directory: locked, of the right shape, and the epoch file in it. */
import { join, resolve } from 'node:path';
import { type HostOptions, StartError } from '../src/cli/host.ts';
import type { KvError } from '../src/model/errors.ts';
import { nodeDisk } from '../src/node/disk.ts';
import { lockDirectory } from '../src/node/lock.ts';
import { readFileChecked, replaceFile } from '../src/storage/checked-file.ts';
import { claimDirectory } from '../src/storage/format.ts';

const EXIT_FAILED = 1;

export type Home = {
  readonly root: string;
  /** The epoch that this host kept last, or null. */
  readonly savedEpoch: Uint8Array | null;
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

/** Locks the data directory, checks that it is of this shape and reads the epoch file; a StartError. */
export function openHome({ cluster, directory }: HostOptions): Home {
  const root = resolve(directory);
  if (cluster.durability === 'memory') {
    return { root, savedEpoch: null, isNew: true, keepEpoch: () => undefined, release: () => undefined };
  }
  const epochPath = join(root, 'epoch');
  const lock = lockDirectory(root);
  if (!lock.ok) throw new StartError(lock.error.message, EXIT_FAILED);
  const refuse = ({ message }: KvError): never => {
    lock.value.release();
    throw new StartError(message, EXIT_FAILED);
  };
  const claimed = claimDirectory(nodeDisk, root, cluster);
  if (!claimed.ok) return refuse(claimed.error);
  const epoch = readFileChecked(nodeDisk, epochPath);
  if (!epoch.ok) return refuse(epoch.error);
  return {
    root,
    savedEpoch: epoch.value,
    isNew: claimed.value === 'made',
    keepEpoch: (bytes) => {
      const kept = replaceFile(nodeDisk, epochPath, bytes);
      if (!kept.ok) throw new Error(kept.error.message);
    },
    release: () => lock.value.release(),
  };
}
