/**
 * Puts a storage server's damaged directory aside, so that an empty one takes its place. Nothing is deleted or changed.
 * The directory gets another name; where it cannot, because a disk is mounted there or what is above belongs to somebody
 * else, its files get names that no recovery knows.
 */
import { type Disk, DiskError } from './disk.ts';
import { classify, type StoreFile } from './names.ts';

/** What every name ends with from now on: `ending`. Throws DiskError; to be called again then, with any ending. */
export function putAside(disk: Disk, directory: string, ending: string): void {
  try {
    disk.rename(directory, `${directory}${ending}`);
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    renameFiles(disk, directory, ending);
  }
}

/**
 * A crash on the way must not leave less that looks like everything: the newest segment says what must be before it, so
 * as long as it is there the others are missed. It goes last, when they are gone for certain.
 */
function renameFiles(disk: Disk, directory: string, ending: string): void {
  const files = disk.list(directory).map(classify);
  const segments = files.filter(({ kind }) => kind === 'segment').sort((a, b) => numberOf(a) - numberOf(b));
  const newest = segments.pop();
  const checkpoints = files.filter(({ kind }) => kind === 'checkpoint');
  const rename = ({ name }: StoreFile): void => disk.rename(`${directory}/${name}`, `${directory}/${name}${ending}`);
  for (const file of [...checkpoints, ...segments]) rename(file);
  disk.syncDirectory(directory);
  if (newest !== undefined) rename(newest);
  disk.syncDirectory(directory);
}

function numberOf(file: StoreFile): number {
  return 'number' in file ? file.number : 0;
}
