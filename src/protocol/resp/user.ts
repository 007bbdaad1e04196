/**
 * A user: what somebody who knows a password may run, on which keys and channels. Made of the rules of ACL SETUSER, and
 * shown as such rules again. Passwords are kept as their SHA-256 only; nothing here compares one.
 *
 *   rule = "on" | "off" | "nopass" | "resetpass" | ">" password | "<" password | "#" hash | "!" hash
 *        | "~" pattern | "%" ( "R" | "W" | "RW" ) "~" pattern | "allkeys" | "resetkeys"
 *        | "&" pattern | "allchannels" | "resetchannels"
 *        | ( "+" | "-" ) ( command [ "|" subcommand ] | "@" category ) | "allcommands" | "nocommands" | "reset"
 *
 * Example: `on >secret ~person* +@read +set` may read all that begins with person, and SET it.
 */
import { ACL_PATTERNS_MAX, PATTERN_BYTES_MAX } from '../../model/limits.ts';
import { equalBytes, text, utf8 } from '../../lib/bytes.ts';
import { CATEGORIES, categoriesOf } from './categories.ts';
import type { CommandIndex, Entry } from './command-index.ts';

export type KeyPattern = { readonly pattern: Uint8Array; readonly reads: boolean; readonly writes: boolean };

/** What a user is, as plain data: changed as a whole or not at all. */
export type Permissions = {
  isOn: boolean;
  /** Whether any password will do. */
  takesAny: boolean;
  /** SHA-256 of each password, in hexadecimal digits. */
  passwords: readonly string[];
  /** What `+@all` was followed by, or `-@all`. */
  startsWithAll: boolean;
  rules: readonly string[];
  commands: ReadonlySet<Entry>;
  /** Null: all. */
  keys: readonly KeyPattern[] | null;
  channels: readonly Uint8Array[] | null;
};

export type User = {
  readonly name: string;
  may: Permissions;
  /** Whether nothing needs to be checked for him. */
  isFree: boolean;
};

/** Somebody new: may do nothing. */
export const NOBODY: Permissions = {
  isOn: false,
  takesAny: false,
  passwords: [],
  startsWithAll: false,
  rules: [],
  commands: new Set(),
  keys: [],
  channels: [],
};

export type RuleContext = { readonly index: CommandIndex; readonly hash: (password: Uint8Array) => string };

/** Applies one rule. Answers an error's words, as Redis has them, or null. */
export function applyRule(user: Permissions, rule: Uint8Array, context: RuleContext): string | null {
  const written = text(rule);
  const simple = SIMPLE.get(written.toLowerCase());
  if (simple !== undefined) {
    simple(user, context);
    return null;
  }
  const rest = rule.subarray(1);
  switch (written[0]) {
    case '>':
      return addPassword(user, context.hash(rest));
    case '<':
      return removePassword(user, context.hash(rest));
    case '#':
      return HASH.test(written) ? addPassword(user, written.slice(1)) : BAD_HASH;
    case '!':
      return HASH.test(written) ? removePassword(user, written.slice(1)) : BAD_HASH;
    case '~':
      return addKeys(user, { pattern: rest.slice(), reads: true, writes: true });
    case '%': {
      const letters = /^%([rw]{1,2})~/i.exec(written)?.[1]?.toLowerCase();
      if (letters === undefined || letters === 'rr' || letters === 'ww') return SYNTAX;
      const pattern = rule.slice(letters.length + 2);
      return addKeys(user, { pattern, reads: letters.includes('r'), writes: letters.includes('w') });
    }
    case '&':
      return addChannels(user, rest.slice());
    case '+':
    case '-':
      return changeCommands(user, written[0] === '+', written.slice(1).toLowerCase(), context.index);
    default:
      return SYNTAX;
  }
}

/** The rules of a user as words, such that they make the same user. */
export function rulesOf(user: Permissions): string[] {
  return [
    user.isOn ? 'on' : 'off',
    ...(user.takesAny ? ['nopass'] : []),
    ...user.passwords.map((hash) => `#${hash}`),
    ...keyRules(user),
    ...(user.channels === null ? [] : ['resetchannels']),
    ...channelRules(user),
    ...commandRules(user),
  ];
}

export function keyRules({ keys }: Permissions): string[] {
  if (keys === null) return ['~*'];
  return keys.map(({ pattern, reads, writes }) => `${reads && writes ? '' : reads ? '%R' : '%W'}~${text(pattern)}`);
}

export function channelRules({ channels }: Permissions): string[] {
  return channels === null ? ['&*'] : channels.map((pattern) => `&${text(pattern)}`);
}

export function commandRules({ startsWithAll, rules }: Permissions): string[] {
  return [startsWithAll ? '+@all' : '-@all', ...rules];
}

