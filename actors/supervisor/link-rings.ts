/**
 * The rings of the links that the supervisor makes, by who they connect. A restart replaces them; the ones before are
 * used again once nobody can touch them any more, so that killing servers for ever costs no memory.
 */
import { RingStock } from '../../src/node/ring.ts';
import { createRingEnds, type RingEnd } from '../../src/node/ring-channel.ts';

/** `letGo`: every older link between the same two is out of use, in all threads. */
export type MadeLink = { readonly here: RingEnd; readonly there: RingEnd; readonly letGo: () => void };

export class LinkRings {
  readonly #stock = new RingStock();
  readonly #made = new Map<string, RingEnd[]>();

  /** A new link between the two that `name` stands for; `ringBytes`: of each direction. */
  make(name: string, ringBytes: number): MadeLink {
    const [here, there] = createRingEnds(ringBytes, this.#stock);
    const made = this.#made.get(name) ?? [];
    made.push(here);
    this.#made.set(name, made);
    return { here, there, letGo: () => this.#giveBackOlder(made, here) };
  }

  #giveBackOlder(made: RingEnd[], newest: RingEnd): void {
    for (const { incoming, outgoing } of made.splice(0, Math.max(0, made.indexOf(newest)))) {
      this.#stock.giveBack(incoming);
      this.#stock.giveBack(outgoing);
    }
  }
}
