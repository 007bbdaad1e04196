/**
 * The trace of a run: every delivery, every life and every fault in order, as one hash that two runs of a seed must
 * share and, if somebody wants to read it, as lines. Numbers are hashed (FNV-1a over 32-bit words); text is only made
 * for a reader.
 *
 *   line = time in ms, what, words          12.345 s1 > broker durable 9
 */
import { FRAME } from '../model/frames.ts';
import { Probes } from './probes.ts';

const KIND_NAMES = new Map<number, string>(Object.entries(FRAME).map(([name, kind]) => [kind, name]));

export class Trace {
  readonly #write: ((line: string) => void) | null;
  #hash = 0x811c_9dc5;
  /** How many frames of each kind were delivered. */
  readonly frames = new Uint32Array(256);
  events = 0;
  readonly probes = new Probes();

  /** `write` gets every line, without its end; null: only the hash is wanted. */
  constructor(write: ((line: string) => void) | null) {
    this.#write = write;
  }

  /** What was hashed so far, eight hexadecimal digits. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  /** A frame was handed to its receiver; servers are their indexes, the broker is −1. */
  frame(nowMs: number, from: number, to: number, bytes: Uint8Array, start: number, end: number): void {
    const kind = bytes[start] as number;
    this.frames[kind] = (this.frames[kind] as number) + 1;
    this.#time(nowMs);
    this.#word((from << 24) ^ (to << 16) ^ (kind << 8));
    this.#word(end - start);
    // The head tells two frames of a kind apart; what differs later shows in what comes of it.
    const headEnd = Math.min(end, start + 13);
    for (let at = start + 1; at < headEnd; at++) this.#word(bytes[at] as number);
    this.#write?.(`${nowMs.toFixed(3)} ${nameOf(from)} > ${nameOf(to)} ${KIND_NAMES.get(kind) ?? kind} ${end - start}`);
  }

  /** Anything else that happened, in words. */
  event(nowMs: number, what: string): void {
    this.probes.onEvent(what);
    this.#time(nowMs);
    for (let at = 0; at < what.length; at++) this.#word(what.charCodeAt(at));
    this.#write?.(`${nowMs.toFixed(3)} ${what}`);
  }

  #time(nowMs: number): void {
    this.events++;
    this.#word(Math.floor(nowMs));
    this.#word(Math.floor((nowMs % 1) * 0x4000_0000));
  }

  #word(word: number): void {
    this.#hash = Math.imul(this.#hash ^ word, 0x0100_0193);
  }
}

function nameOf(actor: number): string {
  return actor < 0 ? 'broker' : `s${actor + 1}`;
}
