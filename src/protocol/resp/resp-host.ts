/**
 * What the RESP connections of one host share: the store, the table of commands, clients, settings, counts, channels.
 * A registry; what commands make of it is in commands/*.ts.
 */
import type { Administration } from '../../model/status.ts';
import type { ClientInfo } from './client-info.ts';
import type { CommandIndex } from './command-index.ts';
import type { HostFacts } from './facts.ts';
import { Notifications } from './notifications.ts';
import { PubSub } from './pub-sub.ts';
import { ScanCursors } from './scan-cursors.ts';
import { SlowLog } from './slow-log.ts';
import { Settings } from './settings.ts';
import { Statistics } from './statistics.ts';
import type { Store } from './store.ts';
import type { Talk } from './talk.ts';
import { ClientTracking } from './tracking.ts';
import { Users } from './users.ts';

export type RespHostOptions = {
  readonly store: Store;
  readonly administration: Administration;
  readonly index: CommandIndex;
  readonly facts: HostFacts;
};

export class RespHost {
  readonly store: Store;
  readonly administration: Administration;
  readonly index: CommandIndex;
  readonly facts: HostFacts;
  readonly statistics = new Statistics();
  readonly slowLog = new SlowLog();
  readonly settings: Settings;
  readonly users: Users;
  readonly pubSub = new PubSub();
  readonly notifications: Notifications;
  readonly tracking: ClientTracking;
  readonly cursors = new ScanCursors();
  readonly talks = new Map<number, Talk>();
  readonly monitors = new Set<Talk>();
  readonly startedMs: number;
  /** Milliseconds since 1970 of the last checkpoint that was asked for here. */
  savedMs: number;
  #nextId = 1;

  constructor({ store, administration, index, facts }: RespHostOptions) {
    this.store = store;
    this.administration = administration;
    this.index = index;
    this.facts = facts;
    this.startedMs = facts.clockMs();
    this.savedMs = facts.wallMs();
    this.users = new Users(index, facts);
    this.notifications = new Notifications(store, this.pubSub);
    this.tracking = new ClientTracking(store, (id) => this.talks.get(id));
    this.settings = new Settings(this);
  }

  /** A client that just came. */
  newClient(address: string, localAddress: string): ClientInfo {
    this.statistics.connections++;
    const now = this.facts.clockMs();
    return {
      id: this.#nextId++,
      address,
      localAddress,
      sinceMs: now,
      name: '',
      libraryName: '',
      libraryVersion: '',
      protocol: 2,
      lastMs: now,
      lastCommand: 'NULL',
      isAuthenticated: this.users.isOpen,
      user: this.users.default,
      isMonitor: false,
      noEvict: false,
      noTouch: false,
      channels: 0,
      patterns: 0,
      queued: -1,
      watched: 0,
      answers: 'on',
    };
  }

  enter(talk: Talk): void {
    this.talks.set(talk.client.id, talk);
  }

  leave(talk: Talk): void {
    this.talks.delete(talk.client.id);
    this.monitors.delete(talk);
    this.pubSub.leave(talk);
    this.tracking.end(talk);
  }
}
