/** Flags of hosts that are to do less than they could, as the sources' brokers did (rows D-09, R-12, F-03). Pure. */
import { choice, type Flag, type FlagReader } from './flags.ts';
import { type HostRules, ON_K_DOWN } from './host.ts';

const EXIT_WHEN: readonly 'k-down'[] = ['k-down'];

/** Flags of a host with a broker, as the sources' brokers behaved. */
export const RULE_FLAGS: readonly Flag[] = [
  {
    flags: '--on-k-down <WHAT>',
    summary: `reads while K or more servers are down: ${ON_K_DOWN.join(', ')} (default warn)`,
    choices: ON_K_DOWN,
  },
  {
    flags: '--exit-when <WHEN>',
    summary: `${EXIT_WHEN.join(', ')}: end when K or more servers are down`,
    choices: EXIT_WHEN,
  },
  { flags: '--read-only-after-index', summary: 'no PUT, SET or BULKSET after the data was loaded' },
];

/** What RULE_FLAGS ask. */
export function hostRules(flags: FlagReader): HostRules {
  return {
    onKDown: flags.get('on-k-down', choice(ON_K_DOWN)) ?? 'warn',
    exitWhenKDown: flags.get('exit-when', choice(EXIT_WHEN)) !== null,
    readOnlyAfterIndex: flags.has('read-only-after-index'),
  };
}
