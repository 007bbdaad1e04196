/** ACL: users, what they may do, and what was refused. The rules themselves are in user.ts. */
import { text } from '../../../lib/bytes.ts';
import { ok } from '../../../lib/result.ts';
import { denialOf, denialText, mayHear } from '../access.ts';
import { integerOf } from '../arguments.ts';
import { CATEGORIES, categoriesOf } from '../categories.ts';
import { fits } from '../command-index.ts';
import { NOT_INTEGER, wrongCount, wrongSubcommand } from '../failures.ts';
import type { ReplyWriter } from '../reply-writer.ts';
import type { Words } from '../request-reader.ts';
import { type Container, type Flag, nowRow, type RowFacts } from '../row.ts';
import type { Talk } from '../talk.ts';
import { channelRules, commandRules, keyRules, type Selector } from '../selector.ts';
import { rulesOf, type User } from '../user.ts';
import { DEFAULT_USER } from '../users.ts';
import { helpRow } from './help.ts';

const ADMIN = ['admin', 'dangerous'] as const;

function facts(syntax: string, summary: string, flags: readonly Flag[] = []): RowFacts {
  return { syntax, summary, group: 'server', flags: ['loading', ...flags] };
}

export const ACL: Container = {
  name: 'acl',
  summary: 'Users and what they may do',
  group: 'server',
  subcommands: [
    nowRow('whoami', facts('', 'The user of the connection'), (talk, _words, reply) =>
      reply.text(talk.client.user.name),
    ),
    nowRow('users', facts('', 'The names of all users', ADMIN), (talk, _words, reply) =>
      reply.texts(talk.host.users.all().map(({ name }) => name)),
    ),
    nowRow('list', facts('', 'All users and their rules', ADMIN), (talk, _words, reply) =>
      reply.texts(talk.host.users.all().map(({ name, may }) => `user ${name} ${rulesOf(may).join(' ')}`)),
    ),
    nowRow('getuser', facts('username', 'The rules of a user', ADMIN), (talk, words, reply) => {
      const user = talk.host.users.get(text(words[2] as Uint8Array));
      if (user === null) reply.nil();
      else writeUser(user, reply);
    }),
    nowRow(
      'setuser',
      facts('username [rule ...]', 'Make a user, or change one: all of the rules or none', [...ADMIN, 'secret']),
      (talk, words, reply) => {
        const { users } = talk.host;
        const name = text(words[2] as Uint8Array);
        const failure = users.set(name, words.slice(3));
        if (failure !== null) reply.error(failure);
        else {
          reply.ok();
          endListeners(talk.host, talk.client, (user) => user.name === name);
        }
      },
    ),
    nowRow(
      'deluser',
      facts('username ...', 'Delete users and end their connections', ADMIN),
      ({ client, host }, words, reply) => {
        const names = words.slice(2).map((word) => text(word));
        if (names.includes(DEFAULT_USER)) {
          reply.error("ERR The 'default' user cannot be removed");
          return;
        }
        const removed = names.filter((name) => host.users.remove(name));
        reply.integer(removed.length);
        endAll(host, client, (user) => host.users.get(user.name) !== user);
      },
    ),
    nowRow('cat', facts('[category]', 'Categories, or the commands of one'), (talk, words, reply) => {
      const word = words[2] === undefined ? null : text(words[2]);
      const category = word?.toLowerCase() ?? '';
      if (words.length > 3) reply.error(wrongSubcommand(words));
      else if (word === null) reply.texts(CATEGORIES);
      else if (!CATEGORIES.includes(category)) reply.error(`ERR Unknown category '${word.slice(0, 64)}'`);
      else
        reply.texts(
          talk.host.index.all.filter((entry) => categoriesOf(entry).includes(category)).map(({ name }) => name),
        );
    }),
    nowRow('dryrun', facts('username command [arg ...]', 'Whether a user might run a command', ADMIN), onDryRun),
    nowRow('genpass', facts('[bits]', 'A password that nobody can guess'), (talk, words, reply) => {
      const bits = words[2] === undefined ? 256 : integerOf(words[2]);
      if (words.length > 3) reply.error(wrongSubcommand(words));
      else if (bits === null) reply.error(NOT_INTEGER);
      else if (bits < 1 || bits > 4_096)
        reply.error(
          'ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096',
        );
      else {
        const digits = Math.ceil(bits / 4);
        const bytes = talk.host.facts.secret(Math.ceil(digits / 2));
        reply.text(
          [...bytes]
            .map((byte) => byte.toString(16).padStart(2, '0'))
            .join('')
            .slice(0, digits),
        );
      }
    }),
    nowRow('log', facts('[count|RESET]', 'What was refused lately', ADMIN), onLog),
    nowRow('save', facts('', 'Keep all users in the file of the data directory', ADMIN), (talk, _words, reply) => {
      const { users, facts: host } = talk.host;
      if (host.users === null) return reply.error(NO_FILE);
      const failure = host.users.write(users.save());
      if (failure === null) reply.ok();
      else reply.error(`ERR the users cannot be written: ${failure}`);
    }),
    nowRow(
      'load',
      facts('', 'The users of the file instead of all others', ADMIN),
      ({ client, host }, _words, reply) => {
        const saved = host.facts.users?.read() ?? ok(null);
        if (!saved.ok) return reply.error(`ERR the users cannot be read: ${saved.error}`);
        if (saved.value === null) return reply.error(NO_FILE);
        const failure = host.users.load(saved.value);
        if (failure !== null) return reply.error(`ERR the users cannot be read: ${failure}`);
        reply.ok();
        endAll(host, client, (user) => host.users.get(user.name) !== user);
        endListeners(host, client, () => true);
      },
    ),
    helpRow('acl', 'server'),
  ],
};

