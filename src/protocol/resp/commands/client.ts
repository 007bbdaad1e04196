/** CLIENT: what is known of connections, their names, and their end. */
import { text } from '../../../lib/bytes.ts';
import { integerOf, optionOf } from '../arguments.ts';
import { type ClientInfo, describeClient } from '../client-info.ts';
import { INTEGER_ERROR, SYNTAX, wrongSubcommand } from '../failures.ts';
import type { ReplyWriter } from '../reply-writer.ts';
import type { Words } from '../request-reader.ts';
import { type Container, type Flag, nowRow, type Row, type RowFacts } from '../row.ts';
import type { Talk } from '../talk.ts';
import type { TrackingMode } from '../tracking.ts';
import { TRACKING_ROWS } from './client-tracking.ts';
import { helpRow } from './help.ts';

const NAME_ERROR = 'ERR Client names cannot contain spaces, newlines or special characters.';

/** Whether a client may call itself so: visible ASCII. */
export function isClientName(word: Uint8Array): boolean {
  return word.length <= NAME_BYTES_MAX && word.every((byte) => byte > 0x20 && byte < 0x7f);
}

const NAME_BYTES_MAX = 1_024;

function about(syntax: string, summary: string, flags: readonly Flag[] = []): RowFacts {
  return { syntax, summary, group: 'connection', flags: ['loading', ...flags] };
}

export const CLIENT: Container = {
  name: 'client',
  summary: 'Connections and what is known of them',
  group: 'connection',
  subcommands: [
    nowRow('id', about('', 'The number of the connection'), (talk, _words, reply) => reply.integer(talk.client.id)),
    nowRow('getname', about('', 'The name of the connection'), (talk, _words, reply) => {
      if (talk.client.name === '') reply.nil();
      else reply.text(talk.client.name);
    }),
    nowRow('setname', about('connection-name', 'Name the connection'), (talk, words, reply) => {
      if (!isClientName(words[2] as Uint8Array)) reply.error(NAME_ERROR);
      else {
        talk.client.name = text(words[2] as Uint8Array);
        reply.ok();
      }
    }),
    nowRow('setinfo', about('(LIB-NAME libname|LIB-VER libver)', 'Say which library connects'), onSetInfo),
    nowRow('info', about('', 'What is known of the connection'), (talk, _words, reply) =>
      reply.verbatim(`${describeClient(talk.client, talk.host.facts.clockMs(), talk.host.tracking.of(talk)?.mode)}\n`),
    ),
    nowRow(
      'list',
      {
        ...about('[TYPE (NORMAL|MASTER|REPLICA|PUBSUB)] [ID client-id ...]', 'All connections', ['admin', 'dangerous']),
        complexity: 'O(N)',
      },
      onList,
    ),
    nowRow(
      'kill',
      {
        ...about(
          '(address|ID client-id|TYPE (NORMAL|MASTER|REPLICA|PUBSUB)|USER username|ADDR address|LADDR address|SKIPME yes-no|MAXAGE seconds) ...',
          'End connections',
          ['admin', 'dangerous'],
        ),
        complexity: 'O(N)',
      },
      onKill,
    ),
    nowRow(
      'reply',
      about('(ON|OFF|SKIP)', 'Whether the connection is answered', ['unsilenced']),
      (talk, words, reply) => {
        const mode = optionOf(words[2] as Uint8Array);
        if (mode === 'ON') {
          talk.client.answers = 'on';
          reply.ok();
        } else if (mode === 'OFF') talk.client.answers = 'off';
        else if (mode === 'SKIP') {
          if (talk.client.answers !== 'off') talk.client.answers = 'skip';
        } else reply.error(SYNTAX);
      },
    ),
    switchRow('no-evict', 'Keep the connection when memory is short', 'noEvict', ['admin']),
    switchRow('no-touch', 'Reads do not count as use of a key', 'noTouch'),
    ...TRACKING_ROWS,
    nowRow(
      'unblock',
      about('client-id [TIMEOUT|ERROR]', 'No connection is ever blocked', ['admin']),
      (_t, words, reply) => {
        if (words.length > 4) reply.error(wrongSubcommand(words));
        else if (words[3] !== undefined && !/^(TIMEOUT|ERROR)$/.test(optionOf(words[3])))
          reply.error('ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR');
        else if (integerOf(words[2] as Uint8Array) === null) reply.error(INTEGER_ERROR.line);
        else reply.integer(0);
      },
    ),
    helpRow('client', 'connection'),
  ],
};

function switchRow(name: string, summary: string, field: 'noEvict' | 'noTouch', flags: readonly Flag[] = []): Row {
  return nowRow(name, about('(ON|OFF)', summary, flags), (talk, words, reply) => {
    const mode = optionOf(words[2] as Uint8Array);
    if (mode !== 'ON' && mode !== 'OFF') reply.error(SYNTAX);
    else {
      talk.client[field] = mode === 'ON';
      reply.ok();
    }
  });
}

