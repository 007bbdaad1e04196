/**
 * What replies owe besides their values: an answer by the deadline; the warning exactly while k or more servers are
 * down or catching up; and no uncertainty while an owner of the key answers for everything it owns, and one of each
 * other key of the bulk that was seen: a bulk that others still owe may yet go (rows F-01, F-02, REP-7). The servers' true state is part of the history, at both ends of each operation, where the recorder knows it.
 */
import { utf8 } from '../../lib/bytes.ts';
import { countOf, isMember, membersOf, type ServerMask, serverName } from '../../model/ids.ts';
import { ownersOf, type Placement } from '../../routing/placement.ts';
import { type Action, type Answer, NO_ANSWER, type Operation, type Outcome, type Truth } from '../history.ts';
import { showOperation } from './show.ts';

export type PromiseOptions = {
  readonly placement: Placement;
  /** Within which an operation must be answered. */
  readonly deadlineMs: number;
  /** Within which the end of a server's life is noticed. */
  readonly noticeMs: number;
  /** Whether a delete is refused while any server is down. */
  readonly isStrict?: boolean;
};

/** Replies that owe something they did not give, or gave something they did not owe. */
export function promiseProblems(operations: readonly Operation[], options: PromiseOptions): string[] {
  const problems: string[] = [];
  let bulks: Bulks | null = null;
  const bulksOnce = (): Bulks => (bulks ??= bulksOf(operations));
  for (const operation of operations) {
    const { outcome } = operation;
    if (outcome === null) continue;
    if (
      (outcome.type === 'info' && outcome.code === NO_ANSWER) ||
      outcome.atMs - operation.startMs > options.deadlineMs
    ) {
      problems.push(`no answer within ${options.deadlineMs} ms: ${showOperation(operation)}`);
    }
    const problem = noteProblem(operation, outcome, options, bulksOnce);
    if (problem !== null) problems.push(`${problem}: ${showOperation(operation)}`);
  }
  return problems;
}

function noteProblem(
  operation: Operation,
  outcome: Outcome,
  { placement, noticeMs, isStrict = false }: PromiseOptions,
  bulks: () => Bulks,
): string | null {
  const before = operation.invocation.truth;
  const after = outcome.truth;
  if (before === undefined || after === undefined) return null;
  const behind = countOf(after.behind as ServerMask);
  // What breaks the connection warns of nothing: there is no reply.
  const isReply = outcome.type !== 'info';
  // A reply that came of several steps, as an insert's does, warns of what was so at any of them.
  const wasQuiet = before.starts === after.starts && countOf(before.behind as ServerMask) < placement.replicas;
  if (isReply && outcome.warned && wasQuiet && behind < placement.replicas) {
    return `a warning though ${behind} of ${placement.servers} servers are down or catching up`;
  }
  if (isReply && !outcome.warned && behind >= placement.replicas) {
    return `no warning though ${behind} of ${placement.servers} servers are down or catching up`;
  }
  const stopped = countOf((before.stopped & after.stopped) as ServerMask);
  const isNoticed = before.starts === after.starts && outcome.atMs - operation.startMs > noticeMs;
  if (isReply && isNoticed && !outcome.warned && stopped >= placement.replicas) {
    return `no warning though ${stopped} of ${placement.servers} servers were stopped all the time`;
  }
  if (outcome.type === 'ok' && isStrict && operation.action.kind === 'delete' && before.starts === after.starts) {
    // Down when it was asked, and nobody started it since.
    const down = before.stopped & before.behind & after.stopped & after.behind;
    if (down !== 0)
      return `a strict delete though ${membersOf(down as ServerMask)
        .map(serverName)
        .join(', ')} was down`;
  }
  if (outcome.type !== 'ok' || !outcome.uncertain || before.starts !== after.starts) return null;
  const keys: (string | null)[] = [...keysOf(operation.action), ...bulkKeys(outcome.answer, bulks())];
  // A delete hides what it took away, which may have been a part of a bulk.
  if (operation.action.kind === 'delete') keys.push(null);
  // A COMPUTE over a key that holds nothing hides what it saw of the others.
  if (outcome.answer.kind === 'seen' && outcome.answer.observations.length < keys.length) keys.push(null);
  return keys.some((key) => mayBeUncertain(placement, key, before, after))
    ? null
    : 'uncertain though each key had an owner that was up all the time';
}

/** The keys of each bulk that wrote a value, by the value: all writes of a bulk may have one, and it may be long. */
type Bulks = ReadonlyMap<string, readonly (readonly string[])[]>;

function bulksOf(operations: readonly Operation[]): Bulks {
  const bulks = new Map<string, (readonly string[])[]>();
  for (const { action } of operations) {
    if (action.kind !== 'bulk' && action.kind !== 'update') continue;
    const keys = action.writes.map(([key]) => key);
    for (const value of new Set(action.writes.map(([, written]) => written))) {
      const known = bulks.get(value);
      if (known === undefined) bulks.set(value, [keys]);
      else known.push(keys);
    }
  }
  return bulks;
}

function bulkKeys(answer: Answer, bulks: Bulks): readonly string[] {
  if (answer.kind !== 'seen') return [];
  return answer.observations.flatMap(({ key, value }) => {
    const written = value === null ? undefined : bulks.get(value);
    return written?.findLast((keys) => keys.includes(key)) ?? [];
  });
}

/** Whether no owner of the key was up at both ends. Lives that began meanwhile were excluded: up twice is up throughout. */
function mayBeUncertain(placement: Placement, key: string | null, before: Truth, after: Truth): boolean {
  const wasBehind = (before.behind | after.behind) as ServerMask;
  if (key === null) return countOf(wasBehind) >= placement.replicas;
  return membersOf(ownersOf(placement, utf8(key))).every((owner) => isMember(wasBehind, owner));
}

/** The keys that an action is about; null stands for all of them. */
function keysOf(action: Action): readonly (string | null)[] {
  switch (action.kind) {
    case 'update':
    case 'bulk':
      return action.writes.map(([key]) => key);
    case 'getMany':
      return action.keys;
    case 'scan':
      return [null];
    case 'set':
    case 'insert':
    case 'delete':
    case 'get':
      return [action.key];
    default:
      return action satisfies never;
  }
}