const NO_FILE = 'ERR there is no file of users: ACL SAVE writes it, where data is on disk';

function writeUser({ may }: User, reply: ReplyWriter): void {
  const flags = [may.isOn ? 'on' : 'off', ...(may.takesAny ? ['nopass'] : [])];
  reply.map(6);
  reply.text('flags');
  reply.set(flags.length);
  for (const flag of flags) reply.text(flag);
  reply.text('passwords');
  reply.texts(may.passwords);
  writeSelector(may, reply);
  reply.text('selectors');
  reply.array(may.selectors.length);
  for (const selector of may.selectors) {
    reply.map(3);
    writeSelector(selector, reply);
  }
}

function writeSelector(selector: Selector, reply: ReplyWriter): void {
  for (const [field, rules] of [
    ['commands', commandRules(selector)],
    ['keys', keyRules(selector)],
    ['channels', channelRules(selector)],
  ] as const) {
    reply.text(field);
    reply.text(rules.join(' '));
  }
}

/** Ends the connections of users; the one who asks is answered first. */
function endAll(host: Talk['host'], asking: Talk['client'], isMeant: (user: User) => boolean): void {
  for (const talk of host.talks.values()) if (isMeant(talk.client.user)) end(talk, asking);
}

/** Which of these users listen to what is no longer allowed hear no more of it. */
function endListeners(host: Talk['host'], asking: Talk['client'], isMeant: (user: User) => boolean): void {
  for (const talk of host.talks.values()) {
    const { user } = talk.client;
    if (!isMeant(user)) continue;
    const selectors = [user.may, ...user.may.selectors];
    const hearsOnlyAllowed = (['channels', 'patterns'] as const).every((kind) =>
      host.pubSub.namesOf(kind, talk).every((name) => selectors.some((selector) => mayHear(selector, kind, name))),
    );
    if (!hearsOnlyAllowed) end(talk, asking);
  }
}

function end(talk: Talk, asking: Talk['client']): void {
  if (talk.client === asking) talk.close();
  else talk.kill();
}

function onDryRun(talk: Talk, words: Words, reply: ReplyWriter): void {
  const { users, index } = talk.host;
  const name = text(words[2] as Uint8Array);
  const user = users.get(name);
  if (user === null) {
    reply.error(`ERR User '${name.slice(0, 128)}' not found`);
    return;
  }
  const called = words.slice(3);
  const entry = index.called(called);
  if (entry === null) {
    reply.error(`ERR Command '${text(called[0] as Uint8Array).slice(0, 128)}' not found`);
    return;
  }
  if (!fits(entry, called.length)) {
    reply.error(wrongCount(entry.name));
    return;
  }
  const denial = denialOf(user.may, entry, called, talk);
  if (denial === null) reply.ok();
  else reply.text(denialText(denial, name, true));
}

function onLog(talk: Talk, words: Words, reply: ReplyWriter): void {
  const { users, facts: host } = talk.host;
  const word = words[2];
  if (words.length > 3) {
    reply.error(wrongSubcommand(words));
    return;
  }
  if (word !== undefined && text(word).toLowerCase() === 'reset') {
    users.forgetRefused();
    reply.ok();
    return;
  }
  const count = word === undefined ? 10 : integerOf(word);
  if (count === null) {
    reply.error(NOT_INTEGER);
    return;
  }
  const entries = users.refused(Math.max(0, count));
  reply.array(entries.length);
  for (const entry of entries) {
    reply.map(10);
    reply.text('count');
    reply.integer(entry.count);
    for (const field of ['reason', 'context', 'object'] as const) {
      reply.text(field);
      reply.text(entry[field]);
    }
    reply.text('username');
    reply.text(entry.user);
    reply.text('age-seconds');
    reply.double(((host.wallMs() - entry.createdMs) / 1_000).toFixed(3));
    reply.text('client-info');
    reply.text(entry.client);
    reply.text('entry-id');
    reply.integer(entry.id);
    reply.text('timestamp-created');
    reply.integer(Math.floor(entry.createdMs));
    reply.text('timestamp-last-updated');
    reply.integer(Math.floor(entry.updatedMs));
  }
}
