/** What a cluster is made of. Fixed for the life of a host; mode and servers for the life of a data directory. */
import { SERVERS_MAX } from './limits.ts';

export type Mode = 'single' | 'replicated' | 'leader' | 'masterless';
export const MODES: readonly Mode[] = ['single', 'replicated', 'leader', 'masterless'];

/** When a write counts as durable: after fdatasync, after the operating system has it, or at once. */
export type Durability = 'fsync' | 'os' | 'memory';
export const DURABILITIES: readonly Durability[] = ['fsync', 'os', 'memory'];

/** `upsert` overwrites; `insert` refuses a key that exists (EXISTS). */
export type PutMode = 'upsert' | 'insert';
export const PUT_MODES: readonly PutMode[] = ['upsert', 'insert'];

/** `strict` needs every server up; `available` needs an in-sync owner and says so in the reply. */
export type DeleteMode = 'strict' | 'available';
export const DELETE_MODES: readonly DeleteMode[] = ['strict', 'available'];

export type ClusterConfig = {
  readonly servers: number;
  readonly replicas: number;
  readonly mode: Mode;
  readonly durability: Durability;
  readonly putMode: PutMode;
  readonly deleteMode: DeleteMode;
};

/** Why there can be no such cluster, or null. For callers that no compiler and no command line has checked. */
export function whyImpossible(config: ClusterConfig): string | null {
  const { servers, replicas, mode } = config;
  const choices = [
    ['mode', MODES],
    ['durability', DURABILITIES],
    ['putMode', PUT_MODES],
    ['deleteMode', DELETE_MODES],
  ] as const;
  for (const [name, values] of choices) {
    const isOne = (values as readonly string[]).includes(config[name]);
    if (!isOne) return `${name}: expected ${values.join(' or ')}, got ${show(config[name])}`;
  }
  if (!isCount(servers)) return `servers: expected a whole number from 1 to ${SERVERS_MAX}, got ${show(servers)}`;
  if (!isCount(replicas)) return `replicas: expected a whole number from 1 to ${SERVERS_MAX}, got ${show(replicas)}`;
  if (replicas > servers) return `replicas: ${replicas} copies do not fit on ${servers} servers`;
  if (mode === 'single' && servers > 1) return `servers: mode single has one server, got ${servers}`;
  return null;
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= SERVERS_MAX;
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
