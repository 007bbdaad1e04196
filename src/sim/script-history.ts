/**
 * The history of a fault script: what its loads asked and were told, and what happened to the cluster, in the format
 * that all checkers read; and what they make of it. The same for virtual time and for threads.
 */
import type { LoadAction, LoadOutcome, Verdict, Verdicts } from '../faults/script-host.ts';
import type { Reply } from '../model/commands.ts';
import { isIndefinite } from '../model/errors.ts';
import { diagnose } from './checkers/diagnosis.ts';
import { checkRegister } from './checkers/linearizability.ts';
import { registersOf } from './checkers/register.ts';
import { explainCircle, findCircle } from './checkers/serializability.ts';
import { isDefinite, type Transaction, transactionsOf } from './checkers/transaction.ts';
import { type HistoryEvent, NO_ANSWER, operationsOf } from './history.ts';
import { answerOf } from './workload-commands.ts';

/** An operation that began; one of these ends it. */
export type OpenOperation = {
  answer(reply: Reply): LoadOutcome;
  /** Why there was no answer, and whether it may have happened all the same. */
  fail(code: string, mayHaveHappened: boolean): LoadOutcome;
  giveUp(): void;
};

/** Problems that a verdict shows; there may be thousands. */
const DETAILS_MAX = 5;

export class ScriptHistory {
  readonly events: HistoryEvent[] = [];
  readonly #now: () => number;
  #judged: { readonly length: number; readonly verdicts: Verdicts } | null = null;

  constructor(now: () => number) {
    this.#now = now;
  }

  mark(text: string): void {
    this.events.push({ type: 'fault', atMs: this.#now(), text });
  }

  begin(client: number, action: LoadAction): OpenOperation {
    this.events.push({ type: 'invoke', process: client, atMs: this.#now(), action });
    const fail = (code: string, mayHaveHappened: boolean, warned: boolean): LoadOutcome => {
      const type = mayHaveHappened ? 'info' : 'fail';
      this.events.push({ type, process: client, atMs: this.#now(), code, warned });
      return { type, code, uncertain: false };
    };
    return {
      answer: (reply) => {
        const warned = reply.notes.warnings.length > 0;
        if (reply.kind === 'failed') return fail(reply.error.code, isIndefinite(reply.error.code), warned);
        const { uncertain } = reply.notes;
        const answer = answerOf(action, reply, []);
        this.events.push({ type: 'ok', process: client, atMs: this.#now(), answer, uncertain, warned });
        return { type: 'ok', code: null, uncertain };
      },
      fail: (code, mayHaveHappened) => fail(code, mayHaveHappened, false),
      giveUp: () => void fail(NO_ANSWER, true, false),
    };
  }

  /** What the history says so far. */
  verdicts(): Verdicts {
    if (this.#judged?.length !== this.events.length) {
      this.#judged = { length: this.events.length, verdicts: judge(this.events) };
    }
    return this.#judged.verdicts;
  }
}

function judge(events: readonly HistoryEvent[]): Verdicts {
  const paired = operationsOf(events);
  if (!paired.ok) {
    const nothing: Verdict = { count: 1, details: [`not a history: ${paired.error.message}`] };
    return { linearizable: nothing, serializable: nothing, lost: nothing, partialBulks: nothing };
  }
  const transactions = transactionsOf(paired.value);
  const disordered = registersOf(transactions).flatMap(({ key, steps, transactions: own }) => {
    const verdict = checkRegister(steps);
    if (verdict.kind === 'linearizable') return [];
    if (verdict.kind === 'undecided') return [`${key}: no verdict after ${verdict.configurations} configurations`];
    return [`${key}: ${diagnose(key, own) ?? 'no order explains its operations'}`];
  });
  const found = findCircle(transactions);
  const circles = found === null ? [] : [explainCircle(found.circle, found.transactions)];
  const isOfBulks = found?.circle.edges.some(({ from }) => found.transactions[from]?.operation.action.kind === 'bulk');
  return {
    linearizable: verdictOf(disordered),
    serializable: verdictOf(circles),
    lost: verdictOf(lostWrites(transactions)),
    partialBulks: verdictOf(isOfBulks === true ? circles : []),
  };
}

function verdictOf(problems: readonly string[]): Verdict {
  return { count: problems.length, details: problems.slice(0, DETAILS_MAX) };
}

type Writing = { readonly value: string | null; readonly start: number; readonly end: number };

/**
 * Acknowledged writes whose key was last seen to hold something that was there before them: what the last reader saw
 * was surely over when they began.
 */
function lostWrites(transactions: readonly Transaction[]): string[] {
  const writings = new Map<string, Writing[]>();
  const last = new Map<string, { readonly value: string | null; readonly start: number }>();
  for (const transaction of transactions) {
    const { start, end } = transaction;
    for (const { key, value } of transaction.writes) {
      const ofKey = writings.get(key) ?? [];
      ofKey.push({ value, start, end });
      writings.set(key, ofKey);
    }
    if (!isDefinite(transaction)) continue;
    for (const { key, value } of transaction.seen) last.set(key, { value, start });
  }
  const problems: string[] = [];
  for (const [key, seen] of last) {
    const ofKey = writings.get(key) ?? [];
    // Nothing may be what was there at first, or what any deletion left.
    const sources = ofKey.filter(({ value }) => value === seen.value);
    const overAt = sources.length === 0 ? -1 : Math.max(...sources.map(({ end }) => end));
    if (sources.length === 0 && seen.value !== null) continue;
    for (const { value, start, end } of ofKey) {
      if (value !== null && end < seen.start && start > overAt) {
        problems.push(`${key} = ${value} was acknowledged, and last seen was ${seen.value ?? 'nothing'}`);
      }
    }
  }
  return problems;
}
