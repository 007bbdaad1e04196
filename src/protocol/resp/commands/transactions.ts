/**
 * MULTI, EXEC, DISCARD, WATCH, UNWATCH. EXEC runs all that was queued inside one update over all the keys it names: one
 * place in the order, one write to disk, nothing between. What is about the connection or others, like PUBLISH, runs when
 * that has happened. A watched key that was changed since makes it answer nil.
 */
import { ByteWriter } from '../../../lib/bytes.ts';
import { ok, type Result } from '../../../lib/result.ts';
import { fail, type KvError } from '../../../model/errors.ts';
import { EXEC_BYTES_MAX, EXEC_MS_MAX } from '../../../model/limits.ts';
import { denialOf, denialText } from '../access.ts';
import { EXEC_ABORT, lineOf, Refusal } from '../failures.ts';
import type { Keyspace } from '../keyspace.ts';
import { ReplyWriter } from '../reply-writer.ts';
import type { Words } from '../request-reader.ts';
import { type Answer, type Flag, laterRow, nowRow, type Plan, type Row, type RowFacts, slow } from '../row.ts';
import { failureIn } from '../statistics.ts';
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
  laterRow('exec', slow(facts('', 'Run all that was queued: all of it or nothing')), onExec),
  // What this connection asked before is not a change by somebody else: it must have happened.
  laterRow(
    'watch',
    { ...facts('key ...', 'EXEC only if these keys stay as they are', ['barrier']), complexity: 'O(N)' },
    ({ transaction, client }, words, answer) => {
      const keys = words.slice(1);
      if (transaction.isOpen || !transaction.hasRoomToWatch(keys)) {
        const { isOpen } = transaction;
        answer((reply) => reply.error(isOpen ? 'ERR WATCH inside MULTI is not allowed' : TOO_MANY_WATCHED));
        return;
      }
      transaction.watch(keys, (failure) =>
        answer((reply) => (failure === null ? reply.ok() : reply.error(lineOf(failure)))),
      );
      client.watched = transaction.watched;
    },
  ),
  nowRow('unwatch', { ...facts('', 'Watch nothing any more'), flags: ['fast', 'loading'] }, (talk, _words, reply) => {
    talk.transaction.unwatch();
    talk.client.watched = 0;
    reply.ok();
  }),
];

/** A queued command, ready to run at its place; without a plan it is about others than keys. */
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
  /** Where the head of the reply ends, and the reply of each step; none while nothing has run. */
  const ends: number[] = [];
  const decide = (held: readonly (Held | null)[]): Result<readonly Change[], KvError> => {
    const nowMs = host.facts.wallMs();
    if (isTouched(nowMs)) {
      reply.nilArray();
      return ok([]);
    }
    const keyspace = host.notifications.keyspace(keys, held, nowMs);
    const untilMs = host.facts.clockMs() + EXEC_MS_MAX;
    reply.array(steps.length);
    ends.push(writer.length);
    for (const step of steps) {
      // Many that store little and say little may have looked at much.
      if (host.facts.clockMs() > untilMs) return fail('TOOLARGE', TOO_LONG);
      runPlan(step, keyspace, reply);
      ends.push(writer.length);
      if (keyspace.bytesPut + writer.length <= EXEC_BYTES_MAX) continue;
      return fail('TOOLARGE', TOO_LARGE);
    }
    const changes = host.notifications.changesOf(keyspace);
    host.tracking.wrote(changes, talk);
    return ok(changes);
  };
  const onChanged = (failure: KvError | null): void => {
    end();
    // PUBLISH and its like cannot be taken back: they run once all that the transaction changes has happened.
    const replies = failure === null && ends.length > 0 ? withTheOthers(talk, steps, ends, writer) : writer;
    answer((output) => (failure === null ? output.writer.bytes(replies.view()) : output.error(lineOf(failure))));
  };
  if (keys.length === 0) {
    const decided = decide([]);
    onChanged(decided.ok ? null : decided.error);
  } else host.store.update({ keys, decide }, (outcome) => onChanged(outcome.kind === 'failed' ? outcome.error : null));
}

const TOO_MANY_WATCHED = 'ERR too many keys are watched, the limits are BULK_ITEMS_MAX and TRANSACTION_BYTES_MAX';

const TOO_LONG = `a transaction takes at most EXEC_MS_MAX, ${EXEC_MS_MAX} ms; nothing was changed`;

const TOO_LARGE = `a transaction writes and answers at most EXEC_BYTES_MAX, ${EXEC_BYTES_MAX} bytes`;

function runPlan({ queued, plan }: Step, keyspace: Keyspace, reply: ReplyWriter): void {
  if (plan instanceof Refusal) reply.error(plan.line);
  else if (plan !== null) {
    keyspace.command = queued.entry.name;
    plan.apply(keyspace, reply);
  }
}

/** The reply of EXEC: what steps on keys `said`, each up to its end, and what the others say, which run now. */
function withTheOthers(talk: Talk, steps: readonly Step[], ends: readonly number[], said: ByteWriter): ByteWriter {
  const writer = new ByteWriter(said.length + 256);
  const reply = new ReplyWriter(writer, talk.client.protocol);
  const { statistics } = talk.host;
  writer.bytes(said.buffer.subarray(0, ends[0]));
  for (const [i, { queued, plan }] of steps.entries()) {
    const { entry, words } = queued;
    const { run } = entry.row;
    const start = writer.length;
    if (plan !== null) writer.bytes(said.buffer.subarray(ends[i], ends[i + 1]));
    else if (start > EXEC_BYTES_MAX) reply.error(`ERR ${TOO_LARGE}`);
    else if (run.kind === 'now') run.run(talk, words, reply);
    const failure = failureIn(writer, start);
    statistics.count(entry, 0, failure !== null);
    if (failure !== null) statistics.fail(failure);
  }
  // Nobody would end what a connection that is over began just now.
  if (talk.isClosing) talk.host.leave(talk);
  return writer;
}
