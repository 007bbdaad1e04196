/** Commands about the host: INFO, CONFIG, TIME, checkpoints, its end. What they show is gathered elsewhere. */
import { text, utf8 } from '../../../lib/bytes.ts';
import { integerOf, optionOf } from '../arguments.ts';
import { INTEGER_ERROR, SYNTAX } from '../failures.ts';
import { matches } from '../glob.ts';
import { infoText } from '../info.ts';
import type { Words } from '../request-reader.ts';
import { type Answer, type Container, type Flag, laterRow, nowRow, type Row, type RowFacts } from '../row.ts';
import type { Talk } from '../talk.ts';
import { lineOfRejection } from '../rejections.ts';
import { writeModule } from './connection.ts';
import { helpRow } from './help.ts';

function facts(syntax: string, summary: string, flags: readonly Flag[] = []): RowFacts {
  return { syntax, summary, group: 'server', flags: ['loading', ...flags] };
}

export const SERVER_ROWS: readonly Row[] = [
  nowRow(
    'info',
    facts('[section ...]', 'What is known of the host, in sections', ['dangerous']),
    (talk, words, reply) =>
      reply.verbatim(
        infoText(
          talk.host,
          words.slice(1).map((word) => text(word)),
        ),
      ),
  ),
  nowRow('time', facts('', 'Seconds and microseconds since 1970', ['fast']), (talk, _words, reply) => {
    const now = talk.host.facts.wallMs();
    reply.texts([String(Math.floor(now / 1_000)), String(Math.floor((now % 1_000) * 1_000))]);
  }),
  nowRow(
    'lastsave',
    facts('', 'When a checkpoint was asked for last, in seconds since 1970', ['fast', 'admin']),
    (talk, _words, reply) => reply.integer(Math.floor(talk.host.savedMs / 1_000)),
  ),
  laterRow(
    'save',
    facts('', 'Write a checkpoint on every server that is up', ['admin', 'barrier']),
    (talk, _words, answer) => snapshot(talk, 'OK', answer),
  ),
  laterRow(
    'bgsave',
    facts('[SCHEDULE]', 'Write a checkpoint on every server that is up', ['admin']),
    (talk, words, answer) => {
      if (words.length > 2 || (words[1] !== undefined && optionOf(words[1]) !== 'SCHEDULE'))
        answer((reply) => reply.error(SYNTAX));
      else snapshot(talk, 'Background saving started', answer);
    },
  ),
  laterRow(
    'bgrewriteaof',
    facts('', 'Write a checkpoint on every server that is up', ['admin']),
    (talk, _words, answer) => snapshot(talk, 'Background append only file rewriting started', answer),
  ),
  laterRow(
    'shutdown',
    facts('[NOSAVE|SAVE] [NOW] [FORCE] [ABORT]', 'End the host: finish what is in flight, flush, exit', [
      'admin',
      'barrier',
    ]),
    (talk, words, answer) => {
      const options = words.slice(1).map(optionOf);
      if (!options.every((option) => /^(NOSAVE|SAVE|NOW|FORCE)$/.test(option))) {
        answer((reply) => reply.error(options.includes('ABORT') ? 'ERR No shutdown in progress.' : SYNTAX));
        return;
      }
      // No reply, as everywhere: the end of the connection says that it worked.
      talk.close();
      answer(() => undefined);
      talk.host.administration.shutdown();
    },
  ),
  nowRow('role', facts('', 'What this host is to others: the only one', ['fast', 'admin']), (_talk, _words, reply) => {
    reply.array(3);
    reply.text('master');
    reply.integer(0);
    reply.array(0);
  }),
  nowRow(
    'wait',
    facts('numreplicas timeout', 'How many other copies have what this connection wrote', ['connection', 'barrier']),
    (talk, words, reply) => {
      const [replicas, timeout] = [integerOf(words[1] as Uint8Array), integerOf(words[2] as Uint8Array)];
      if (replicas === null) reply.error(INTEGER_ERROR.line);
      else if (timeout === null) reply.error('ERR timeout is not an integer or out of range');
      else if (timeout < 0) reply.error('ERR timeout is negative');
      // What was acknowledged is durable at every owner in sync.
      else reply.integer(Math.max(0, Math.min(talk.host.administration.status().replicas, upServers(talk)) - 1));
    },
  ),
  nowRow(
    'waitaof',
    facts('numlocal numreplicas timeout', 'How many copies have what this connection wrote on disk', [
      'connection',
      'barrier',
    ]),
    (talk, words, reply) => {
      if (words.slice(1).some((word) => integerOf(word) === null)) {
        reply.error(INTEGER_ERROR.line);
        return;
      }
      const { durability, replicas } = talk.host.administration.status();
      const isDurable = durability === 'fsync';
      reply.array(2);
      reply.integer(isDurable ? 1 : 0);
      reply.integer(isDurable ? Math.max(0, Math.min(replicas, upServers(talk)) - 1) : 0);
    },
  ),
];

