/**
 * When the lines of a script have their turn. A line without a time comes when the one above it is done; `after` so
 * long after the one above it; lines that react (`every`, `on`, `when`) are not waited for, and are passed over by
 * what counts from the line above.
 */
import type { Prng } from '../lib/prng.ts';
import type { ScriptHost } from './script-host.ts';
import type { ScriptLine } from './syntax.ts';

export type Turn = {
  /** Carries the line out; calls back when it is done. Every call counts as something that is still to be done. */
  run(line: ScriptLine, done: () => void): void;
  /** Nothing is left that has its time: the script is at its end, unless something is held on to. */
  exhausted(): void;
};

/** Longest gap between two looks of a timer; a longer wait is taken in steps. */
const TIMER_MS_MAX = 0x7fff_ffff;

export class Timetable {
  readonly #host: Pick<ScriptHost, 'now' | 'after'>;
  readonly #prng: Prng;
  readonly #turn: Turn;
  #pending = 0;
  #isOver = false;

  constructor(host: Pick<ScriptHost, 'now' | 'after'>, prng: Prng, turn: Turn) {
    this.#host = host;
    this.#prng = prng;
    this.#turn = turn;
  }

  start(lines: readonly ScriptLine[]): void {
    // What is to be begun holds the end off until all lines are laid out.
    this.#pending++;
    let waiting: ScriptLine[] = [];
    const chains: ScriptLine[][] = [];
    for (const line of lines) {
      const { when } = line;
      if (when.kind === 'at') {
        chains.push(waiting);
        waiting = [line];
      } else if (when.kind === 'next' || when.kind === 'after') waiting.push(line);
      else if (when.kind === 'every') this.#every(line, when.times);
    }
    for (const chain of [...chains, waiting]) this.#chain(chain);
    this.release();
  }

  /** Something that has its time and is no line: the end waits for it until `release`. */
  hold(): void {
    this.#pending++;
  }

  release(): void {
    this.#pending--;
    if (this.#pending === 0 && !this.#isOver) this.#turn.exhausted();
  }

  /** No line has its turn any more. */
  stop(): void {
    this.#isOver = true;
  }

  /** Carries a line out that something else called for. */
  now(line: ScriptLine): void {
    if (!this.#isOver) this.#run(line, () => {});
  }

  /** Lines one after the other. */
  #chain(lines: readonly ScriptLine[]): void {
    this.#pending++;
    const goOn = (from: number): void => {
      for (let at = from; ; at++) {
        const line = lines[at];
        if (line === undefined) {
          this.release();
          return;
        }
        const { when } = line;
        if (when.kind === 'at' || when.kind === 'after') {
          this.#wait(when.ms, () => {
            // Whoever follows a line with a time counts from when it began.
            this.#run(line, () => {});
            goOn(at + 1);
          });
          return;
        }
        let isDone = false;
        let isLate = false;
        this.#run(line, () => {
          isDone = true;
          if (isLate) goOn(at + 1);
        });
        if (!isDone) {
          isLate = true;
          return;
        }
      }
    };
    goOn(0);
  }

  #every(line: ScriptLine, times: number | null): void {
    const { when } = line;
    if (when.kind !== 'every') return;
    if (times !== null) this.#pending++;
    const jitter = 1 + ((2 * this.#prng.float() - 1) * when.jitterPercent) / 100;
    this.#wait(when.ms * jitter, () => {
      this.#run(line, () => {});
      if (times === null || times > 1) this.#every(line, times === null ? null : times - 1);
      if (times !== null) this.release();
    });
  }

  #run(line: ScriptLine, done: () => void): void {
    this.#pending++;
    let isDone = false;
    this.#turn.run(line, () => {
      if (isDone) return;
      isDone = true;
      done();
      this.release();
    });
  }

  #wait(delayMs: number, run: () => void): void {
    const stepMs = Math.min(delayMs, TIMER_MS_MAX);
    this.#host.after(stepMs, () => {
      if (this.#isOver) return;
      if (delayMs > stepMs) this.#wait(delayMs - stepMs, run);
      else run();
    });
  }
}
