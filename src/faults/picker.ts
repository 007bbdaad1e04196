/** Who a selector means now: names, roles and draws become servers of a cluster. Draws from its prng alone. */
import { err, ok, type Result } from '../lib/result.ts';
import type { Prng } from '../lib/prng.ts';
import { allServers, type ServerIndex, serverIndex } from '../model/ids.ts';
import type { Neighbour } from './action.ts';
import type { Selector, SelectorPart } from './syntax.ts';

/** What is known of the cluster when a fault begins. */
export type ClusterView = {
  readonly servers: number;
  /** Null: nobody leads now, or in this mode. */
  readonly leader: ServerIndex | null;
};

export class Picker {
  readonly #view: ClusterView;
  readonly #names: ReadonlyMap<string, readonly Neighbour[]>;
  readonly #prng: Prng;
  #hasDrawn = false;

  constructor(view: ClusterView, names: ReadonlyMap<string, readonly Neighbour[]>, prng: Prng) {
    this.#view = view;
    this.#names = names;
    this.#prng = prng;
  }

  /** Whether anything was left to chance so far. */
  get hasDrawn(): boolean {
    return this.#hasDrawn;
  }

  /** Who this is, in order and each once; or in one line why nobody can be it. */
  pick(selector: Selector): Result<Neighbour[], string> {
    const picked = this.pickGroups([selector]);
    return picked.ok ? ok(picked.value[0] as Neighbour[]) : picked;
  }

  /** The same for groups of which nobody is in two: those that are drawn are drawn from the rest. */
  pickGroups(groups: readonly Selector[]): Result<Neighbour[][], string> {
    const taken = new Set<Neighbour>();
    const members = groups.map(() => new Set<Neighbour>());
    for (const isDrawn of [false, true]) {
      for (const [at, group] of groups.entries()) {
        for (const part of group) {
          if (DRAWN.has(part.kind) !== isDrawn) continue;
          const found = this.#partOf(part, taken);
          if (!found.ok) return found;
          for (const one of found.value) {
            if (taken.has(one) && members[at]?.has(one) === false) return err(`${nameOf(one)} is in two groups`);
            taken.add(one);
            members[at]?.add(one);
          }
        }
      }
    }
    return ok(members.map((group) => [...group].sort(inOrder)));
  }

  #partOf(part: SelectorPart, taken: ReadonlySet<Neighbour>): Result<readonly Neighbour[], string> {
    const { servers, leader } = this.#view;
    switch (part.kind) {
      case 'name': {
        const index = serverIndex(part.name, servers);
        const named = index === null ? this.#names.get(part.name) : [index];
        return named === undefined ? err(`nothing is called ${part.name}`) : ok(named);
      }
      case 'broker':
        return ok(['broker']);
      case 'leader':
        return leader === null ? err('nobody leads now') : ok([leader]);
      case 'follower': {
        if (leader === null) return err('nobody leads now');
        const followers = this.#servers().filter((server) => server !== leader);
        if (part.nth === null) return this.#draw(followers, 1);
        const chosen = followers[part.nth - 1];
        return chosen === undefined ? err(`there are ${followers.length} followers`) : ok([chosen]);
      }
      case 'all':
        return ok(this.#servers().filter((server) => !taken.has(server)));
      case 'one':
        return this.#drawUntaken(1, taken);
      case 'random':
        return this.#drawUntaken(part.count, taken);
      case 'minority':
        return this.#drawUntaken(Math.floor((servers - 1) / 2), taken);
      case 'majority':
        return this.#drawUntaken(Math.floor(servers / 2) + 1, taken);
      default:
        return part satisfies never;
    }
  }

  #servers(): ServerIndex[] {
    return allServers(this.#view.servers);
  }

  #drawUntaken(count: number, taken: ReadonlySet<Neighbour>): Result<readonly Neighbour[], string> {
    return this.#draw(
      this.#servers().filter((server) => !taken.has(server)),
      count,
    );
  }

  #draw(from: readonly ServerIndex[], count: number): Result<readonly Neighbour[], string> {
    if (count === 0) return err(`${this.#view.servers} servers have no minority`);
    if (from.length < count) return err(`${count} servers are wanted where ${from.length} are left`);
    this.#hasDrawn ||= from.length > count;
    return ok(this.#prng.shuffle(from).slice(0, count));
  }
}

/** `s2`, `broker` */
export function nameOf(one: Neighbour): string {
  return one === 'broker' ? one : `s${one + 1}`;
}

/** Those as a selector: what a draw came to. */
export function selectorOf(picked: readonly Neighbour[]): Selector {
  return picked.map((one) => (one === 'broker' ? { kind: one } : { kind: 'name', name: nameOf(one) }));
}

/** Parts that take from what the others left. */
const DRAWN: ReadonlySet<SelectorPart['kind']> = new Set(['one', 'random', 'minority', 'majority', 'all']);

function inOrder(a: Neighbour, b: Neighbour): number {
  return (a === 'broker' ? Number.POSITIVE_INFINITY : a) - (b === 'broker' ? Number.POSITIVE_INFINITY : b);
}
