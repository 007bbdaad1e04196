/**
 * What somebody may run, on which keys and channels: the first of a user's selectors is his own, others are in parentheses,
 * and a command that one of them allows may be run. Made of rules, and shown as such rules again.
 *
 *   rule = "~" pattern | "%" ( "R" | "W" | "RW" ) "~" pattern | "allkeys" | "resetkeys"
 *        | "&" pattern | "allchannels" | "resetchannels"
 *        | ( "+" | "-" ) ( command [ "|" subcommand ] | "@" category ) | "+" command "|" first-word
 *        | "allcommands" | "nocommands"
 *
 * Example: `~person* +@read +set` may read all that begins with person, and SET it.
 */
import { ACL_PATTERNS_MAX, PATTERN_BYTES_MAX } from '../../model/limits.ts';
import { equalBytes, text, utf8 } from '../../lib/bytes.ts';
import { OPTION_BYTES_MAX } from './arguments.ts';
import { CATEGORIES, categoriesOf } from './categories.ts';
import type { CommandIndex, Entry } from './command-index.ts';

export type KeyPattern = { readonly pattern: Uint8Array; readonly reads: boolean; readonly writes: boolean };

/** Plain data: changed as a whole or not at all. */
export type Selector = {
  /** What `+@all` was followed by, or `-@all`. */
  startsWithAll: boolean;
  rules: readonly string[];
  commands: ReadonlySet<Entry>;
  /** Of commands that are not allowed: with which first words they are, in small letters. */
  firstWords: ReadonlyMap<Entry, readonly string[]>;
  /** Null: all. */
  keys: readonly KeyPattern[] | null;
  channels: readonly Uint8Array[] | null;
};

/** Allows nothing. */
export const NOTHING_ALLOWED: Selector = {
  startsWithAll: false,
  rules: [],
  commands: new Set(),
  firstWords: new Map(),
  keys: [],
  channels: [],
};

export const SYNTAX = 'Syntax error';
export const TOO_MANY = `more than ${ACL_PATTERNS_MAX} passwords, patterns or selectors, or a pattern of more than ${PATTERN_BYTES_MAX} bytes`;

/** Applies one rule. Answers an error's words, as Redis has them, or null. */
export function applySelectorRule(selector: Selector, rule: Uint8Array, index: CommandIndex): string | null {
  const written = text(rule);
  const simple = SIMPLE.get(written.toLowerCase());
  if (simple !== undefined) {
    simple(selector, index);
    return null;
  }
  const rest = rule.subarray(1);
  switch (written[0]) {
    case '~':
      return addKeys(selector, { pattern: rest.slice(), reads: true, writes: true });
    case '%': {
      const letters = /^%([rw]{1,2})~/i.exec(written)?.[1]?.toLowerCase();
      if (letters === undefined || letters === 'rr' || letters === 'ww') return SYNTAX;
      const pattern = rule.slice(letters.length + 2);
      return addKeys(selector, { pattern, reads: letters.includes('r'), writes: letters.includes('w') });
    }
    case '&':
      return addChannels(selector, rest.slice());
    case '+':
    case '-':
      return changeCommands(selector, written[0] === '+', written.slice(1).toLowerCase(), index);
    default:
      return SYNTAX;
  }
}

/** The rules of a selector as words, such that they make the same one. */
export function selectorRules(selector: Selector): string[] {
  return [
    ...keyRules(selector),
    ...(selector.channels === null ? [] : ['resetchannels']),
    ...channelRules(selector),
    ...commandRules(selector),
  ];
}

export function keyRules({ keys }: Selector): string[] {
  if (keys === null) return ['~*'];
  return keys.map(({ pattern, reads, writes }) => `${reads && writes ? '' : reads ? '%R' : '%W'}~${text(pattern)}`);
}

export function channelRules({ channels }: Selector): string[] {
  return channels === null ? ['&*'] : channels.map((pattern) => `&${text(pattern)}`);
}

export function commandRules({ startsWithAll, rules }: Selector): string[] {
  return [startsWithAll ? '+@all' : '-@all', ...rules];
}

const UNKNOWN = 'Unknown command or category name in ACL';
const FIRST_WORD_OF_SUBCOMMAND = 'Allowing first-arg of a subcommand is not supported';
const USELESS_KEY =
  "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns";
const USELESS_CHANNEL =
  "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels";

const SIMPLE: ReadonlyMap<string, (selector: Selector, index: CommandIndex) => void> = new Map<
  string,
  (selector: Selector, index: CommandIndex) => void
