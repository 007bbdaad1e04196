/** Flags of `coppice fault` and of a script in `coppice simulate`. */
import { CONNECT_FLAGS } from './connect-options.ts';
import type { Flag } from './flags.ts';

export const SCRIPT_FLAGS: readonly Flag[] = [
  { flags: '--seed <S>', summary: 'what is drawn where the script gives no SEED (default: drawn)' },
  { flags: '--json', summary: 'print JSON' },
];

const HERE = CONNECT_FLAGS.filter(({ flags }) => !/--(timeout|json)/.test(flags));

export const FAULT_FLAGS: readonly Flag[] = [...HERE, ...SCRIPT_FLAGS];
