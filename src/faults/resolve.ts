/**
 * From what a statement says to what a host does: servers are picked, numbers are drawn, and what a host has no action
 * for is refused in one line. `shown` says what came of it: the statement again, with nothing left to chance.
 */
import { err, ok, type Result } from '../lib/result.ts';
import type { Prng } from '../lib/prng.ts';
import type { ServerIndex } from '../model/ids.ts';
import { type Distribution, LINK_FAULT_WITHIN_MS, type LinkRule } from '../routing/link-rules.ts';
import type { DirectedLink, FaultAction, Neighbour } from './action.ts';
import { allLinks, everybody, linksAmong, linksAround, linksFrom, ringLinks } from './links.ts';
import { type ClusterView, Picker, selectorOf } from './picker.ts';
import { actionOf } from './server-actions.ts';
import type { Fault, FaultOptions, LinkSelector, Selector } from './syntax.ts';

/** One action of a fault: when it begins, and when it ends by itself (null: with the fault). */
export type Step = { readonly afterMs: number; readonly forMs: number | null; readonly action: FaultAction };

export type Plan = {
  readonly shown: Fault;
  /** Those it was said of, for HEAL. */
  readonly picked: readonly Neighbour[];
  /** Those that AS gives the name: of a partition, the first group. */
  readonly named: readonly Neighbour[];
  readonly steps: readonly Step[];
  /** Whether chance decided anything, or will. */
  readonly isRandom: boolean;
};

export type Resolving = {
  readonly view: ClusterView;
  readonly names: ReadonlyMap<string, readonly Neighbour[]>;
  readonly prng: Prng;
};

/** Milliseconds within which SWIZZLE clogs its links, and as many more in which it frees them. */
const SWIZZLE_MS = 5_000;

/** What to do, or in one line why it cannot be done. */
export function resolve(fault: Fault, options: FaultOptions, { view, names, prng }: Resolving): Result<Plan, string> {
  const picker = new Picker(view, names, prng);
  switch (fault.kind) {
    case 'client':
      return ok({
        shown: fault,
        picked: [],
        named: [],
        steps: [{ afterMs: 0, forMs: null, action: { kind: 'client', fault: fault.does } }],
        isRandom: false,
      });
    case 'partition': {
      const groups = picker.pickGroups(fault.groups);
      if (!groups.ok) return groups;
      const shown: Fault = { kind: 'partition', groups: groups.value.map(selectorOf) };
      const plan = linkPlan(shown, groups.value.flat(), linksAmong(groups.value), { kind: 'cut' }, picker.hasDrawn);
      return plan.ok ? ok({ ...plan.value, named: groups.value[0] ?? [] }) : plan;
    }
    case 'isolate': {
      const group = picker.pick(fault.servers);
      if (!group.ok) return group;
      const rest = everybody(view.servers).filter((one) => !group.value.includes(one));
      const shown: Fault = { kind: 'isolate', servers: selectorOf(group.value) };
      return linkPlan(shown, group.value, linksAmong([group.value, rest]), { kind: 'cut' }, picker.hasDrawn);
    }
    case 'ring': {
      if (view.servers < 3) return err(`${view.servers} servers are no ring`);
      const circle = prng.shuffle(everybody(view.servers).filter((one): one is ServerIndex => one !== 'broker'));
      return linkPlan(fault, circle, ringLinks(circle), { kind: 'cut' }, true);
    }
    case 'swizzle':
      return swizzle(view, prng);
    case 'cut':
    case 'clog':
    case 'drop':
    case 'dup':
    case 'reorder':
    case 'delay':
    case 'rate': {
      const link = pickLink(fault.link, picker, view.servers);
      if (!link.ok) return link;
      const { shown, picked, links } = link.value;
      const isRandom = picker.hasDrawn || !['cut', 'clog', 'rate'].includes(fault.kind);
      return linkPlan({ ...fault, link: shown }, picked, links, ruleOf(fault), isRandom);
    }
    default: {
      const picked = picker.pick(fault.servers);
      if (!picked.ok) return picked;
      const servers = picked.value.filter((one): one is ServerIndex => one !== 'broker');
      const action = actionOf(fault, options, servers);
      if (!action.ok) return action;
      return ok({
        shown: { ...fault, servers: selectorOf(servers) },
        picked: servers,
        named: servers,
        steps: [{ afterMs: 0, forMs: null, action: action.value }],
        isRandom: picker.hasDrawn || RANDOM_KINDS.has(fault.kind),
      });
    }
  }
}

