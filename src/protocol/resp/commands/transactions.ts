/**
 * MULTI, EXEC, DISCARD, WATCH, UNWATCH. EXEC runs all that was queued inside one update over all the keys it names: one
 * place in the order, one write to disk, nothing between. A watched key that was changed since makes it answer nil.
 */
import { ByteWriter } from '../../../lib/bytes.ts';
import { ok, type Result } from '../../../lib/result.ts';
import { fail, type KvError } from '../../../model/errors.ts';
import { EXEC_BYTES_MAX } from '../../../model/limits.ts';
import { denialOf, denialText } from '../access.ts';
import { EXEC_ABORT, lineOf, Refusal } from '../failures.ts';
import type { Keyspace } from '../keyspace.ts';
import { ReplyWriter } from '../reply-writer.ts';
import type { Words } from '../request-reader.ts';
import { type Answer, type Flag, laterRow, nowRow, type Plan, type Row, type RowFacts } from '../row.ts';
import type { Change, Held } from '../store.ts';
import type { Talk } from '../talk.ts';
import type { Queued } from '../transaction.ts';

function facts(syntax: string, summary: string, flags: readonly Flag[] = []): RowFacts {
  return { syntax, summary, group: 'transactions', flags: ['fast', 'loading', 'unqueued', ...flags] };
}

export const TRANSACTION_ROWS: readonly Row[] = [
  nowRow('multi', facts('', 'Begin a transaction: commands are queued'), (talk, _words, reply) => {
    if (talk.transaction.isOpen) {
      reply.error('ERR MULTI calls can not be nested');
      return;
    }
    talk.transaction.begin();
    talk.client.queued = 0;
    reply.ok();
  }),
  nowRow('discard', facts('', 'Give a transaction up'), (talk, _words, reply) => {
    if (!talk.transaction.isOpen) {
      reply.error('ERR DISCARD without MULTI');
      return;
    }
    talk.transaction.discard();
    talk.client.queued = -1;
    talk.client.watched = 0;
    reply.ok();
  }),
  laterRow('exec', facts('', 'Run all that was queued: all of it or nothing'), onExec),
  // What this connection asked before is not a change by somebody else: it must have happened.
  nowRow(
    'watch',
    { ...facts('key ...', 'EXEC only if these keys stay as they are', ['barrier']), complexity: 'O(N)' },
    (talk, words, reply) => {
      if (talk.transaction.isOpen) {
        reply.error('ERR WATCH inside MULTI is not allowed');
        return;
      }
      for (let i = 1; i < words.length; i++) talk.transaction.watch(words[i] as Uint8Array);
      talk.client.watched = talk.transaction.watched;
      reply.ok();
    },
  ),
  nowRow('unwatch', { ...facts('', 'Watch nothing any more'), flags: ['fast', 'loading'] }, (talk, _words, reply) => {
    talk.transaction.unwatch();
    talk.client.watched = 0;
    reply.ok();
  }),
];

/** A queued command, ready to run at its place. */
type Step = { readonly queued: Queued; readonly plan: Plan | Refusal | null };

function onExec(talk: Talk, _words: Words, answer: Answer): void {
  const { transaction, client, host } = talk;
  if (!transaction.isOpen) {
    answer((reply) => reply.error('ERR EXEC without MULTI'));
    return;
  }
  client.queued = -1;
  client.watched = 0;
  if (transaction.hasFailed) {
    transaction.discard();
    answer((reply) => reply.error(EXEC_ABORT));
    return;
  }
  const { queue, isTouched, end } = transaction.take();
  const steps = queue.map((queued): Step => {
    const { entry, words } = queued;
    const { run } = entry.row;
    // Rules may have changed since it was queued.
    const denial = client.user.isFree ? null : denialOf(client.user.may, entry, words, talk);
    if (denial !== null) {
      host.users.note(client, denial, client.user.name, true);
      return { queued, plan: new Refusal(`NOPERM ${denialText(denial, client.user.name, false)}`) };
    }
    return { queued, plan: run.kind === 'keys' ? run.plan(words, talk) : null };
  });
  if (talk.isTracking) {
    for (const { queued, plan } of steps)
      if (!(plan instanceof Refusal)) host.tracking.remember(talk, queued.entry, queued.words);
    host.tracking.onEnd(talk);
  }
  const keys = steps.flatMap(({ plan }) => (plan === null || plan instanceof Refusal ? [] : plan.keys));
  const writer = new ByteWriter(256);
  const reply = new ReplyWriter(writer, client.protocol);
  const run = (held: readonly (Held | null)[]): Result<readonly Change[], KvError> => {
    writer.reset();
    if (isTouched()) {
      reply.nilArray();
      return ok([]);
    }
    const keyspace = host.notifications.keyspace(keys, held, host.facts.wallMs());
    reply.array(steps.length);
    for (const step of steps) {
      runStep(talk, step, keyspace, reply);
      if (keyspace.bytesPut + writer.length <= EXEC_BYTES_MAX) continue;
      return fail('TOOLARGE', `a transaction writes and answers at most EXEC_BYTES_MAX, ${EXEC_BYTES_MAX} bytes`);
    }
    const changes = host.notifications.changesOf(keyspace);
    host.tracking.wrote(changes, talk);
    return ok(changes);
  };
  if (keys.length === 0) {
    const ran = run([]);
    end();
    answer((output) => (ran.ok ? output.writer.bytes(writer.view()) : output.error(lineOf(ran.error))));
    return;
  }
  host.store.update({ keys, decide: run }, (outcome) => {
    end();
    answer((output) => {
      if (outcome.kind === 'failed') output.error(lineOf(outcome.error));
      else output.writer.bytes(writer.view());
    });
  });
}

function runStep(talk: Talk, { queued, plan }: Step, keyspace: Keyspace, reply: ReplyWriter): void {
  const { entry, words } = queued;
  const { run } = entry.row;
  const start = reply.writer.length;
  if (plan instanceof Refusal) reply.error(plan.line);
  else if (plan !== null) {
    keyspace.command = entry.name;
    plan.apply(keyspace, reply);
  } else if (run.kind === 'now') run.run(talk, words, reply);
  talk.host.statistics.count(entry, 0, reply.writer.buffer[start] === MINUS);
}

const MINUS = 0x2d;
