/**
 * The link faults that act now: which rules each directed link has, in the order in which they were begun. How rules
 * reach the links is the host's.
 */
import type { LinkRule } from '../routing/link-rules.ts';
import type { DirectedLink, Neighbour } from './action.ts';

/** Gives what `from` sends to `to` these rules, in this and in later incarnations. */
export type ReplaceRules = (from: Neighbour, to: Neighbour, rules: readonly LinkRule[]) => void;

export class LinkFaults {
  readonly #replaceRules: ReplaceRules;
  readonly #faults = new Set<{ readonly links: readonly DirectedLink[]; readonly rule: LinkRule }>();

  constructor(replaceRules: ReplaceRules) {
    this.#replaceRules = replaceRules;
  }

  /** Puts a rule on these links; answers what takes it away. */
  begin(links: readonly DirectedLink[], rule: LinkRule): () => void {
    const fault = { links, rule };
    this.#faults.add(fault);
    this.#apply(links);
    return () => {
      this.#faults.delete(fault);
      this.#apply(links);
    };
  }

  #apply(links: readonly DirectedLink[]): void {
    for (const { from, to } of links) {
      const rules: LinkRule[] = [];
      for (const fault of this.#faults) {
        if (fault.links.some((link) => link.from === from && link.to === to)) rules.push(fault.rule);
      }
      this.#replaceRules(from, to, rules);
    }
  }
}