const HASH = /^[#!][0-9a-f]{64}$/;
const SYNTAX = 'Syntax error';
const UNKNOWN = 'Unknown command or category name in ACL';
const BAD_HASH = 'The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters';
const NO_SUCH_PASSWORD = 'The password you are trying to remove from the user does not exist';
const USELESS_KEY =
  "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns";
const USELESS_CHANNEL =
  "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels";
const TOO_MANY = `more than ${ACL_PATTERNS_MAX} passwords or patterns, or a pattern of more than ${PATTERN_BYTES_MAX} bytes`;

const SIMPLE: ReadonlyMap<string, (user: Permissions, context: RuleContext) => void> = new Map<
  string,
  (user: Permissions, context: RuleContext) => void
>([
  ['on', (user) => void (user.isOn = true)],
  ['off', (user) => void (user.isOn = false)],
  ['nopass', (user) => void Object.assign(user, { takesAny: true, passwords: [] })],
  ['resetpass', (user) => void Object.assign(user, { takesAny: false, passwords: [] })],
  ['allkeys', (user) => void (user.keys = null)],
  ['~*', (user) => void (user.keys = null)],
  ['%rw~*', (user) => void (user.keys = null)],
  ['resetkeys', (user) => void (user.keys = [])],
  ['allchannels', (user) => void (user.channels = null)],
  ['&*', (user) => void (user.channels = null)],
  ['resetchannels', (user) => void (user.channels = [])],
  ['allcommands', allCommands],
  ['+@all', allCommands],
  ['nocommands', noCommands],
  ['-@all', noCommands],
  ['reset', (user) => void Object.assign(user, NOBODY)],
  // Of payloads and further selectors there are none.
  ['sanitize-payload', () => undefined],
  ['skip-sanitize-payload', () => undefined],
  ['clearselectors', () => undefined],
]);

function allCommands(user: Permissions, { index }: RuleContext): void {
  Object.assign(user, { startsWithAll: true, rules: [], commands: new Set(index.all) });
}

function noCommands(user: Permissions): void {
  Object.assign(user, { startsWithAll: false, rules: [], commands: new Set() });
}

function addPassword(user: Permissions, hash: string): string | null {
  user.takesAny = false;
  if (user.passwords.includes(hash)) return null;
  if (user.passwords.length >= ACL_PATTERNS_MAX) return TOO_MANY;
  user.passwords = [...user.passwords, hash];
  return null;
}

function removePassword(user: Permissions, hash: string): string | null {
  if (!user.passwords.includes(hash)) return NO_SUCH_PASSWORD;
  user.passwords = user.passwords.filter((other) => other !== hash);
  return null;
}

function addKeys(user: Permissions, added: KeyPattern): string | null {
  if (user.keys === null) return USELESS_KEY;
  if (!isWord(added.pattern)) return SYNTAX;
  if (user.keys.length >= ACL_PATTERNS_MAX || added.pattern.length > PATTERN_BYTES_MAX) return TOO_MANY;
  const known = user.keys.find(({ pattern }) => equalBytes(pattern, added.pattern));
  const merged = {
    ...added,
    reads: added.reads || known?.reads === true,
    writes: added.writes || known?.writes === true,
  };
  user.keys = known === undefined ? [...user.keys, added] : user.keys.map((key) => (key === known ? merged : key));
  return null;
}

function addChannels(user: Permissions, added: Uint8Array): string | null {
  if (user.channels === null) return USELESS_CHANNEL;
  if (!isWord(added)) return SYNTAX;
  if (user.channels.length >= ACL_PATTERNS_MAX || added.length > PATTERN_BYTES_MAX) return TOO_MANY;
  if (!user.channels.some((pattern) => equalBytes(pattern, added))) user.channels = [...user.channels, added];
  return null;
}

/** Whether it is text without blanks: what else could be written down as a rule. */
function isWord(pattern: Uint8Array): boolean {
  const written = text(pattern);
  return !/[\s\0]/.test(written) && equalBytes(utf8(written), pattern);
}

/** `name` is a command, `container|subcommand`, or `@category`. */
function changeCommands(user: Permissions, isAllowed: boolean, name: string, index: CommandIndex): string | null {
  const meant = name.startsWith('@') ? inCategory(name.slice(1), index) : index.under(name);
  if (meant === null) return UNKNOWN;
  const commands = new Set(user.commands);
  for (const entry of meant) {
    if (isAllowed) commands.add(entry);
    else commands.delete(entry);
  }
  user.commands = commands;
  // A rule that is said again, or that says more than an older one, stands for it.
  const others = user.rules.filter((rule) => rule.slice(1) !== name && !rule.slice(1).startsWith(`${name}|`));
  user.rules = [...others, `${isAllowed ? '+' : '-'}${name}`];
  return null;
}

function inCategory(category: string, index: CommandIndex): readonly Entry[] | null {
  if (!CATEGORIES.includes(category)) return null;
  return index.all.filter((entry) => categoriesOf(entry).includes(category));
}
