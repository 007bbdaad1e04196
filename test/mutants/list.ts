/** Every mutant there is. */
import { ACKNOWLEDGING, EPOCHS } from './agreement.ts';
import { READS, UPDATES, WRITES } from './answers.ts';
import { LINKS } from './links.ts';
import { CATCHING_UP, MEMBERS } from './members.ts';
import type { Mutant } from './mutant.ts';
import { REPLICA } from './replica.ts';
import { STARTING } from './starting.ts';
import { STORAGE } from './storage.ts';

export const MUTANTS: readonly Mutant[] = [
  ...STORAGE,
  ...REPLICA,
  ...LINKS,
  ...ACKNOWLEDGING,
  ...EPOCHS,
  ...MEMBERS,
  ...STARTING,
  ...CATCHING_UP,
  ...READS,
  ...UPDATES,
  ...WRITES,
];
