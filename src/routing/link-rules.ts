/**
 * Link rules: what a fault does to the frames of one directed link, decided at its sender for each frame and in
 * every form of link alike. Decides only; whoever asks keeps the frames and the timers. Frames stay in order unless
 * a rule reorders or loses them. Follows the message-link faults of Jepsen and tc netem.
 */
import type { Prng } from '../lib/prng.ts';

/** How far around its middle a delay lies: always it, within the jitter, normal with it as deviation, exponential with it as mean. */
export type Distribution = 'const' | 'uniform' | 'normal' | 'exp';

export type LinkRule =
  /** Nothing passes. What was sent before still arrives. */
  | { readonly kind: 'cut' }
  /** Nothing arrives, not even what is delayed already; when the rule goes, everything does, in order and at once. */
  | { readonly kind: 'clog' }
  /** Each frame arrives `delayMs` later, give or take `jitterMs` (uniform unless told), in order. */
  | {
      readonly kind: 'delay';
      readonly delayMs: number;
      readonly jitterMs: number;
      readonly distribution?: Distribution;
    }
  /** Each frame is lost with this probability, independently of the others. */
  | { readonly kind: 'drop'; readonly probability: number }
  /** With this probability a frame arrives twice, the copy up to `withinMs` later. */
  | { readonly kind: 'duplicate'; readonly probability: number; readonly withinMs: number }
  /** With this probability a frame is held back up to `withinMs`, and the frames behind it overtake. */
  | { readonly kind: 'reorder'; readonly probability: number; readonly withinMs: number }
  /** Frames leave at so many bytes a second (a token bucket), in order. */
  | { readonly kind: 'rate'; readonly bytesPerSecond: number };

/** Milliseconds of `withinMs` when a fault names none: a few event-loop turns, well below a heartbeat. */
export const LINK_FAULT_WITHIN_MS = 20;

/** Milliseconds of its rate that a link may send at once after a pause: the depth of the token bucket. */
const BURST_MS = 10;

const NOW: readonly number[] = [0];
const NEVER: readonly number[] = [];

/** The rules of one directed link. */
export class LinkRules {
  readonly #prng: Prng;
  #rules: readonly LinkRule[] = [];
  #lastArrivalMs = 0;
  /** When everything sent so far has left at the link's rate. */
  #sentMs = Number.NEGATIVE_INFINITY;
  #isClogged = false;

  /** Draws from `prng` alone: the same seed, rules and times decide the same. */
  constructor(prng: Prng) {
    this.#prng = prng;
  }

  /** Whether there is no rule. Frames that rules delayed may still be on their way: ask `decide` until they arrived. */
  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }

  /** Whether nothing may arrive now: whoever keeps the frames holds also those that are due, until this is over. */
  get isClogged(): boolean {
    return this.#isClogged;
  }

  /** Replaces all rules; they act on frames sent from now on. */
  replace(rules: readonly LinkRule[]): void {
    this.#rules = rules;
    this.#isClogged = rules.some(({ kind }) => kind === 'clog');
  }

  /**
   * The fate of a frame sent at `nowMs`: after how many milliseconds each of its copies arrives. Empty when it is
   * lost. Copies of one link that are due at the same time arrive in the order of `decide`. `bytes`: its length.
   */
  decide(nowMs: number, bytes = 0): readonly number[] {
    let delayMs = 0;
    let heldMs = 0;
    let copyMs = -1;
    for (const rule of this.#rules) {
      switch (rule.kind) {
        case 'cut':
          return NEVER;
        case 'clog':
          break;
        case 'drop':
          if (this.#prng.chance(rule.probability)) return NEVER;
          break;
        case 'delay':
          delayMs += Math.max(0, rule.delayMs + this.#noise(rule.jitterMs, rule.distribution ?? 'uniform'));
          break;
        case 'duplicate':
          if (this.#prng.chance(rule.probability)) copyMs = this.#prng.float() * rule.withinMs;
          break;
        case 'reorder':
          if (this.#prng.chance(rule.probability)) heldMs = this.#prng.float() * rule.withinMs;
          break;
        case 'rate':
          delayMs += this.#queueMs(nowMs, (bytes / rule.bytesPerSecond) * 1_000);
          break;
        default:
          return rule satisfies never;
      }
    }
    // A frame held back does not hold back those behind it; every other frame keeps its place in the line.
    const inOrderMs = Math.max(nowMs + delayMs, this.#lastArrivalMs);
    if (heldMs === 0) this.#lastArrivalMs = inOrderMs;
    const arrivesMs = inOrderMs - nowMs + heldMs;
    if (copyMs >= 0) return [arrivesMs, arrivesMs + copyMs];
    return arrivesMs === 0 ? NOW : [arrivesMs];
  }

  #noise(jitterMs: number, distribution: Distribution): number {
    switch (distribution) {
      case 'const':
        return 0;
      case 'uniform':
        return (2 * this.#prng.float() - 1) * jitterMs;
      case 'normal':
        // Box and Muller's transform; the logarithm is kept from zero.
        return jitterMs * Math.sqrt(-2 * Math.log(1 - this.#prng.float())) * Math.cos(2 * Math.PI * this.#prng.float());
      case 'exp':
        return -jitterMs * Math.log(1 - this.#prng.float());
      default:
        return distribution satisfies never;
    }
  }

  /** How long a frame that takes `takesMs` waits until it has left, behind the ones before. */
  #queueMs(nowMs: number, takesMs: number): number {
    this.#sentMs = Math.max(this.#sentMs, nowMs - BURST_MS) + takesMs;
    return Math.max(0, this.#sentMs - nowMs);
  }
}
