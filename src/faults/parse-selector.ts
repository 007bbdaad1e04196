/**
 * Which servers and which links a statement is about.
 *
 *   part = name | "leader" | "follower" [int] | "broker" | "one" | "minority" | "majority" | "all" | "random" int
 *   sel = part *("," part) ; group = 1*sel ; link = group ("->" | "<->") group | group | "*" | groups
 *
 * Whether a name is known, and whether the mode has such a role, is checked here, where its column is known.
 */
import { serverIndex, serverName, type ServerIndex } from '../model/ids.ts';
import type { Cursor } from './cursor.ts';
import { FORMS } from './forms.ts';
import { isPoint, POINT_CALLS } from './point-names.ts';
import type { LinkSelector, Selector, SelectorPart } from './syntax.ts';

const ROLES = ['one', 'minority', 'majority', 'all', 'leader', 'broker'] as const;

/** Words that no AS may take: they mean something else in the place of a name, also after HEAL. */
const RESERVED: ReadonlySet<string> = new Set([
  ...[...ROLES, 'follower', 'gateway', 'random', 'for', 'p', 'nth', 'times', 'as', 'seed'],
  ...FORMS.flatMap(({ words, aliases }) => [...words.toLowerCase().split(' ').slice(0, 1), ...aliases]),
]);

const NAME = /^\p{L}[\p{L}\d_.-]*$/u;

/** Servers that a fault of a server acts on: the broker is none of them. */
export function parseServers(cursor: Cursor): Selector {
  const column = cursor.peek()?.column ?? 0;
  const selector = parseSelector(cursor);
  if (selector.some(({ kind }) => kind === 'broker')) {
    cursor.wrongAt(column, 'expected servers: the broker lives and dies with the process');
  }
  return selector;
}

/** At least one part, with commas between. */
export function parseSelector(cursor: Cursor): Selector {
  const parts = [parsePart(cursor)];
  while (cursor.take(',')) parts.push(parsePart(cursor));
  return parts;
}

/** Whether a selector starts here. */
export function isSelector(cursor: Cursor): boolean {
  const word = cursor.word();
  if (word === undefined) return false;
  return isRole(word) || word === 'gateway' || nameAt(cursor) !== null || /^s\d+$/.test(word);
}

/** Selectors one after the other, as one. */
export function parseGroup(cursor: Cursor): Selector {
  const parts = [...parseSelector(cursor)];
  while (isSelector(cursor)) parts.push(...parseSelector(cursor));
  return parts;
}

/** Groups with `|` or `/` between: at least two. The first one is read already. */
export function parseGroups(cursor: Cursor, first: Selector): Selector[] {
  const groups = [first];
  while (cursor.take('|') || cursor.take('/')) groups.push(parseGroup(cursor));
  if (groups.length < 2) cursor.expected("'|' and another group");
  return groups;
}

/** A link; every link when none is named and `every` allows it. */
export function parseLink(cursor: Cursor, { every }: { readonly every: boolean }): LinkSelector {
  if (cursor.take('*') || (every && !isSelector(cursor) && !looksLikeName(cursor))) return { kind: 'every' };
  return parseLinkFrom(cursor, parseGroup(cursor));
}

/** A link whose first group is read already. */
export function parseLinkFrom(cursor: Cursor, from: Selector): LinkSelector {
  const oneWay = cursor.take('->');
  if (!oneWay && !cursor.take('<->')) return { kind: 'around', selector: from };
  return { kind: 'between', from, to: parseGroup(cursor), bothWays: !oneWay };
}

/** A name for AS. */
export function parseNewName(cursor: Cursor): string {
  const token = cursor.peek();
  const name = token?.kind === 'word' ? token.text : '';
  if (!NAME.test(name) || /^[sf]\d+$/i.test(name) || RESERVED.has(name.toLowerCase())) {
    cursor.expected('a name that is none of the words of this language');
  } else cursor.skip();
  return name;
}

function parsePart(cursor: Cursor): SelectorPart {
  const word = cursor.word();
  const role = ROLES.find((one) => one === word);
  if (role !== undefined) {
    if (role === 'leader') needLeader(cursor);
    cursor.skip();
    return { kind: role };
  }
  if (word === 'follower') {
    needLeader(cursor);
    cursor.skip();
    const counted = /^\d+$/.test(cursor.word() ?? '');
    return { kind: 'follower', nth: counted ? cursor.whole('which follower', 1, cursor.around.servers) : null };
  }
  if (word === 'random') {
    cursor.skip();
    return { kind: 'random', count: cursor.whole('how many servers', 1, cursor.around.servers) };
  }
  const name = nameAt(cursor);
  if (name !== null) cursor.skip();
  else if (word === 'gateway') cursor.expected('servers: the gateway lives in the thread of the broker');
  else cursor.expected(wanted(cursor));
  return { kind: 'name', name: name ?? '' };
}

/** The server or the known name at this place. */
function nameAt(cursor: Cursor): string | null {
  const token = cursor.peek();
  if (token?.kind !== 'word') return null;
  const index = serverIndex(token.text, cursor.around.servers);
  if (index !== null) return serverName(index);
  return cursor.around.names.has(token.text) ? token.text : null;
}

function needLeader(cursor: Cursor): void {
  if (cursor.around.mode !== 'leader') cursor.expected(`servers: nobody leads in mode ${cursor.around.mode}`);
}

function isRole(word: string): boolean {
  return word === 'follower' || word === 'random' || ROLES.some((role) => role === word);
}

/** A misspelt name is told as one, not as a missing number. */
function looksLikeName(cursor: Cursor): boolean {
  return NAME.test(cursor.word() ?? '');
}

function wanted({ around }: Cursor): string {
  const last = serverName((around.servers - 1) as ServerIndex);
  const servers = around.servers === 1 ? 's1' : `s1 to ${last}`;
  const roles = around.mode === 'leader' ? 'leader, follower, ' : '';
  return `a server (${servers}), all, one, minority, majority, ${roles}random N or a name that AS gave`;
}

/** The name of a point of the code. */
export function parsePointName(cursor: Cursor): string {
  const name = cursor.word() ?? '';
  if (isPoint(name)) cursor.skip();
  else cursor.expected(`before- or after- and one of ${POINT_CALLS.join(', ')}`);
  return name;
}
