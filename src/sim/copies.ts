/** What the servers of a simulated cluster hold, seen from outside: owners compared with each other and with before. */
import { expiryOf } from '../document/expiring.ts';
import { text, utf8 } from '../lib/bytes.ts';
import { isMember, type ServerIndex } from '../model/ids.ts';
import { ownersOf } from '../routing/placement.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';

/** By key, for each server: `value@version`; null where it holds nothing. */
export type Held = ReadonlyMap<string, readonly (string | null)[]>;

/** What each running server holds. */
export function heldBy(cluster: SimulatedCluster): Held {
  const { servers } = cluster.config;
  const held = new Map<string, (string | null)[]>();
  for (let server = 0; server < servers; server++) {
    const trie = cluster.trieOf(server);
    trie?.scan({ prefix: utf8(''), after: utf8('') }, (key, leaf) => {
      if (trie.isTombstone(leaf)) return true;
      const name = text(key);
      const values = held.get(name) ?? new Array<string | null>(servers).fill(null);
      values[server] = `${text(trie.value(leaf))}@${trie.versionOf(leaf)}`;
      held.set(name, values);
      return true;
    });
  }
  return held;
}

/** Owners of a key that hold different things: two values, or one and none. */
export function divergence(cluster: SimulatedCluster): string[] {
  const { servers, replicas } = cluster.config;
  const problems: string[] = [];
  for (const [key, values] of heldBy(cluster)) {
    const owners = ownersOf({ servers, replicas }, utf8(key));
    const copies = values.filter((_, server) => isMember(owners, server as ServerIndex));
    const strays = values.filter((value, server) => value !== null && !isMember(owners, server as ServerIndex));
    if (new Set(copies).size !== 1) problems.push(`${key} differs between its owners: ${copies.join(' | ')}`);
    if (strays.length > 0) problems.push(`${key} is held by a server that does not own it`);
  }
  return problems;
}

/** What is not as it was, one entry a key. */
export function changes(before: Held, after: Held): string[] {
  const problems: string[] = [];
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const was = before.get(key)?.join(' | ') ?? 'nothing';
    const is = after.get(key)?.join(' | ') ?? 'nothing';
    if (was !== is) problems.push(`${key} was ${was} and is ${is}`);
  }
  return problems;
}

/** Copies of keys whose time came more than `lateMs` ago. */
export function remains(cluster: SimulatedCluster, lateMs: number): string[] {
  const problems: string[] = [];
  const untilMs = cluster.wallMs() - lateMs + 1;
  for (let server = 0; server < cluster.config.servers; server++) {
    const trie = cluster.trieOf(server);
    trie?.scan({ prefix: utf8(''), after: utf8('') }, (key, leaf) => {
      const expiresAtMs = trie.isTombstone(leaf) ? null : expiryOf(trie.value(leaf));
      if (expiresAtMs !== null && expiresAtMs <= untilMs) {
        problems.push(
          `s${server + 1} still holds ${text(key)}, whose time came ${cluster.wallMs() - expiresAtMs} ms ago`,
        );
      }
      return true;
    });
  }
  return problems;
}
