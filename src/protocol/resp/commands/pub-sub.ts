/** SUBSCRIBE, PUBLISH and their like. A subscription answers one message for each name it was given. */
import { LISTENED_BYTES_MAX, LISTENED_MAX, PATTERN_BYTES_MAX } from '../../../model/limits.ts';
import { wrongSubcommand } from '../failures.ts';
import type { Kind } from '../pub-sub.ts';
import type { ReplyWriter } from '../reply-writer.ts';
import type { Words } from '../request-reader.ts';
import { type Container, type Flag, nowRow, type Row, type RowFacts } from '../row.ts';
import type { Talk } from '../talk.ts';
import { helpRow } from './help.ts';

function facts(
  syntax: string,
  summary: string,
  flags: readonly Flag[] = ['pubsub', 'loading', 'unsilenced'],
): RowFacts {
  return { syntax, summary, complexity: 'O(N)', group: 'pubsub', flags };
}

export const PUB_SUB_ROWS: readonly Row[] = [
  nowRow('subscribe', facts('channel ...', 'Hear what is published on channels'), (talk, words, reply) =>
    listen('channels', 'subscribe', talk, words, reply),
  ),
  nowRow('psubscribe', facts('pattern ...', 'Hear what is published on channels that match'), (talk, words, reply) =>
    listen('patterns', 'psubscribe', talk, words, reply),
  ),
  nowRow('unsubscribe', facts('[channel ...]', 'Hear no more of channels, or of all'), (talk, words, reply) =>
    unlisten('channels', 'unsubscribe', talk, words, reply),
  ),
  nowRow('punsubscribe', facts('[pattern ...]', 'Hear no more of patterns, or of all'), (talk, words, reply) =>
    unlisten('patterns', 'punsubscribe', talk, words, reply),
  ),
  nowRow(
    'publish',
    facts('channel message', 'Tell all who listen; answers how many', ['fast', 'loading']),
    (talk, words, reply) => reply.integer(talk.host.pubSub.publish(words[1] as Uint8Array, words[2] as Uint8Array)),
  ),
];

export const PUBSUB: Container = {
  name: 'pubsub',
  summary: 'Who listens to what',
  group: 'pubsub',
  subcommands: [
    nowRow('channels', facts('[pattern]', 'Channels that somebody listens to'), (talk, words, reply) => {
      if (words.length > 3) {
        reply.error(wrongSubcommand(words));
        return;
      }
      const channels = talk.host.pubSub.listenedChannels(words[2] ?? null);
      reply.array(channels.length);
      for (const channel of channels) reply.bulk(channel);
    }),
    nowRow('numsub', facts('[channel ...]', 'How many listen to channels'), (talk, words, reply) => {
      reply.array((words.length - 2) * 2);
      for (const channel of words.slice(2)) {
        reply.bulk(channel);
        reply.integer(talk.host.pubSub.listeners(channel));
      }
    }),
    nowRow('numpat', facts('', 'How many patterns are listened to'), (talk, _words, reply) =>
      reply.integer(talk.host.pubSub.patterns),
    ),
    helpRow('pubsub', 'pubsub'),
  ],
};

function listen(kind: Kind, verb: string, talk: Talk, words: Words, reply: ReplyWriter): void {
  const { client, host } = talk;
  const bytes = words.slice(1).reduce((sum, { length }) => sum + length, talk.listenedBytes);
  if (client.channels + client.patterns + words.length - 1 > LISTENED_MAX || bytes > LISTENED_BYTES_MAX) {
    reply.error(
      `ERR a connection listens to at most ${LISTENED_MAX} channels and patterns of ${LISTENED_BYTES_MAX} bytes`,
    );
    return;
  }
  if (kind === 'patterns' && words.some(({ length }, i) => i > 0 && length > PATTERN_BYTES_MAX)) {
    reply.error(`ERR a pattern has at most ${PATTERN_BYTES_MAX} bytes, the limit PATTERN_BYTES_MAX`);
    return;
  }
  for (const name of words.slice(1)) {
    host.pubSub.listen(kind, talk, name);
    writeChange(reply, verb, name, client.channels + client.patterns);
  }
}

function unlisten(kind: Kind, verb: string, talk: Talk, words: Words, reply: ReplyWriter): void {
  const { client, host } = talk;
  const names = words.length > 1 ? words.slice(1) : host.pubSub.namesOf(kind, talk);
  for (const name of names) {
    host.pubSub.unlisten(kind, talk, name);
    writeChange(reply, verb, name, client.channels + client.patterns);
  }
  if (names.length === 0) writeChange(reply, verb, null, client.channels + client.patterns);
}

function writeChange(reply: ReplyWriter, verb: string, name: Uint8Array | null, left: number): void {
  reply.push(3);
  reply.text(verb);
  if (name === null) reply.nil();
  else reply.bulk(name);
  reply.integer(left);
}
