/**
 * What CLIENT faults do to connections of clients, in Toxiproxy's words (reliability.md 3.7): sockets on threads, the
 * clients of a script in virtual time. Decides only.
 */

export type ClientFault =
  /** Connections are reset, at once and whenever one is made. */
  | { readonly act: 'rst' }
  /** Answers leave in packets of so many bytes. */
  | { readonly act: 'slice'; readonly bytes: number }
  /** Nothing is read and nothing is sent. */
  | { readonly act: 'stall' }
  /** Closed when so many bytes of answers left, counted from its beginning on. */
  | { readonly act: 'close-after'; readonly bytes: number };

/** What all faults that act come to for one connection; null: nothing of that. */
export type ClientRules = {
  readonly resets: boolean;
  readonly stalls: boolean;
  readonly sliceBytes: number | null;
  readonly closeAfterBytes: number | null;
};

export const NO_CLIENT_RULES: ClientRules = { resets: false, stalls: false, sliceBytes: null, closeAfterBytes: null };

/** Who carries them out. */
export type ClientFaultHost = {
  /** Answers what heals it. */
  begin(fault: ClientFault): () => void;
};

/** Of two that say how many bytes, the fewer count. */
export function clientRules(faults: Iterable<ClientFault>): ClientRules {
  let rules = NO_CLIENT_RULES;
  for (const fault of faults) {
    switch (fault.act) {
      case 'rst':
        rules = { ...rules, resets: true };
        break;
      case 'stall':
        rules = { ...rules, stalls: true };
        break;
      case 'slice':
        rules = { ...rules, sliceBytes: fewer(rules.sliceBytes, fault.bytes) };
        break;
      case 'close-after':
        rules = { ...rules, closeAfterBytes: fewer(rules.closeAfterBytes, fault.bytes) };
        break;
      default:
        fault satisfies never;
    }
  }
  return rules;
}

function fewer(one: number | null, other: number): number {
  return one === null ? other : Math.min(one, other);
}
