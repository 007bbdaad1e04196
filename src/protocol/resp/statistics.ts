/** What was counted since the host started or CONFIG RESETSTAT: calls, failures, times. Counts; decides nothing. */
import { type ByteWriter, text } from '../../lib/bytes.ts';
import type { Entry } from './command-index.ts';

export type CommandCounts = { calls: number; microseconds: number; refused: number; failed: number };

/** Commands of the last seconds, for instantaneous_ops_per_sec: one place a sample. */
const SAMPLES = 16;
const SAMPLE_MS = 100;

export class Statistics {
  connections = 0;
  rejectedConnections = 0;
  commands = 0;
  hits = 0;
  misses = 0;
  expired = 0;
  inputBytes = 0;
  outputBytes = 0;
  failures = 0;
  readonly byCommand = new Map<Entry, CommandCounts>();
  /** First words of error replies. */
  readonly byFailure = new Map<string, number>();
  readonly #samples: { atMs: number; commands: number }[] = [];

  /** One command was answered. */
  count(entry: Entry, milliseconds: number, hasFailed: boolean): void {
    this.commands++;
    const counts = this.#countsOf(entry);
    counts.calls++;
    counts.microseconds += milliseconds * 1_000;
    if (hasFailed) counts.failed++;
  }

  /** One command was refused before it ran. */
  refuse(entry: Entry): void {
    this.#countsOf(entry).refused++;
  }

  fail(line: string): void {
    this.failures++;
    const word = /^[A-Z]{1,20}/.exec(line)?.[0] ?? 'ERR';
    if (this.byFailure.size < FAILURE_WORDS_MAX || this.byFailure.has(word))
      this.byFailure.set(word, (this.byFailure.get(word) ?? 0) + 1);
  }

  /** Called now and then. */
  sample(nowMs: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && nowMs - last.atMs < SAMPLE_MS) return;
    this.#samples.push({ atMs: nowMs, commands: this.commands });
    if (this.#samples.length > SAMPLES) this.#samples.shift();
  }

  /** Commands a second, over the samples. */
  rate(): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0;
    return Math.round(((last.commands - first.commands) * 1_000) / (last.atMs - first.atMs));
  }

  reset(): void {
    this.connections = 0;
    this.rejectedConnections = 0;
    this.commands = 0;
    this.hits = 0;
    this.misses = 0;
    this.expired = 0;
    this.inputBytes = 0;
    this.outputBytes = 0;
    this.failures = 0;
    this.byCommand.clear();
    this.byFailure.clear();
    this.#samples.length = 0;
  }

  #countsOf(entry: Entry): CommandCounts {
    const known = this.byCommand.get(entry);
    if (known !== undefined) return known;
    const counts: CommandCounts = { calls: 0, microseconds: 0, refused: 0, failed: 0 };
    this.byCommand.set(entry, counts);
    return counts;
  }
}

/** The beginning of the error that a reply is, which stands at the end of `written` from `start` on; null if it is none. */
export function failureIn({ buffer, length }: ByteWriter, start: number): string | null {
  return length > start && buffer[start] === MINUS ? text(buffer, start + 1, Math.min(length, start + 24)) : null;
}

const MINUS = 0x2d;

/** First words that are counted; there are far fewer. */
const FAILURE_WORDS_MAX = 128;
