/**
 * Link rules: what a fault does to the frames of one directed link, decided at its sender for each frame and in
 * every form of link alike. Decides only; whoever asks keeps the frames and the timers. Frames stay in order unless
 * a rule reorders or loses them. Follows the message-link faults of Jepsen and tc netem.
 */
import type { Prng } from '../lib/prng.ts';

export type LinkRule =
  /** Nothing passes. What was sent before still arrives. */
  | { readonly kind: 'cut' }
  /** Each frame arrives `delayMs` later, give or take `jitterMs` (uniform), in order. */
  | { readonly kind: 'delay'; readonly delayMs: number; readonly jitterMs: number }
  /** Each frame is lost with this probability, independently of the others. */
  | { readonly kind: 'drop'; readonly probability: number }
  /** With this probability a frame arrives twice, the copy up to `withinMs` later. */
  | { readonly kind: 'duplicate'; readonly probability: number; readonly withinMs: number }
  /** With this probability a frame is held back up to `withinMs`, and the frames behind it overtake. */
  | { readonly kind: 'reorder'; readonly probability: number; readonly withinMs: number };

/** Milliseconds of `withinMs` when a fault names none: a few event-loop turns, well below a heartbeat. */
export const LINK_FAULT_WITHIN_MS = 20;

const NOW: readonly number[] = [0];
const NEVER: readonly number[] = [];

/** The rules of one directed link. */
export class LinkRules {
  readonly #prng: Prng;
  #rules: readonly LinkRule[] = [];
  #lastArrivalMs = 0;

  /** Draws from `prng` alone: the same seed, rules and times decide the same. */
  constructor(prng: Prng) {
    this.#prng = prng;
  }

  /** Whether there is no rule. Frames that rules delayed may still be on their way: ask `decide` until they arrived. */
  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }

  /** Replaces all rules; they act on frames sent from now on. */
  replace(rules: readonly LinkRule[]): void {
    this.#rules = rules;
  }

  /**
   * The fate of a frame sent at `nowMs`: after how many milliseconds each of its copies arrives. Empty when it is
   * lost. Copies of one link that are due at the same time arrive in the order of `decide`.
   */
  decide(nowMs: number): readonly number[] {
    let delayMs = 0;
    let heldMs = 0;
    let copyMs = -1;
    for (const rule of this.#rules) {
      switch (rule.kind) {
        case 'cut':
          return NEVER;
        case 'drop':
          if (this.#prng.chance(rule.probability)) return NEVER;
          break;
        case 'delay':
          delayMs += Math.max(0, rule.delayMs + (2 * this.#prng.float() - 1) * rule.jitterMs);
          break;
        case 'duplicate':
          if (this.#prng.chance(rule.probability)) copyMs = this.#prng.float() * rule.withinMs;
          break;
        case 'reorder':
          if (this.#prng.chance(rule.probability)) heldMs = this.#prng.float() * rule.withinMs;
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
}
