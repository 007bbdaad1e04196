/**
 * The users of a host and who is who: names, passwords, what was refused lately. A password is compared as its SHA-256,
 * every byte of every one that the user has, so that the time it takes says nothing; it is kept and shown nowhere.
 */
import { text, utf8 } from '../../lib/bytes.ts';
import { ACL_ADDRESSES_MAX, ACL_LOG_MAX, ACL_USERS_MAX } from '../../model/limits.ts';
import { type Denial, isFree } from './access.ts';
import { type ClientInfo, describeClient } from './client-info.ts';
import type { CommandIndex } from './command-index.ts';
import type { HostFacts } from './facts.ts';
import { NOTHING_ALLOWED } from './selector.ts';
import { applyRule, nobody, type Permissions, type RuleContext, rulesOf, type User, wholeRules } from './user.ts';

export type LogEntry = {
  readonly id: number;
  count: number;
  readonly reason: Denial['reason'] | 'auth';
  readonly context: 'toplevel' | 'multi';
  readonly object: string;
  readonly user: string;
  client: string;
  readonly createdMs: number;
  updatedMs: number;
};

/** Failures from one address from which on answers are late, for how long they count, and how late an answer is. */
const FAILURES_FREE = 5;
const FAILURES_KEPT_MS = 60_000;
const DELAY_MS = 100;
const DELAY_MAX_MS = 10_000;

/** The same refusal within this time is counted, not listed again. */
const LOG_GROUPED_MS = 60_000;

export const DEFAULT_USER = 'default';

export class Users {
  readonly #facts: HostFacts;
  readonly #context: RuleContext;
  readonly #byName = new Map<string, User>();
  readonly #failures = new Map<string, { count: number; atMs: number; freeAtMs: number }>();
  #log: LogEntry[] = [];
  #nextLogId = 0;
  #logMax = ACL_LOG_MAX;
  /** Whether somebody new may hear all channels. */
  hearsAll = false;
  readonly default: User;

