/** ACL, as far as there is one: the user `default`, with the password of CONFIG SET requirepass or none. */
import { text } from '../../../lib/bytes.ts';
import { CATEGORIES, categoriesOf } from '../categories.ts';
import { type Container, type Flag, nowRow, type RowFacts } from '../row.ts';
import { helpRow } from './help.ts';

function facts(syntax: string, summary: string, flags: readonly Flag[] = []): RowFacts {
  return { syntax, summary, group: 'server', flags: ['loading', ...flags] };
}

export const ACL: Container = {
  name: 'acl',
  summary: 'Users and what they may do',
  group: 'server',
  subcommands: [
    nowRow('whoami', facts('', 'The user of the connection'), (_talk, _words, reply) => reply.text('default')),
    nowRow('users', facts('', 'All users', ['admin', 'dangerous']), (_talk, _words, reply) => reply.texts(['default'])),
    nowRow('list', facts('', 'All users and their rules', ['admin', 'dangerous']), (talk, _words, reply) =>
      reply.texts([
        `user default on ${talk.host.settings.password === '' ? 'nopass' : 'sanitize-payload'} ~* &* +@all`,
      ]),
    ),
    nowRow('getuser', facts('username', 'The rules of a user', ['admin', 'dangerous']), (talk, words, reply) => {
      if (text(words[2] as Uint8Array) !== 'default') {
        reply.nil();
        return;
      }
      reply.map(6);
      reply.text('flags');
      reply.set(talk.host.settings.password === '' ? 2 : 1);
      reply.text('on');
      if (talk.host.settings.password === '') reply.text('nopass');
      reply.text('passwords');
      reply.array(0);
      for (const [field, value] of [
        ['commands', '+@all'],
        ['keys', '~*'],
        ['channels', '&*'],
      ] as const) {
        reply.text(field);
        reply.text(value);
      }
      reply.text('selectors');
      reply.array(0);
    }),
    nowRow('cat', facts('[category]', 'Categories, or the commands of one'), (talk, words, reply) => {
      const category = words[2] === undefined ? null : text(words[2]).toLowerCase();
      if (category === null) reply.texts(CATEGORIES);
      else if (!CATEGORIES.includes(category)) reply.error(`ERR Unknown category '${category.slice(0, 64)}'`);
      else {
        const { entries, groups } = talk.host.index;
        const all = [...entries, ...groups.flatMap((group) => group.entries)];
        reply.texts(all.filter((entry) => categoriesOf(entry).includes(category)).map(({ name }) => name));
      }
    }),
    helpRow('acl', 'server'),
  ],
};
