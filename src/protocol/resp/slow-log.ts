/** The commands that took longest lately: a ring of entries, each cut to what people read. */
import { text } from '../../lib/bytes.ts';
import type { ClientInfo } from './client-info.ts';
import type { Words } from './request-reader.ts';

export type SlowEntry = {
  readonly id: number;
  readonly atMs: number;
  readonly microseconds: number;
  readonly words: readonly string[];
  readonly address: string;
  readonly name: string;
};

const WORDS_MAX = 32;
const WORD_BYTES_MAX = 128;

export class SlowLog {
  /**
   * Microseconds from which a command is slow; negative: none is. Counted until it is answered: what waits for others
   * and for the disk counts too, so this is ten times what Redis begins with.
   */
  thresholdUs = 100_000;
  entriesMax = 128;
  #entries: SlowEntry[] = [];
  #nextId = 0;

  get size(): number {
    return this.#entries.length;
  }

  add(words: Words, milliseconds: number, client: ClientInfo, atMs: number): void {
    if (this.entriesMax === 0) return;
    this.#entries.unshift({
      id: this.#nextId++,
      atMs,
      microseconds: Math.round(milliseconds * 1_000),
      words: shortened(words),
      address: client.address,
      name: client.name,
    });
    if (this.#entries.length > this.entriesMax) this.#entries.length = this.entriesMax;
  }

  /** The newest first. */
  newest(count: number): readonly SlowEntry[] {
    return this.#entries.slice(0, count);
  }

  clear(): void {
    this.#entries = [];
  }
}

function shortened(words: Words): string[] {
  const shown = words.slice(0, words.length > WORDS_MAX ? WORDS_MAX - 1 : WORDS_MAX).map((word) => {
    const rest = word.length - WORD_BYTES_MAX;
    return rest <= 0 ? text(word) : `${text(word, 0, WORD_BYTES_MAX)}... (${rest} more bytes)`;
  });
  if (words.length > WORDS_MAX) shown.push(`... (${words.length - WORDS_MAX + 1} more arguments)`);
  return shown;
}