  constructor(index: CommandIndex, facts: HostFacts) {
    this.#facts = facts;
    this.#context = {
      index,
      hash: (password) => hexOf(facts.sha256(password)),
      blank: () => ({ ...NOTHING_ALLOWED, channels: this.hearsAll ? null : [] }),
    };
    this.default = { name: DEFAULT_USER, may: nobody(this.#context), isFree: false };
    this.#byName.set(DEFAULT_USER, this.default);
    this.#becomes(this.default, this.#defaultPermissions());
  }

  /** By name. */
  all(): User[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  get(name: string): User | null {
    return this.#byName.get(name) ?? null;
  }

  /** Makes or changes a user. All rules or none: answers an error line, or null. */
  set(name: string, rules: readonly Uint8Array[]): string | null {
    const known = this.#byName.get(name);
    if (known === undefined && this.#byName.size >= ACL_USERS_MAX)
      return `ERR there are ${ACL_USERS_MAX} users, the limit ACL_USERS_MAX`;
    if (!/^[^\s\0]{1,256}$/.test(name)) return "ERR Usernames can't contain spaces or null characters";
    const may: Permissions = { ...(known?.may ?? nobody(this.#context)) };
    const whole = wholeRules(rules);
    if ('open' in whole) return `ERR Unmatched parenthesis in acl selector starting at '${shownRule(whole.open)}'.`;
    for (const rule of whole) {
      const failure = applyRule(may, rule, this.#context);
      if (failure !== null) return `ERR Error in ACL SETUSER modifier '${shownRule(rule)}': ${failure}`;
    }
    const user = known ?? { name, may, isFree: false };
    this.#byName.set(name, user);
    this.#becomes(user, may);
    return null;
  }

  /** Answers whether there was one. */
  remove(name: string): boolean {
    return name !== DEFAULT_USER && this.#byName.delete(name);
  }

  /** CONFIG SET requirepass: the password of the default user, empty for none. */
  requirePassword(password: Uint8Array): void {
    const may: Permissions = { ...this.default.may, takesAny: password.length === 0, passwords: [] };
    if (password.length > 0) may.passwords = [this.#context.hash(password)];
    this.#becomes(this.default, may);
  }

  /** Whether a connection that says nothing is the default user. */
  get isOpen(): boolean {
    return this.default.may.isOn && this.default.may.takesAny;
  }

  /** Who knows this password, or null. */
  authenticate(name: string, password: Uint8Array): User | null {
    const user = this.#byName.get(name);
    const given = this.#facts.sha256(password);
    let isRight = false;
    for (const hash of user?.may.passwords ?? []) {
      let difference = 0;
      for (let i = 0; i < given.length; i++)
        difference |= (given[i] as number) ^ Number.parseInt(hash.slice(i * 2, i * 2 + 2), 16);
      if (difference === 0) isRight = true;
    }
    if (user === undefined || !user.may.isOn) return null;
    return isRight || user.may.takesAny ? user : null;
  }

  /** Whether attempts from an address have to wait. */
  isSlow(address: string): boolean {
    const failures = this.#failures.get(hostOf(address));
    if (failures === undefined || failures.count < FAILURES_FREE) return false;
    return this.#facts.clockMs() - failures.atMs <= FAILURES_KEPT_MS;
  }

  /**
   * Milliseconds that an attempt from an address has to wait: none until it failed often, then each waits for the one
   * before it, so that many connections at once try no faster than one.
   */
  delayMs(address: string): number {
    const failures = this.#failures.get(hostOf(address));
    const now = this.#facts.clockMs();
    if (failures === undefined || !this.isSlow(address)) return 0;
    failures.freeAtMs = Math.min(Math.max(failures.freeAtMs, now) + DELAY_MS, now + DELAY_MAX_MS);
    return failures.freeAtMs - now;
  }

  /** What came of an attempt. */
  attempted(client: ClientInfo, name: string, isRight: boolean): void {
    const host = hostOf(client.address);
    if (isRight) {
      this.#failures.delete(host);
      return;
    }
    const now = this.#facts.clockMs();
    const known = this.#failures.get(host);
    const isRecent = known !== undefined && now - known.atMs <= FAILURES_KEPT_MS;
    this.#failures.delete(host);
    this.#failures.set(host, { count: isRecent ? known.count + 1 : 1, atMs: now, freeAtMs: known?.freeAtMs ?? 0 });
    if (this.#failures.size > ACL_ADDRESSES_MAX)
      for (const oldest of this.#failures.keys()) {
        this.#failures.delete(oldest);
        break;
      }
    this.note(client, { reason: 'auth', object: 'AUTH' }, name, false);
  }

  /** Something was refused. */
  note(
    client: ClientInfo,
    { reason, object }: { readonly reason: LogEntry['reason']; readonly object: string },
    user: string,
    isInTransaction: boolean,
  ): void {
    const now = this.#facts.wallMs();
    const context = isInTransaction ? 'multi' : 'toplevel';
    const described = describeClient(client, this.#facts.clockMs());
    const same = this.#log.find(
      (entry) =>
        entry.reason === reason &&
        entry.context === context &&
        entry.object === object &&
        entry.user === user &&
        now - entry.updatedMs < LOG_GROUPED_MS,
    );
    if (same !== undefined) {
      same.count++;
      same.updatedMs = now;
      same.client = described;
      this.#log = [same, ...this.#log.filter((entry) => entry !== same)];
      return;
    }
    const id = this.#nextLogId++;
    this.#log.unshift({
      id,
      count: 1,
      reason,
      context,
      object,
      user,
      client: described,
      createdMs: now,
      updatedMs: now,
    });
    this.logMax = this.#logMax;
  }

  /** Entries of what was refused that are kept. */
  get logMax(): number {
    return this.#logMax;
  }

  set logMax(entries: number) {
    this.#logMax = Math.min(entries, ACL_LOG_MAX);
    if (this.#log.length > this.#logMax) this.#log.length = this.#logMax;
  }

  /** What was refused, the newest first. */
  refused(count: number): readonly LogEntry[] {
    return this.#log.slice(0, count);
  }

  forgetRefused(): void {
    this.#log = [];
  }

  /** All users as lines that `load` reads. */
  save(): string {
    return this.all()
      .map(({ name, may }) => `user ${name} ${rulesOf(may).join(' ')}\n`)
      .join('');
  }

  /** The users of a file instead of all others. All or nothing: answers what is wrong, with its line, or null. */
  load(saved: string): string | null {
    const read = new Map<string, Permissions>();
    for (const [at, line] of saved.split('\n').entries()) {
      const words = line.trim().split(/\s+/);
      if (words[0] === '' || words[0]?.startsWith('#')) continue;
      const name = words[1];
      if (words[0] !== 'user' || name === undefined) return `line ${at + 1}: expected 'user <name> <rule> ...'`;
      if (read.has(name)) return `line ${at + 1}: Duplicate user '${name}' found`;
      const may = nobody(this.#context);
      const rules = wholeRules(words.slice(2).map(utf8));
      if ('open' in rules) return `line ${at + 1}: '${shownRule(rules.open)}' is left open`;
      for (const rule of rules) {
        const failure = applyRule(may, rule, this.#context);
        if (failure !== null) return `line ${at + 1}: rule '${shownRule(rule)}': ${failure}`;
      }
      read.set(name, may);
    }
    for (const name of [...this.#byName.keys()]) if (!read.has(name)) this.remove(name);
    if (!read.has(DEFAULT_USER)) this.#becomes(this.default, this.#defaultPermissions());
    for (const [name, may] of read) {
      const user = this.#byName.get(name) ?? { name, may, isFree: false };
      this.#byName.set(name, user);
      this.#becomes(user, may);
    }
    return null;
  }

  #defaultPermissions(): Permissions {
    const may = nobody(this.#context);
    for (const rule of ['on', 'nopass', 'allkeys', 'allchannels', 'allcommands'])
      applyRule(may, utf8(rule), this.#context);
    return may;
  }

  #becomes(user: User, may: Permissions): void {
    user.may = may;
    user.isFree = isFree(may);
  }
}

/** A rule as an error shows it: never a password. */
function shownRule(rule: Uint8Array): string {
  const shown = text(rule, 0, Math.min(rule.length, 128));
  return /^(?:[<>]|\(.*[<>])/.test(shown) ? `${shown[0]}...` : shown;
}

function hostOf(address: string): string {
  return address.slice(0, Math.max(0, address.lastIndexOf(':')));
}

function hexOf(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex;
}
