import { expect, test } from 'vitest';
import { parseScript } from '../../src/faults/parse-script.ts';
import type { ScriptReport } from '../../src/faults/report.ts';
import type { FaultAnswer, FaultSight, ScriptHost } from '../../src/faults/script-host.ts';
import { ScriptRunner } from '../../src/faults/script-runner.ts';
import type { FaultStatement } from '../../src/faults/syntax.ts';
import { ok } from '../../src/lib/result.ts';
import { DelayQueue } from '../../src/routing/delay-queue.ts';

const NOTHING = { count: 0, details: [] };

/** A cluster that is whole and takes its time to answer. */
class SlowHost implements ScriptHost {
  readonly keyPrefix = '';
  readonly lookMs = 10;
  readonly queue = new DelayQueue<() => void>();
  nowMs = 0;
  acting: FaultSight[] = [];
  readonly #answerMs: number;

  constructor(answerMs: number) {
    this.#answerMs = answerMs;
  }

  now = () => this.nowMs;
  active = () => this.acting;
  servers = () => [];
  passed = () => 0;
  pick = () => ok([]);
  isWhole = () => true;
  differences = () => [];
  cannotCheck = () => null;
  cannotInject = () => null;
  cannotSee = () => null;
  rssBytes = () => 0;
  unhandled = () => 0;
  mailbox = () => 0;
  hasLogged = () => false;
  ask = () => undefined;
  submit = () => () => undefined;
  mark = () => undefined;
  verdicts = () => ({ linearizable: NOTHING, serializable: NOTHING, lost: NOTHING, partialBulks: NOTHING });

  after(delayMs: number, run: () => void): () => void {
    this.queue.add(this.nowMs + delayMs, run);
    return () => undefined;
  }

  fault(statement: FaultStatement, answer: FaultAnswer): void {
    const isHeal = statement.kind === 'heal';
    this.acting = isHeal ? [] : [{ id: 'f1', statement: 'POWER s1', until: null }];
    this.after(this.#answerMs, () => answer(ok(isHeal ? 'healed 1' : 'f1 POWER s1')));
  }

  run(text: string): ScriptReport {
    const script = parseScript(text, null);
    if (!script.ok) throw new Error(script.error.message);
    const reports: ScriptReport[] = [];
    new ScriptRunner(script.value, this, 1, (report) => reports.push(report)).start();
    while (reports.length === 0) {
      this.nowMs = this.queue.nextDueMs();
      this.queue.take(this.nowMs)?.();
    }
    return reports[0] as ScriptReport;
  }
}

test('what holds from the beginning reacts, and the script goes on', () => {
  const host = new SlowHost(0);

  const { notes, tookMs } = host.run('when lost = 0 NOTE none is lost\nWAIT 1s\nNOTE waited');

  expect(notes).toEqual(['none is lost', 'waited']);
  expect(tookMs).toBeGreaterThanOrEqual(1_000);
});

test('a fault acts from when it was said, not from when a slow host answered', () => {
  const host = new SlowHost(700);

  const { faults } = host.run('at 100ms POWER s1\nat 1s END');

  expect(faults).toMatchObject([{ id: 'f1', atMs: 100 }]);
});
