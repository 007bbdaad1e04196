/** Commands for those who look on: SLOWLOG, MONITOR, LATENCY, MEMORY. */
import { integerOf } from '../arguments.ts';
import { wrongSubcommand } from '../failures.ts';
import { infoText } from '../info.ts';
import { type Container, type Flag, keysRow, nowRow, type Row, type RowFacts } from '../row.ts';
import { keysSaid } from './scans.ts';
import { helpRow } from './help.ts';
import { memoryPlan } from './keys.ts';

function facts(syntax: string, summary: string, flags: readonly Flag[] = []): RowFacts {
  return { syntax, summary, group: 'server', flags: ['loading', ...flags] };
}

export const OBSERVE_ROWS: readonly Row[] = [
  nowRow(
    'monitor',
    facts('', 'Show every command of every connection', ['admin', 'dangerous']),
    (talk, _words, reply) => {
      talk.client.isMonitor = true;
      talk.host.monitors.add(talk);
      reply.ok();
    },
  ),
];

export const SLOWLOG: Container = {
  name: 'slowlog',
  summary: 'Commands that took long',
  group: 'server',
  subcommands: [
    nowRow(
      'get',
      facts('[count]', 'The newest of them; 10 unless told, -1 for all', ['admin', 'dangerous']),
      (talk, words, reply) => {
        if (words.length > 3) return reply.error(wrongSubcommand(words));
        const count = words.length === 2 ? 10 : integerOf(words[2] as Uint8Array);
        if (count === null || count < -1) return reply.error('ERR count should be greater than or equal to -1');
        const entries = talk.host.slowLog.newest(count === -1 ? Number.POSITIVE_INFINITY : count);
        reply.array(entries.length);
        for (const { id, atMs, microseconds, words: shownWords, address, name } of entries) {
          reply.array(6);
          reply.integer(id);
          reply.integer(Math.floor(atMs / 1_000));
          reply.integer(microseconds);
          reply.texts(shownWords);
          reply.text(address);
          reply.text(name);
        }
      },
    ),
    nowRow('len', facts('', 'How many are kept', ['admin', 'dangerous']), (talk, _words, reply) =>
      reply.integer(talk.host.slowLog.size),
    ),
    nowRow('reset', facts('', 'Forget them', ['admin', 'dangerous']), (talk, _words, reply) => {
      talk.host.slowLog.clear();
      reply.ok();
    }),
    helpRow('slowlog', 'server'),
  ],
};

export const LATENCY: Container = {
  name: 'latency',
  summary: 'Pauses of the host',
  group: 'server',
  subcommands: [
    nowRow('latest', facts('', 'None are recorded', ['admin']), (_talk, _words, reply) => reply.array(0)),
    nowRow('history', facts('event', 'None are recorded', ['admin']), (_talk, _words, reply) => reply.array(0)),
    nowRow('reset', facts('[event ...]', 'None are recorded', ['admin']), (_talk, _words, reply) => reply.integer(0)),
    nowRow('doctor', facts('', 'Where to look', ['admin']), (_talk, _words, reply) =>
      reply.verbatim(
        'No pauses are recorded; SLOWLOG GET shows the commands that took long, INFO commandstats the averages.\n',
      ),
    ),
    nowRow('histogram', facts('[command ...]', 'None are kept', ['admin']), (_talk, _words, reply) => reply.map(0)),
    helpRow('latency', 'server'),
  ],
};

export const MEMORY: Container = {
  name: 'memory',
  summary: 'Memory in use',
  group: 'server',
  subcommands: [
    keysRow(
      'usage',
      {
        syntax: 'key [SAMPLES count]',
        summary: 'Bytes of a key and its value, in one copy',
        group: 'server',
        flags: ['readonly'],
      },
      memoryPlan,
    ),
    nowRow('stats', facts('', 'Bytes in use'), (talk, _words, reply) => {
      const { used, peak } = talk.host.facts.memory();
      const keys = keysSaid(talk);
      reply.map(4);
      reply.text('peak.allocated');
      reply.integer(peak);
      reply.text('total.allocated');
      reply.integer(used);
      reply.text('keys.count');
      reply.integer(keys);
      reply.text('keys.bytes-per-key');
      reply.integer(keys === 0 ? 0 : Math.round(used / keys));
    }),
    nowRow('doctor', facts('', 'What stands out'), (talk, _words, reply) =>
      reply.verbatim(`${infoText(talk.host, ['memory']).replaceAll('\r\n', '\n')}`),
    ),
    nowRow('purge', facts('', 'Nothing: memory is given back by itself'), (_talk, _words, reply) => reply.ok()),
    helpRow('memory', 'server'),
  ],
};