function upServers(talk: Talk): number {
  return talk.host.administration.status().servers.filter(({ state }) => state === 'up').length;
}

function snapshot(talk: Talk, said: string, answer: Answer): void {
  talk.host.administration.snapshot().then(
    () => {
      talk.host.savedMs = talk.host.facts.wallMs();
      answer((reply) => reply.simple(said));
    },
    (reason: unknown) => answer((reply) => reply.error(lineOfRejection(reason))),
  );
}

export const CONFIG: Container = {
  name: 'config',
  summary: 'Settings',
  group: 'server',
  subcommands: [
    nowRow('get', facts('pattern ...', 'Settings whose names match', ['admin', 'dangerous']), (talk, words, reply) => {
      const { settings } = talk.host;
      const patterns = words.slice(2).map((word) => utf8(text(word).toLowerCase()));
      const names = settings.names.filter((name) => patterns.some((pattern) => matches(pattern, utf8(name))));
      reply.map(names.length);
      for (const name of names) {
        reply.text(name);
        reply.text(settings.valueOf(name) ?? '');
      }
    }),
    nowRow(
      'set',
      facts('(parameter value) ...', 'Change settings', ['admin', 'dangerous', 'secret']),
      (talk, words, reply) => {
        const pairs: [string, string][] = [];
        for (let i = 2; i + 1 < words.length; i += 2)
          pairs.push([text(words[i] as Uint8Array), text(words[i + 1] as Uint8Array)]);
        const failure = words.length % 2 === 0 ? talk.host.settings.change(pairs) : SYNTAX;
        if (failure === null) reply.ok();
        else reply.error(failure);
      },
    ),
    nowRow('resetstat', facts('', 'Begin counting anew', ['admin', 'dangerous']), (talk, _words, reply) => {
      talk.host.statistics.reset();
      reply.ok();
    }),
    nowRow('rewrite', facts('', 'There is no file of settings', ['admin', 'dangerous']), (_talk, _words, reply) =>
      reply.error('ERR The server is running without a config file'),
    ),
    helpRow('config', 'server'),
  ],
};

export const MODULE: Container = {
  name: 'module',
  summary: 'What counts as a module to clients',
  group: 'server',
  subcommands: [
    nowRow(
      'list',
      facts('', 'The document commands, under the name that clients look for', ['admin']),
      (_talk, _words, reply) => {
        reply.array(1);
        writeModule(reply);
      },
    ),
    helpRow('module', 'server'),
  ],
};

export const DEBUG: Container = {
  name: 'debug',
  summary: 'For tests of clients',
  group: 'server',
  subcommands: [
    laterRow(
      'reload',
      facts('', 'Write a checkpoint', ['admin', 'dangerous']),
      (talk: Talk, _words: Words, answer: Answer) => snapshot(talk, 'OK', answer),
    ),
    helpRow('debug', 'server'),
  ],
};

const NOT_CLUSTERED = 'ERR This instance has cluster support disabled';

export const CLUSTER: Container = {
  name: 'cluster',
  summary: 'Clients find every key here: there are no slots',
  group: 'server',
  subcommands: [
    nowRow('info', facts('', 'That there are none'), (_talk, _words, reply) => reply.error(NOT_CLUSTERED)),
    nowRow('nodes', facts('', 'That there are none'), (_talk, _words, reply) => reply.error(NOT_CLUSTERED)),
    nowRow('slots', facts('', 'That there are none'), (_talk, _words, reply) => reply.error(NOT_CLUSTERED)),
    nowRow('shards', facts('', 'That there are none'), (_talk, _words, reply) => reply.error(NOT_CLUSTERED)),
    helpRow('cluster', 'server'),
  ],
};
