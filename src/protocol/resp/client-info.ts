/** What is known of a client: what CLIENT LIST and CLIENT INFO show, what CLIENT KILL looks for. Plain data. */
import type { Protocol } from './reply-writer.ts';
import type { TrackingMode } from './tracking.ts';
import type { User } from './user.ts';

export type ClientInfo = {
  readonly id: number;
  readonly address: string;
  readonly localAddress: string;
  readonly sinceMs: number;
  name: string;
  libraryName: string;
  libraryVersion: string;
  protocol: Protocol;
  /** Milliseconds of the host's clock at its last request. */
  lastMs: number;
  lastCommand: string;
  isAuthenticated: boolean;
  /** Who it is, or will be once it is authenticated. */
  user: User;
  isMonitor: boolean;
  noEvict: boolean;
  noTouch: boolean;
  /** Channels, patterns; commands queued in a transaction, -1 for none; keys watched. */
  channels: number;
  patterns: number;
  queued: number;
  watched: number;
  /** Whether it is answered: `skip` not for the next command, `skipping` not for this one. */
  answers: 'on' | 'off' | 'skip' | 'skipping';
};

/** `t` tracks, `B` all that changes; `N` plain, `x` in a transaction, `P` subscribed, `O` monitors. */
export function flagsOf(client: ClientInfo, tracking?: TrackingMode): string {
  let flags = '';
  if (tracking !== undefined) flags += tracking.kind === 'broadcast' ? 'tB' : 't';
  if (client.isMonitor) flags += 'O';
  if (client.channels + client.patterns > 0) flags += 'P';
  if (client.queued >= 0) flags += 'x';
  if (client.noEvict) flags += 'e';
  if (client.noTouch) flags += 'T';
  return flags === '' ? 'N' : flags;
}

/** One line of CLIENT LIST, without its end; `nowMs` by the host's clock. */
export function describeClient(client: ClientInfo, nowMs: number, tracking?: TrackingMode): string {
  const seconds = (since: number): number => Math.max(0, Math.floor((nowMs - since) / 1_000));
  const fields: readonly (readonly [string, string | number])[] = [
    ['id', client.id],
    ['addr', client.address],
    ['laddr', client.localAddress],
    ['fd', client.id],
    ['name', client.name],
    ['age', seconds(client.sinceMs)],
    ['idle', seconds(client.lastMs)],
    ['flags', flagsOf(client, tracking)],
    ['db', 0],
    ['sub', client.channels],
    ['psub', client.patterns],
    ['ssub', 0],
    ['multi', client.queued],
    ['watch', client.watched],
    ['qbuf', 0],
    ['qbuf-free', 0],
    ['argv-mem', 0],
    ['multi-mem', 0],
    ['rbs', 0],
    ['rbp', 0],
    ['obl', 0],
    ['oll', 0],
    ['omem', 0],
    ['tot-mem', 0],
    ['events', 'r'],
    ['cmd', client.lastCommand],
    ['user', client.user.name],
    ['redir', tracking === undefined ? -1 : (tracking.redirect ?? 0)],
    ['resp', client.protocol],
    ['lib-name', client.libraryName],
    ['lib-ver', client.libraryVersion],
  ];
  return fields.map(([name, value]) => `${name}=${value}`).join(' ');
}
