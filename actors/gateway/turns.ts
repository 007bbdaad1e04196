/**
 * Whose requests go to the servers next, over all connections of a host, whatever protocol they speak. What is under way
 * is bounded, so that whoever asks now waits only behind so much; what is beyond it waits in its own connection, and
 * the one that has had least of late is the next: who asks for little waits for nobody, who floods waits for itself.
 *
 * Start-time fair queueing (Goyal, Vin, Cheng 1996): a turn begins at a virtual time, that of its end is later by its
 * cost, and there the connection's next one begins. The clock shows where the last turn began that was given. Who comes
 * after a pause begins one turn before that: ahead of all who had one of this round, and silence saves up no more.
 * Knows nothing of sockets and of bytes.
 */
import { GATEWAY_COMMANDS_MAX } from '../../src/model/limits.ts';

/** What silence saves up, in commands: about a turn. */
const SAVED_MAX = 256;

/** Who hands requests on when it is its turn. */
export type Taker = {
  /** Whether it has some and may hand them on. */
  readonly wantsTurn: boolean;
  /** Whether all that it has is a request or two, and none of its own is before them: it need not wait for room. */
  readonly isQuiet: boolean;
  /** Hands a piece on; answers what that cost, in commands. */
  takeTurn(): number;
};

/** One connection's place; who has it changes nothing in it. */
export type Place = {
  readonly taker: Taker;
  /** The virtual time at which its next turn begins. */
  begin: number;
  isWaiting: boolean;
  /** Its commands that are under way. */
  commands: number;
};

export class Turns {
  readonly #commandsMax: number;
  #commands = 0;
  #clock = 0;
  /** A heap: none begins before the one at (its index - 1) >> 1. */
  readonly #waiting: Place[] = [];

  /** `commandsMax`: with so many under way nobody gets a turn but the quiet. */
  constructor(commandsMax: number = GATEWAY_COMMANDS_MAX) {
    this.#commandsMax = commandsMax;
  }

  /** Commands under way, as counted last. */
  get commands(): number {
    return this.#commands;
  }

  placeFor(taker: Taker): Place {
    return { taker, begin: Number.NEGATIVE_INFINITY, isWaiting: false, commands: 0 };
  }

  /** So many commands of one connection are under way now; `serve` is to follow when they became fewer. */
  count(place: Place, commands: number): void {
    this.#commands += commands - place.commands;
    place.commands = commands;
  }

  /** Who is there wants a turn: gets it at once if there is room and nobody before it. */
  join(place: Place): void {
    if (place.isWaiting || !place.taker.wantsTurn) return;
    place.begin = Math.max(place.begin, this.#clock - SAVED_MAX);
    if (place.taker.isQuiet) this.#give(place);
    else this.#push(place);
    this.serve();
  }

  /** Gives turns while there is room. O(log n) of those who wait for each. */
  serve(): void {
    while (this.#commands < this.#commandsMax && this.#waiting.length > 0) {
      const place = this.#pop();
      if (!place.taker.wantsTurn) continue;
      this.#clock = Math.max(this.#clock, place.begin);
      this.#give(place);
    }
  }

  #give(place: Place): void {
    place.begin += place.taker.takeTurn();
    if (place.taker.wantsTurn) this.#push(place);
  }

  #push(place: Place): void {
    const heap = this.#waiting;
    place.isWaiting = true;
    let at = heap.length;
    for (let above = (at - 1) >> 1; at > 0 && (heap[above] as Place).begin > place.begin; above = (at - 1) >> 1) {
      heap[at] = heap[above] as Place;
      at = above;
    }
    heap[at] = place;
  }

  /** Takes the one out that begins first. */
  #pop(): Place {
    const heap = this.#waiting;
    const first = heap[0] as Place;
    const last = heap.pop() as Place;
    first.isWaiting = false;
    if (heap.length === 0) return first;
    let at = 0;
    for (let below = 1; below < heap.length; below = 2 * at + 1) {
      const right = below + 1;
      if (right < heap.length && (heap[right] as Place).begin < (heap[below] as Place).begin) below = right;
      if ((heap[below] as Place).begin >= last.begin) break;
      heap[at] = heap[below] as Place;
      at = below;
    }
    heap[at] = last;
    return first;
  }
}
