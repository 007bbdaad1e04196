/** The product's own verbs for operators: STATUS, SNAPSHOT, FORCE, FAULT, HELP, and what this host does not have. */
import { text } from '../../../lib/bytes.ts';
import type { KvError } from '../../../model/errors.ts';
import { notHere } from '../../command-help.ts';
import { commandNamed } from '../../command-table.ts';
import { lineOf } from '../failures.ts';
import { usageOf } from '../command-index.ts';
import { type Answer, laterRow, nowRow, type Row, type RowFacts } from '../row.ts';
import { lineOfRejection } from '../rejections.ts';

function facts(syntax: string, summary: string, flags: RowFacts['flags']): RowFacts {
  return { syntax, summary, group: 'document', flags };
}

export const OPERATOR_ROWS: readonly Row[] = [
  nowRow('status', facts('', 'The cluster and each of its servers, as JSON', ['loading']), (talk, _words, reply) =>
    reply.text(JSON.stringify({ ok: true, ...talk.host.administration.status() })),
  ),
  laterRow(
    'snapshot',
    facts('', 'Write a checkpoint on every server that is up', ['admin', 'barrier']),
    (talk, _words, answer) => sayLater(talk.host.administration.snapshot(), answer),
  ),
  laterRow(
    'force',
    facts('server ...', 'Go on with the named servers where nobody in sync is left; says what may be lost', [
      'admin',
      'dangerous',
      'barrier',
    ]),
    (talk, words, answer) =>
      sayLater(talk.host.administration.force(words.slice(1).map((word) => text(word).toLowerCase())), answer),
  ),
  laterRow(
    'fault',
    facts('statement ...', 'Inject a fault, or take faults back', ['admin', 'dangerous', 'barrier']),
    (talk, words, answer) =>
      sayLater(
        talk.host.administration.fault(
          words
            .slice(1)
            .map((word) => text(word))
            .join(' '),
        ),
        answer,
      ),
  ),
  absentRow('search', 'Documents that hold words'),
  absentRow('similar', 'Documents that are about the same'),
  nowRow('help', facts('[command]', 'The commands, or one of them', ['loading']), (talk, words, reply) => {
    const { index } = talk.host;
    const name = words[1];
    if (name === undefined) {
      const all = [...index.entries, ...index.groups.flatMap((group) => group.entries)];
      reply.verbatim(`${all.map((entry) => usageOf(entry)).join('\n')}\n`);
      return;
    }
    const found = index.named(name);
    if (found.kind === 'entry') reply.verbatim(`${usageOf(found.entry)}\n${found.entry.row.summary}\n`);
    else if (found.kind === 'group')
      reply.verbatim(`${found.group.entries.map((entry) => usageOf(entry)).join('\n')}\n`);
    else reply.error(`ERR unknown command '${text(name).slice(0, 128)}'`);
  }),
];

/** A command that this host does not carry out, and why. */
function absentRow(name: string, summary: string): Row {
  return nowRow(name, facts('word ...', summary, ['readonly']), (_talk, _words, reply) => {
    const row = commandNamed(name);
    reply.error(lineOf(row === null || row.notHere === null ? NOT_HERE : notHere(row)));
  });
}

const NOT_HERE: KvError = { code: 'NOTHERE', message: 'this port has no such command' };

function sayLater(words: Promise<string>, answer: Answer): void {
  words.then(
    (said) => answer((reply) => (said === '' ? reply.ok() : reply.text(said))),
    (reason: unknown) => answer((reply) => reply.error(lineOfRejection(reason))),
  );
}
