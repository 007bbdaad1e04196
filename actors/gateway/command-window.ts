/**
 * How many commands of one connection may be in flight. Nobody knows how long the answers to reads will be before they
 * come, and all that are in flight may come at once: with what is unread they must stay below the hard limit. Each counts
 * as the longest document at first, and as half of that whenever shorter answers left and commands were held back; as
 * with TCP (RFC 7661), a window that grew without need would let in many long answers at once. It always counts as the
 * soft limit at least: nobody who reads is cut off for answers up to that, whatever was asked before. Commands whose
 * answers are a line are held back by `commandsMax` only.
 */
import { DOCUMENT_BYTES_MAX } from '../../src/model/limits.ts';
import type { ConnectionLimits } from './connection.ts';
import type { Session } from './session.ts';

/** How many times as long as the longest of the last the next answers may be. */
const LONGER = 16;

export class CommandWindow {
  readonly #limits: ConnectionLimits;
  /** Bytes that an answer of unknown length may have. */
  #answerBytes = DOCUMENT_BYTES_MAX;
  /** Whether it held commands back since answers left. */
  #isFull = false;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** Whether one more command may come beside those in flight, while so many bytes of answers wait for the other side. */
  hasRoom(session: Pick<Session, 'inFlight' | 'replies' | 'unreadMax'>, unsentBytes: number): boolean {
    const { commandsMax, outputSoftMax, outputHardMax } = this.#limits;
    const { untold, bytes: answered } = session.replies;
    const bytes = unsentBytes + answered;
    if (session.inFlight >= commandsMax || bytes > Math.min(outputSoftMax, session.unreadMax)) return false;
    // Whoever has read everything may be given an answer of any length.
    if (untold === 0 || bytes + (untold + 1) * this.#answerBytes <= outputHardMax) return true;
    this.#isFull = true;
    return false;
  }

  /** Answers left, the longest of them with so many bytes. */
  answered(longest: number): void {
    const least = Math.max(LONGER * longest, this.#limits.outputSoftMax);
    this.#answerBytes = Math.max(least, this.#isFull ? this.#answerBytes / 2 : this.#answerBytes);
    this.#isFull = false;
  }

  /** Nothing came for long: what comes now may be something else. */
  rest(): void {
    this.#answerBytes = Math.max(this.#answerBytes, DOCUMENT_BYTES_MAX);
  }
}
