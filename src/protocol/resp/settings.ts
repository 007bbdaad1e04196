/**
 * What CONFIG GET shows and CONFIG SET changes. Names are those that tools ask Redis for; what this host has none of
 * shows the value that says so. Only rows with `read` can be changed.
 */
import { utf8 } from '../../lib/bytes.ts';
import { TRACKED_KEYS_MAX } from '../../model/limits.ts';
import { INT64_MAX } from './arguments.ts';
import type { RespHost } from './resp-host.ts';

type Setting = {
  readonly get: () => string;
  /** Answers an error's words, or what sets it: nothing is changed before. */
  readonly read?: (value: string) => string | (() => void);
};

export class Settings {
  readonly #all: ReadonlyMap<string, Setting>;

  constructor(host: RespHost) {
    const { facts, slowLog } = host;
    const durability = (): string => host.administration.status().durability;
    const is = (value: string): Setting => ({ get: () => value });
    const number = (get: () => number, set: (value: number) => void, least = 0): Setting => ({
      get: () => String(get()),
      read: (written) => {
        const value = Number(written);
        if (!/^-?\d{1,15}$/.test(written)) return "argument couldn't be parsed into an integer";
        if (value < least) return `argument must be between ${least} and ${INT64_MAX} inclusive`;
        return () => set(value);
      },
    });
    this.#all = new Map<string, Setting>([
      [
        'acl-pubsub-default',
        {
          get: () => (host.users.hearsAll ? 'allchannels' : 'resetchannels'),
          read: (value) => {
            const word = value.toLowerCase();
            if (word !== 'allchannels' && word !== 'resetchannels')
              return 'argument(s) must be one of the following: allchannels, resetchannels';
            return () => {
              host.users.hearsAll = word === 'allchannels';
            };
          },
        },
      ],
      [
        'acllog-max-len',
        number(
          () => host.users.logMax,
          (value) => {
            host.users.logMax = value;
          },
        ),
      ],
      ['appendfsync', { get: () => (durability() === 'fsync' ? 'always' : 'no') }],
      ['appendonly', { get: () => (durability() === 'memory' ? 'no' : 'yes') }],
      ['bind', is('127.0.0.1')],
      ['cluster-enabled', is('no')],
      ['databases', is('1')],
      ['dir', { get: () => facts.directory }],
      ['hash-max-listpack-entries', is('0')],
      ['lazyfree-lazy-user-del', is('no')],
      ['list-max-listpack-size', is('-2')],
      ['maxclients', { get: () => String(facts.connectionsMax) }],
      ['maxmemory', is('0')],
      ['maxmemory-policy', is('noeviction')],
      [
        'notify-keyspace-events',
        { get: () => host.notifications.flags, read: (flags) => host.notifications.read(flags) },
      ],
      ['port', { get: () => String(facts.port()) }],
      ['proto-max-bulk-len', is('16777216')],
      ['protected-mode', is('yes')],
      [
        'requirepass',
        {
          get: () => (host.users.default.may.passwords.length > 0 ? HIDDEN : ''),
          read: (value) => () => host.users.requirePassword(utf8(value)),
        },
      ],
      ['save', is('')],
      ['set-max-intset-entries', is('512')],
      [
        'slowlog-log-slower-than',
        number(
          () => slowLog.thresholdUs,
          (value) => {
            slowLog.thresholdUs = value;
          },
          -1,
        ),
      ],
      [
        'slowlog-max-len',
        number(
          () => slowLog.entriesMax,
          (value) => {
            slowLog.entriesMax = Math.min(value, SLOW_ENTRIES_MAX);
          },
        ),
      ],
      ['timeout', is('0')],
      [
        'tracking-table-max-keys',
        number(
          () => host.tracking.itemsMax,
          (value) => host.tracking.limit(value === 0 ? TRACKED_KEYS_MAX : Math.min(value, TRACKED_KEYS_MAX)),
        ),
      ],
    ]);
  }

  get names(): readonly string[] {
    return [...this.#all.keys()];
  }

  valueOf(name: string): string | null {
    return this.#all.get(name)?.get() ?? null;
  }

  /** Sets all of these or none: answers an error line, or null. The names are in any case. */
  change(pairs: readonly (readonly [name: string, value: string])[]): string | null {
    const wanted = new Map<string, { readonly value: string; readonly read: NonNullable<Setting['read']> }>();
    for (const [given, value] of pairs) {
      const name = given.toLowerCase();
      const setting = this.#all.get(name);
      if (setting === undefined) return `ERR Unknown option or number of arguments for CONFIG SET - '${given}'`;
      if (setting.read === undefined) return failed(given, "can't set immutable config");
      if (wanted.has(name)) return failed(given, 'duplicate parameter');
      wanted.set(name, { value, read: setting.read });
    }
    const sets: (() => void)[] = [];
    for (const [name, { value, read }] of wanted) {
      const set = read(value);
      if (typeof set === 'string') return failed(name, set);
      sets.push(set);
    }
    for (const set of sets) set();
    return null;
  }
}

function failed(name: string, why: string): string {
  return `ERR CONFIG SET failed (possibly related to argument '${name}') - ${why}`;
}

/** A password is kept as its hash only: nobody can show it. */
const HIDDEN = '********';

/** Entries of the slow log at most: CONFIG SET must not make it grow without bound. */
const SLOW_ENTRIES_MAX = 10_000;
