/** Commands about the connection itself: greeting, authentication, answering, the end. They touch no key. */
import { text } from '../../../lib/bytes.ts';
import { integerOf, optionOf } from '../arguments.ts';
import { NOT_INTEGER, SYNTAX, WRONG_PASS, wrongCount } from '../failures.ts';
import { REDIS_VERSION } from '../redis-version.ts';
import type { Protocol, ReplyWriter } from '../reply-writer.ts';
import type { Words } from '../request-reader.ts';
import { nowRow, type Row } from '../row.ts';
import type { Talk } from '../talk.ts';
import { DEFAULT_USER } from '../users.ts';
import { isClientName } from './client.ts';

const FAST = ['fast', 'loading'] as const;

export const CONNECTION_ROWS: readonly Row[] = [
  nowRow(
    'ping',
    { syntax: '[message]', summary: 'PONG, or the message', group: 'connection', flags: [...FAST, 'pubsub'] },
    (talk, words, reply) => {
      const message = words[1];
      if (words.length > 2) reply.error(wrongCount('ping'));
      else if (talk.client.protocol === 2 && talk.client.channels + talk.client.patterns > 0) {
        reply.array(2);
        reply.text('pong');
        reply.bulk(message ?? new Uint8Array(0));
      } else if (message === undefined) reply.simple('PONG');
      else reply.bulk(message);
    },
  ),
  nowRow(
    'echo',
    { syntax: 'message', summary: 'The message', group: 'connection', flags: FAST },
    (_talk, words, reply) => reply.bulk(words[1] as Uint8Array),
  ),
  nowRow(
    'hello',
    {
      syntax: '[protover [AUTH username password] [SETNAME clientname]]',
      summary: 'Choose the version of the protocol, authenticate and name the connection; says who answers',
      group: 'connection',
      flags: [...FAST, 'noauth', 'secret'],
    },
    onHello,
  ),
  nowRow(
    'auth',
    {
      syntax: '[username] password',
      summary: 'Authenticate the connection',
      group: 'connection',
      flags: [...FAST, 'noauth', 'secret'],
    },
    (talk, words, reply) => {
      if (words.length > 3) reply.error(SYNTAX);
      else if (words.length === 2 && talk.host.users.default.may.takesAny)
        reply.error(
          'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
        );
      else if (authenticate(talk, words.length === 2 ? null : (words[1] as Uint8Array), words.at(-1) as Uint8Array))
        reply.ok();
      else reply.error(WRONG_PASS);
    },
  ),
  nowRow(
    'select',
    { syntax: 'index', summary: 'Database 0 is the only one', group: 'connection', flags: FAST },
    (_talk, words, reply) => {
      const index = integerOf(words[1] as Uint8Array);
      if (index === null) reply.error(NOT_INTEGER);
      else if (index !== 0) reply.error('ERR DB index is out of range');
      else reply.ok();
    },
  ),
  nowRow(
    'quit',
    {
      syntax: '',
      summary: 'Close the connection',
      group: 'connection',
      flags: [...FAST, 'noauth', 'pubsub', 'unqueued'],
    },
    (talk, _words, reply) => {
      talk.close();
      reply.ok();
    },
  ),
  nowRow(
    'reset',
    {
      syntax: '',
      summary: 'The connection as it was when it began',
      group: 'connection',
      flags: [...FAST, 'noauth', 'pubsub', 'unqueued', 'unsilenced', 'barrier'],
    },
    (talk, _words, reply) => {
      const { client, host } = talk;
      talk.transaction.discard();
      host.monitors.delete(talk);
      host.pubSub.leave(talk);
      host.tracking.end(talk);
      client.name = '';
      client.protocol = 2;
      client.answers = 'on';
      client.isMonitor = false;
      client.noEvict = false;
      client.noTouch = false;
      client.queued = -1;
      client.watched = 0;
      client.isAuthenticated = host.users.isOpen;
      client.user = host.users.default;
      reply.simple('RESET');
    },
  ),
];

function onHello(talk: Talk, words: Words, reply: ReplyWriter): void {
  const read = readHello(talk, words);
  if (typeof read === 'string') reply.error(read);
  else if (read.credentials !== null && !authenticate(talk, ...read.credentials)) reply.error(WRONG_PASS);
  else greet(talk, read, reply);
}

type Greeting = {
  readonly protocol: Protocol;
  readonly name: string | null;
  readonly credentials: readonly [user: Uint8Array, password: Uint8Array] | null;
};

/** What HELLO asks for, or an error line. */
function readHello(talk: Talk, words: Words): Greeting | string {
  let { protocol } = talk.client;
  let name: string | null = null;
  let credentials: Greeting['credentials'] = null;
  if (words.length > 1) {
    const version = integerOf(words[1] as Uint8Array);
    if (version === null) return 'ERR Protocol version is not an integer or out of range';
    if (version !== 2 && version !== 3) return 'NOPROTO unsupported protocol version';
    protocol = version;
  }
  for (let i = 2; i < words.length; ) {
    const option = optionOf(words[i] as Uint8Array);
    const left = words.length - i - 1;
    if (option === 'AUTH' && left >= 2) {
      credentials = [words[i + 1] as Uint8Array, words[i + 2] as Uint8Array];
      i += 3;
    } else if (option === 'SETNAME' && left >= 1) {
      if (!isClientName(words[i + 1] as Uint8Array))
        return 'ERR Client names cannot contain spaces, newlines or special characters.';
      name = text(words[i + 1] as Uint8Array);
      i += 2;
    } else return `ERR Syntax error in HELLO option '${text(words[i] as Uint8Array).slice(0, 128)}'`;
  }
  return { protocol, name, credentials };
}

function greet({ client }: Talk, { protocol, name }: Greeting, reply: ReplyWriter): void {
  if (!client.isAuthenticated) {
    reply.error(
      'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time',
    );
    return;
  }
  client.protocol = protocol;
  if (name !== null) client.name = name;
  reply.protocol = protocol;
  reply.map(7);
  reply.text('server');
  reply.text('coppice');
  reply.text('version');
  reply.text(REDIS_VERSION);
  reply.text('proto');
  reply.integer(protocol);
  reply.text('id');
  reply.integer(client.id);
  reply.text('mode');
  reply.text('standalone');
  reply.text('role');
  reply.text('master');
  reply.text('modules');
  reply.array(1);
  writeModule(reply);
}

/** The document commands as the module that clients look for. */
export function writeModule(reply: ReplyWriter): void {
  reply.map(4);
  reply.text('name');
  reply.text('ReJSON');
  reply.text('ver');
  reply.integer(20_600);
  reply.text('path');
  reply.text('');
  reply.text('args');
  reply.array(0);
}

/**
 * Whether these are the credentials of a user; then the connection is his. Where many were wrong before, nothing is
 * looked at that did not wait its turn: what EXEC runs did not.
 */
function authenticate({ client, host, gate }: Talk, user: Uint8Array | null, password: Uint8Array): boolean {
  const { users } = host;
  const name = user === null ? DEFAULT_USER : text(user);
  if (!gate.pass(users.isSlow(client.address))) return false;
  const found = users.authenticate(name, password);
  users.attempted(client, name.slice(0, USER_SHOWN_MAX), found !== null);
  if (found === null) return false;
  client.user = found;
  client.isAuthenticated = true;
  return true;
}

/** Characters of the name of a user that is none, in the log of refusals. */
const USER_SHOWN_MAX = 128;