/** Kinds whose host draws from the seed. */
const RANDOM_KINDS: ReadonlySet<Fault['kind']> = new Set([
  'power',
  'torn-write',
  'write-fail',
  'read-fail',
  'bitflip',
  'misdirect',
  'flap',
  'flaky',
]);

type PickedLink = {
  readonly shown: LinkSelector;
  readonly picked: readonly Neighbour[];
  readonly links: readonly DirectedLink[];
};

function pickLink(link: LinkSelector, picker: Picker, servers: number): Result<PickedLink, string> {
  if (link.kind === 'every') return ok({ shown: link, picked: everybody(servers), links: allLinks(servers) });
  if (link.kind === 'around') {
    const centre = picker.pick(link.selector);
    if (!centre.ok) return centre;
    const picked = centre.value;
    return ok({ shown: { ...link, selector: selectorOf(picked) }, picked, links: linksAround(picked, servers) });
  }
  const ends = picker.pickGroups([link.from, link.to]);
  if (!ends.ok) return ends;
  const [from = [], to = []] = ends.value;
  const links = link.bothWays ? linksAmong([from, to]) : linksFrom(from, to);
  return ok({ shown: { ...link, from: selectorOf(from), to: selectorOf(to) }, picked: [...from, ...to], links });
}

function ruleOf(fault: Extract<Fault, { link: LinkSelector }>): LinkRule {
  switch (fault.kind) {
    case 'cut':
    case 'clog':
      return { kind: fault.kind };
    case 'drop':
      return { kind: 'drop', probability: fault.percent / 100 };
    case 'dup':
      return { kind: 'duplicate', probability: fault.percent / 100, withinMs: LINK_FAULT_WITHIN_MS };
    case 'reorder':
      return { kind: 'reorder', probability: fault.percent / 100, withinMs: LINK_FAULT_WITHIN_MS };
    case 'delay': {
      const distribution: Distribution = fault.distribution ?? 'uniform';
      return { kind: 'delay', delayMs: fault.delayMs, jitterMs: fault.jitterMs, distribution };
    }
    case 'rate':
      return { kind: 'rate', bytesPerSecond: fault.bytesPerSecond };
    default:
      return fault satisfies never;
  }
}

function linkPlan(
  shown: Fault,
  picked: readonly Neighbour[],
  links: readonly DirectedLink[],
  rule: LinkRule,
  isRandom: boolean,
): Result<Plan, string> {
  if (links.length === 0) return err('there is no link between them');
  const steps: Step[] = [{ afterMs: 0, forMs: null, action: { kind: 'link', links, rule } }];
  return ok({ shown, picked, named: picked, steps, isRandom });
}

/** FoundationDB's: a drawn subset is clogged one by one, and freed one by one in another order. */
function swizzle(view: ClusterView, prng: Prng): Result<Plan, string> {
  const servers = everybody(view.servers).filter((one): one is ServerIndex => one !== 'broker');
  const subset = prng.shuffle(servers).slice(0, prng.between(1, servers.length));
  const steps = subset.map((server): Step => {
    const afterMs = Math.floor(prng.float() * SWIZZLE_MS);
    const untilMs = SWIZZLE_MS + Math.floor(prng.float() * SWIZZLE_MS);
    const action: FaultAction = { kind: 'link', links: linksAround([server], view.servers), rule: { kind: 'clog' } };
    return { afterMs, forMs: untilMs - afterMs, action };
  });
  return ok({ shown: { kind: 'swizzle' }, picked: subset, named: subset, steps, isRandom: true });
}

/** Those that AS names in a statement that has nothing left to chance; empty when it is about all. */
export function namedBy(fault: Fault): Selector {
  switch (fault.kind) {
    case 'partition':
      return fault.groups[0] ?? [];
    case 'ring':
    case 'swizzle':
    case 'client':
      return [];
    default: {
      if ('servers' in fault) return fault.servers;
      const { link } = fault;
      if (link.kind === 'every') return [];
      return link.kind === 'around' ? link.selector : [...link.from, ...link.to];
    }
  }
}
