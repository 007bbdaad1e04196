/**
 * A user: what somebody who knows a password may do. Made of the rules of ACL SETUSER, and shown as such rules again.
 * Passwords are kept as their SHA-256 only; nothing here compares one.
 *
 *   rule = "on" | "off" | "nopass" | "resetpass" | ">" password | "<" password | "#" hash | "!" hash
 *        | rule of a selector (selector.ts) | "(" { rule of a selector } ")" | "clearselectors" | "reset"
 *
 * Example: `on >secret ~person* +@read (~cart* +set)` may read all that begins with person, and SET what begins with cart.
 */
import { ACL_PATTERNS_MAX } from '../../model/limits.ts';
import { equalBytes, text, utf8 } from '../../lib/bytes.ts';
import type { CommandIndex } from './command-index.ts';
import { applySelectorRule, type Selector, selectorRules, SYNTAX, TOO_MANY } from './selector.ts';

/** What a user is, as plain data: changed as a whole or not at all. */
export type Permissions = Selector & {
  isOn: boolean;
  /** Whether any password will do. */
  takesAny: boolean;
  /** SHA-256 of each password, in hexadecimal digits. */
  passwords: readonly string[];
  /** What else he may do. */
  selectors: readonly Selector[];
};

export type User = {
  readonly name: string;
  may: Permissions;
  /** Whether nothing needs to be checked for him. */
  isFree: boolean;
};

export type RuleContext = {
  readonly index: CommandIndex;
  readonly hash: (password: Uint8Array) => string;
  /** What a selector allows before any rule: nothing, or to hear all channels. */
  readonly blank: () => Selector;
};

/** Somebody new. */
export function nobody({ blank }: RuleContext): Permissions {
  return { ...blank(), isOn: false, takesAny: false, passwords: [], selectors: [] };
}

/** Words of rules with those that one pair of parentheses is around as one; or the word of one that is left open. */
export function wholeRules(words: readonly Uint8Array[]): readonly Uint8Array[] | { readonly open: Uint8Array } {
  const rules: Uint8Array[] = [];
  for (let i = 0; i < words.length; i++) {
    const first = words[i] as Uint8Array;
    if (first[0] !== OPEN || first.at(-1) === CLOSE) {
      rules.push(first);
      continue;
    }
    const length = words.slice(i).findIndex((word) => word.at(-1) === CLOSE) + 1;
    if (length === 0) return { open: first };
    const joined = words.slice(i, i + length).flatMap((word) => [...word, BLANK]);
    rules.push(Uint8Array.from(joined.slice(0, -1)));
    i += length - 1;
  }
  return rules;
}

/** Applies one rule. Answers an error's words, as Redis has them, or null. */
export function applyRule(user: Permissions, rule: Uint8Array, context: RuleContext): string | null {
  const written = text(rule);
  const word = written.toLowerCase();
  const simple = word === 'reset' ? nobody(context) : SIMPLE.get(word);
  if (simple !== undefined) {
    Object.assign(user, simple);
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
    case '(':
      return addSelector(user, rest, context);
    default:
      return applySelectorRule(user, rule, context.index);
  }
}

/** The rules of a user as words, such that they make the same user. */
export function rulesOf(user: Permissions): string[] {
  return [
    user.isOn ? 'on' : 'off',
    ...(user.takesAny ? ['nopass'] : []),
    ...user.passwords.map((hash) => `#${hash}`),
    ...selectorRules(user),
    ...user.selectors.map((selector) => `(${selectorRules(selector).join(' ')})`),
  ];
}

const OPEN = 0x28;
const CLOSE = 0x29;
const BLANK = 0x20;

const HASH = /^[#!][0-9a-f]{64}$/;
const BAD_HASH = 'The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters';
const NO_SUCH_PASSWORD = 'The password you are trying to remove from the user does not exist';

/** What rules without an argument make of a user. */
const SIMPLE: ReadonlyMap<string, Partial<Permissions>> = new Map<string, Partial<Permissions>>([
  ['on', { isOn: true }],
  ['off', { isOn: false }],
  ['nopass', { takesAny: true, passwords: [] }],
  ['resetpass', { takesAny: false, passwords: [] }],
  ['clearselectors', { selectors: [] }],
  // Of payloads there are none.
  ['sanitize-payload', {}],
  ['skip-sanitize-payload', {}],
]);

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

/** `rule` is what follows the parenthesis. */
function addSelector(user: Permissions, rule: Uint8Array, { index, blank }: RuleContext): string | null {
  const written = text(rule);
  if (rule.at(-1) !== CLOSE || !equalBytes(utf8(written), rule)) return SYNTAX;
  if (user.selectors.length >= ACL_PATTERNS_MAX) return TOO_MANY;
  const selector = blank();
  for (const word of written.slice(0, -1).split(' ')) {
    const failure = word === '' ? null : applySelectorRule(selector, utf8(word), index);
    if (failure !== null) return failure;
  }
  user.selectors = [...user.selectors, selector];
  return null;
}
