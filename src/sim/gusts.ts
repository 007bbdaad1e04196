/** What storms are made of: how one server is held up, and how it ends. */
import type { Prng } from '../lib/prng.ts';
import type { ServerIndex } from '../model/ids.ts';
import { type Drawn, fault, survivorsOf } from './swarm-kinds.ts';

/** Keeps what one server is sent from being there, or from being durable there. */
export function holds(prng: Prng, server: ServerIndex, forMs: number): Drawn[] {
  const links = [{ from: 'broker', to: server }] as const;
  const rule = prng.pick([{ kind: 'cut' }, { kind: 'clog' }] as const);
  return prng.shuffle([
    fault({ kind: 'disk', servers: [server], fault: { kind: 'stall' } }, forMs, prng),
    fault({ kind: 'link', links, rule }, forMs, prng),
  ]);
}

export const BLOWS = ['restart', 'oom', 'power', 'crash'] as const;

export type Blow = (typeof BLOWS)[number];

/** Ends one server; `forMs`: how long at most it stays away, where it is kept down. */
export function blow(
  prng: Prng,
  kind: Blow,
  server: ServerIndex,
  { powerMs, crashMs }: { readonly powerMs: number; readonly crashMs: number },
): Drawn {
  const servers = [server];
  switch (kind) {
    case 'restart':
      return { kind, server };
    case 'oom':
      return fault({ kind, servers }, null, prng);
    case 'power':
      return fault({ kind, servers, survivors: survivorsOf(prng) }, prng.float() * powerMs, prng);
    case 'crash':
      return fault({ kind, servers }, prng.float() * crashMs, prng);
    default:
      return kind satisfies never;
  }
}
