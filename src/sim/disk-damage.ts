/** Damage to a file that lies on the disk of a simulated server, unseen by whoever has it open. */
import type { DamagedFile, DiskDamage } from '../faults/action.ts';
import { rot } from '../faults/rot.ts';
import type { Prng } from '../lib/prng.ts';
import { classify } from '../storage/names.ts';
import type { SimulatedServer } from './server.ts';

const DIRECTORY = 'data';

/** Whether there is such a file: damage to none does nothing. */
export function hasFile(server: SimulatedServer, { file }: DiskDamage): boolean {
  return damagedPath(server, file) !== null;
}

export function damage(server: SimulatedServer, { file, ...how }: DiskDamage, prng: Prng): void {
  const path = damagedPath(server, file);
  if (path === null) return;
  server.disk.damage(path, (content) => {
    if (how.kind === 'truncate') return content.subarray(0, Math.max(0, content.length - how.bytes));
    // Rot in the zeros that were laid down ahead is nobody's loss: what is hit is what was written.
    const length = usedLength(content);
    if (how.kind === 'rot') {
      rot(content.subarray(0, length), how.percent, prng);
      return content;
    }
    for (let i = 0; i < how.bits && length > 0; i++) {
      const at = prng.below(length);
      content[at] = (content[at] as number) ^ (1 << prng.below(8));
    }
    return content;
  });
}

/** The oldest full segment, or the only one; the newest checkpoint; the file named. Null when there is none. */
function damagedPath({ disk }: SimulatedServer, file: DamagedFile): string | null {
  if (!disk.exists(DIRECTORY)) return null;
  const names = disk.namesIn(DIRECTORY);
  if (file.kind === 'named') return names.includes(file.name) ? `${DIRECTORY}/${file.name}` : null;
  const wanted = { wal: 'segment', checkpoint: 'checkpoint', meta: 'other' }[file.kind];
  const found = names.filter((name) => classify(name).kind === wanted);
  const name = file.kind === 'checkpoint' ? found.at(-1) : found[0];
  return name === undefined ? null : `${DIRECTORY}/${name}`;
}

function usedLength(content: Uint8Array): number {
  let end = content.length;
  while (end > 0 && content[end - 1] === 0) end--;
  return end;
}
