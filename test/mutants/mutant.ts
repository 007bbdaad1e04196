/**
 * A planted defect: what the simulator must see. It is data: a fragment of a module's source, found there exactly once,
 * and what is put in its place as the module is loaded. The product knows nothing of it.
 */

/** What a checker says, in a word: the first violation of a seed is of one of these. */
export type Kind =
  /** One key: lost, stale, resurrected; several keys: no order; a value that nobody wrote, or a refused one. */
  | 'register'
  | 'order'
  | 'value'
  /** Owners that hold different things at the end, or copies where none belong. */
  | 'copies'
  /** No answer in time; a healed cluster that does not become writable or whole in time; a run that does not end. */
  | 'silence'
  | 'late'
  | 'endless'
  /** A warning or an uncertainty that is owed and missing, or there and not owed. */
  | 'warning'
  | 'uncertainty'
  /** An actor threw what no fault explains, or the run broke off. */
  | 'thrown'
  /** What servers said and what clients were told do not fit (checkers/ledger.ts). */
  | 'ledger'
  /** A delete that must be refused went through. */
  | 'refusal'
  /** Something could not be read at the end. */
  | 'unread'
  | 'other';

export type Edit = {
  /** Under `src`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
};

export type Mutant = Edit & {
  /** What is wrong, as a sentence. */
  readonly name: string;
  /** What is expected to be seen of it; what was seen is in found.json. */
  readonly expected: Kind;
  /** What a scenario needs to show it, as tags of likely.ts: seeds that have much of all of them are played first. */
  readonly likely?: readonly string[];
  /** Other places that the same defect touches. */
  readonly also?: readonly Edit[];
  /** Why no seed can be expected to show it: then it does not count. */
  readonly outside?: string;
};

/** Where a mutant was found, by what, and how many seeds were played until then. */
export type Found = { readonly seed: number; readonly kind: Kind; readonly played: number };

export function editsOf(mutant: Mutant): readonly Edit[] {
  return [mutant, ...(mutant.also ?? [])];
}

/** The source with the edit made; null when its fragment is not there exactly once. */
export function edited(source: string, { find, replace }: Edit): string | null {
  const at = source.indexOf(find);
  if (at < 0 || source.includes(find, at + 1)) return null;
  return source.slice(0, at) + replace + source.slice(at + find.length);
}

const KINDS: readonly (readonly [Kind, RegExp])[] = [
  ['thrown', /^s\d+ threw|^the broker threw|^the run broke off|^not a history/],
  ['register', /is not linearizable|no verdict after/],
  ['value', /^a value that nobody wrote|^a refused write|^a write that its own bulk|^a write has versions/],
  ['copies', /differs between its owners|held by a server that does not own|^after the power failed|is forgotten/],
  ['silence', /^no answer within| is silent for /],
  ['late', /^(writable|whole) (not|only) |does not serve/],
  ['warning', /^(a|no) warning though/],
  ['uncertainty', /^uncertain though/],
  ['unread', /was not read for sure/],
  ['endless', /^does not end/],
  ['refusal', /^a strict delete though/],
  [
    'ledger',
    /^(acknowledged|shown|what an update was decided from) |^epoch \d+ (puts|gives)|^s\d+ (keeps|remembers|has everything|finds its|is let in|is down and stays)/,
  ],
  ['order', /G0|G1c|G-single|G2/],
];

/** The most telling of a seed's violations: what a client was told counts more than what followed from it. */
export function kindOf(violations: readonly string[]): Kind {
  for (const [kind, pattern] of KINDS) if (violations.some((violation) => pattern.test(violation))) return kind;
  return 'other';
}
