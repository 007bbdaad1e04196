/**
 * The dice behind the sites of rare behaviour (lib/rare.ts), as FoundationDB throws them: which sites are active is part
 * of the scenario, and an active one says yes a quarter of the time. Of a source of its own, so that a scenario without
 * any plays as if there were no sites.
 */
import { Prng } from '../lib/prng.ts';
import { NEVER, type Rare, type RareSite } from '../lib/rare.ts';

/** How often an active site says yes. */
export const RARE_PROBABILITY = 0.25;

/** Asked only while `isOn`. `onYes` is told each time that a site says yes. */
export function rareEvents(
  seed: number,
  active: readonly RareSite[],
  { isOn, onYes }: { readonly isOn: () => boolean; readonly onYes: (site: RareSite) => void },
): Rare {
  if (active.length === 0) return NEVER;
  const sites = new Set(active);
  const prng = new Prng(seed ^ RARE_SOURCE);
  return (site) => {
    if (!sites.has(site) || !isOn() || !prng.chance(RARE_PROBABILITY)) return false;
    onYes(site);
    return true;
  };
}

/** Tells this source from the others of a seed. */
const RARE_SOURCE = 0x7a_7e5;