>([
  ['allkeys', (selector) => void (selector.keys = null)],
  ['~*', (selector) => void (selector.keys = null)],
  ['%rw~*', (selector) => void (selector.keys = null)],
  ['resetkeys', (selector) => void (selector.keys = [])],
  ['allchannels', (selector) => void (selector.channels = null)],
  ['&*', (selector) => void (selector.channels = null)],
  ['resetchannels', (selector) => void (selector.channels = [])],
  ['allcommands', allCommands],
  ['+@all', allCommands],
  ['nocommands', noCommands],
  ['-@all', noCommands],
]);

function allCommands(selector: Selector, index: CommandIndex): void {
  Object.assign(selector, { startsWithAll: true, rules: [], commands: new Set(index.all), firstWords: new Map() });
}

function noCommands(selector: Selector): void {
  Object.assign(selector, { startsWithAll: false, rules: [], commands: new Set(), firstWords: new Map() });
}

function addKeys(selector: Selector, added: KeyPattern): string | null {
  if (selector.keys === null) return USELESS_KEY;
  if (!isWord(added.pattern)) return SYNTAX;
  if (selector.keys.length >= ACL_PATTERNS_MAX || added.pattern.length > PATTERN_BYTES_MAX) return TOO_MANY;
  const known = selector.keys.find(({ pattern }) => equalBytes(pattern, added.pattern));
  const merged = {
    ...added,
    reads: added.reads || known?.reads === true,
    writes: added.writes || known?.writes === true,
  };
  selector.keys =
    known === undefined ? [...selector.keys, added] : selector.keys.map((key) => (key === known ? merged : key));
  return null;
}

function addChannels(selector: Selector, added: Uint8Array): string | null {
  if (selector.channels === null) return USELESS_CHANNEL;
  if (!isWord(added)) return SYNTAX;
  if (selector.channels.length >= ACL_PATTERNS_MAX || added.length > PATTERN_BYTES_MAX) return TOO_MANY;
  if (!selector.channels.some((pattern) => equalBytes(pattern, added)))
    selector.channels = [...selector.channels, added];
  return null;
}

/** Whether it is text without blanks: what else could be written down as a rule. */
function isWord(pattern: Uint8Array): boolean {
  const written = text(pattern);
  return !/[\s\0]/.test(written) && equalBytes(utf8(written), pattern);
}

/** `name` is a command, `container|subcommand`, or `@category`. */
function changeCommands(selector: Selector, isAllowed: boolean, name: string, index: CommandIndex): string | null {
  const meant = name.startsWith('@') ? inCategory(name.slice(1), index) : index.under(name);
  if (meant === null) return isAllowed ? addFirstWord(selector, name, index) : UNKNOWN;
  const commands = new Set(selector.commands);
  const firstWords = new Map(selector.firstWords);
  for (const entry of meant) {
    firstWords.delete(entry);
    if (isAllowed) commands.add(entry);
    else commands.delete(entry);
  }
  selector.commands = commands;
  selector.firstWords = firstWords;
  addRule(selector, isAllowed, name);
  return null;
}

/** `name` is `command|word`, of a command that has no subcommands: `select|0`. */
function addFirstWord(selector: Selector, name: string, index: CommandIndex): string | null {
  const bar = name.lastIndexOf('|');
  if (bar < 0) return UNKNOWN;
  const [command, word] = [name.slice(0, bar), name.slice(bar + 1)];
  if (command.includes('|') && index.byName(command) !== null) return FIRST_WORD_OF_SUBCOMMAND;
  const entry = index.entries.find((one) => one.name === command);
  if (entry === undefined) return UNKNOWN;
  if (word === '' || !isWord(utf8(word))) return SYNTAX;
  const known = selector.firstWords.get(entry) ?? [];
  if (known.length >= ACL_PATTERNS_MAX || word.length > OPTION_BYTES_MAX) return TOO_MANY;
  selector.firstWords = new Map(selector.firstWords).set(entry, [...known.filter((other) => other !== word), word]);
  addRule(selector, true, name);
  return null;
}

function addRule(selector: Selector, isAllowed: boolean, name: string): void {
  // A rule that is said again, or that says more than an older one, stands for it.
  const others = selector.rules.filter((rule) => rule.slice(1) !== name && !rule.slice(1).startsWith(`${name}|`));
  selector.rules = [...others, `${isAllowed ? '+' : '-'}${name}`];
}

function inCategory(category: string, index: CommandIndex): readonly Entry[] | null {
  if (!CATEGORIES.includes(category)) return null;
  return index.all.filter((entry) => categoriesOf(entry).includes(category));
}
