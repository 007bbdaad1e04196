/**
 * The starts and ends of steps as a linked list in the order of their places, out of which a step that is taken is lifted
 * and into which it is put back (Wing and Gong, 1993, as Lowe and Porcupine do it). Typed arrays: a search walks it
 * millions of times.
 */
import type { Step } from './register.ts';

export class EventList {
  /** By entry, the entry behind it; 0 is the head, and what is behind the last. */
  readonly next: Int32Array;
  /** By entry, the step that begins there; below 0 at an end. */
  readonly step: Int32Array;
  readonly #steps: readonly Step[];
  readonly #previous: Int32Array;
  /** By entry of a start, that of the end. */
  readonly #return: Int32Array;
  readonly #place: Float64Array;

  /** `definite`: which of the steps, in the order of their starts. */
  constructor(steps: readonly Step[], definite: readonly number[]) {
    this.#steps = steps;
    const size = definite.length * 2 + 1;
    this.next = new Int32Array(size);
    this.#previous = new Int32Array(size);
    this.step = new Int32Array(size).fill(-1);
    this.#return = new Int32Array(size);
    this.#place = new Float64Array(size);
    this.#link(definite);
  }

  /** The place of the first end of a step: no step that begins behind it can be taken before that one. */
  firstReturn(): number {
    let entry = this.next[0] as number;
    while ((this.step[entry] as number) >= 0) entry = this.next[entry] as number;
    return entry === 0 ? Number.POSITIVE_INFINITY : (this.#place[entry] as number);
  }

  /** Takes the step that begins at this entry out, with its end. */
  lift(entry: number): void {
    this.#unlink(entry);
    this.#unlink(this.#return[entry] as number);
  }

  /** Puts it back; the last that was taken out is put back first. */
  unlift(entry: number): void {
    this.#relink(this.#return[entry] as number);
    this.#relink(entry);
  }

  /** Index of the step whose end this entry is. */
  stepEndingAt(entry: number): number {
    const place = this.#place[entry] as number;
    return this.#steps.findIndex(({ end }) => end === place);
  }

  #link(definite: readonly number[]): void {
    const ends = [...definite].sort((a, b) => (this.#steps[a] as Step).end - (this.#steps[b] as Step).end);
    const callOf = new Int32Array(this.#steps.length);
    let call = 0;
    let end = 0;
    for (let entry = 1; entry < this.next.length; entry++) {
      const starting = definite[call];
      const ending = ends[end] as number;
      const endsAt = (this.#steps[ending] as Step).end;
      // Within one moment steps overlap: starts come first.
      if (starting !== undefined && (this.#steps[starting] as Step).start <= endsAt) {
        this.step[entry] = starting;
        this.#place[entry] = (this.#steps[starting] as Step).start;
        callOf[starting] = entry;
        call++;
      } else {
        this.#place[entry] = endsAt;
        this.#return[callOf[ending] as number] = entry;
        end++;
      }
      this.next[entry - 1] = entry;
      this.#previous[entry] = entry - 1;
    }
  }

  #unlink(entry: number): void {
    const [previous, next] = [this.#previous[entry] as number, this.next[entry] as number];
    this.next[previous] = next;
    if (next !== 0) this.#previous[next] = previous;
  }

  #relink(entry: number): void {
    const [previous, next] = [this.#previous[entry] as number, this.next[entry] as number];
    this.next[previous] = entry;
    if (next !== 0) this.#previous[next] = entry;
  }
}