function onSetInfo(talk: Talk, words: Words, reply: ReplyWriter): void {
  const option = optionOf(words[2] as Uint8Array);
  const value = words[3] as Uint8Array;
  if (option !== 'LIB-NAME' && option !== 'LIB-VER')
    reply.error(`ERR Unrecognized option '${text(words[2] as Uint8Array).slice(0, 64)}'`);
  else if (!isClientName(value))
    reply.error(`ERR ${option.toLowerCase()} cannot contain spaces, newlines or special characters.`);
  else {
    if (option === 'LIB-NAME') talk.client.libraryName = text(value);
    else talk.client.libraryVersion = text(value);
    reply.ok();
  }
}

function onList(talk: Talk, words: Words, reply: ReplyWriter): void {
  const { talks, tracking } = talk.host;
  let clients = [...talks.values()].map(({ client }) => client);
  for (let i = 2; i < words.length; ) {
    const option = optionOf(words[i] as Uint8Array);
    if (option === 'TYPE' && i + 1 < words.length) {
      const type = optionOf(words[i + 1] as Uint8Array);
      if (!TYPES.has(type)) {
        reply.error(`ERR Unknown client type '${text(words[i + 1] as Uint8Array).slice(0, 64)}'`);
        return;
      }
      clients = clients.filter((client) => isOfType(client, type));
      i += 2;
    } else if (option === 'ID' && i + 1 < words.length) {
      const ids = new Set(words.slice(i + 1).map(integerOf));
      if (ids.has(null)) {
        reply.error('ERR Invalid client ID');
        return;
      }
      clients = clients.filter(({ id }) => ids.has(id));
      i = words.length;
    } else {
      reply.error(SYNTAX);
      return;
    }
  }
  const now = talk.host.facts.clockMs();
  const modeOf = (id: number): TrackingMode | undefined => {
    const other = talks.get(id);
    return other === undefined ? undefined : tracking.of(other)?.mode;
  };
  reply.verbatim(clients.map((client) => `${describeClient(client, now, modeOf(client.id))}\n`).join(''));
}

const TYPES = new Set(['NORMAL', 'MASTER', 'REPLICA', 'SLAVE', 'PUBSUB']);

function isOfType({ channels, patterns }: ClientInfo, type: string): boolean {
  const isPubSub = channels + patterns > 0;
  return type === 'PUBSUB' ? isPubSub : type === 'NORMAL' && !isPubSub;
}

function onKill(talk: Talk, words: Words, reply: ReplyWriter): void {
  const { talks, facts } = talk.host;
  if (words.length === 3) {
    const address = text(words[2] as Uint8Array);
    const found = [...talks.values()].find(({ client }) => client.address === address);
    if (found === undefined) reply.error('ERR No such client');
    else {
      reply.ok();
      end(found, talk);
    }
    return;
  }
  if (words.length % 2 !== 0) {
    reply.error(SYNTAX);
    return;
  }
  let skipsMe = true;
  const filters: ((client: ClientInfo) => boolean)[] = [];
  for (let i = 2; i < words.length; i += 2) {
    const option = optionOf(words[i] as Uint8Array);
    const value = words[i + 1] as Uint8Array;
    const written = text(value);
    const number = integerOf(value);
    if (option === 'ID' && number !== null && number > 0) filters.push(({ id }) => id === number);
    else if (option === 'ID') {
      reply.error('ERR client-id should be greater than 0');
      return;
    } else if (option === 'ADDR') filters.push(({ address }) => address === written);
    else if (option === 'LADDR') filters.push(({ localAddress }) => localAddress === written);
    else if (option === 'USER' && talk.host.users.get(written) === null) {
      reply.error(`ERR No such user '${written.slice(0, 128)}'`);
      return;
    } else if (option === 'USER') filters.push(({ user }) => user.name === written);
    else if (option === 'TYPE' && TYPES.has(written.toUpperCase()))
      filters.push((client) => isOfType(client, written.toUpperCase()));
    else if (option === 'TYPE') {
      reply.error(`ERR Unknown client type '${written.slice(0, 64)}'`);
      return;
    } else if (option === 'MAXAGE' && number !== null)
      filters.push(({ sinceMs }) => facts.clockMs() - sinceMs >= number * 1_000);
    else if (option === 'SKIPME' && /^(yes|no)$/i.test(written)) skipsMe = written.toLowerCase() === 'yes';
    else {
      reply.error(SYNTAX);
      return;
    }
  }
  const ended = [...talks.values()].filter(
    (other) => filters.every((filter) => filter(other.client)) && !(skipsMe && other === talk),
  );
  reply.integer(ended.length);
  for (const other of ended) end(other, talk);
}

/** The one who asks is answered first. */
function end(other: Talk, asking: Talk): void {
  if (other === asking) other.close();
  else other.kill();
}
