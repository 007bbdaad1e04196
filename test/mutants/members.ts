/** Defects of how servers come, go and catch up. */
import type { Mutant } from './mutant.ts';

export const MEMBERS: readonly Mutant[] = [
  {
    name: 'the end of an earlier life ends the one of now',
    expected: 'late',
    file: 'broker/members.ts',
    find: "if (view.incarnation !== incarnation || view.phase === 'absent') return;",
    replace: "if (view.phase === 'absent') return;",
  },
  {
    name: 'a server that was put out is not ended',
    expected: 'late',
    likely: ['hang'],
    file: 'broker/members.ts',
    find: '    this.#state.host.terminate(server, incarnation, reason);\n',
    replace: '    if (incarnation < 0) this.#state.host.terminate(server, incarnation, reason);\n',
  },
  {
    name: 'silence is not noticed',
    expected: 'silence',
    likely: ['hang'],
    file: 'broker/members.ts',
    find: 'if (view.ticksSilent > silentMax) this.putOut(',
    replace: 'if (view.ticksSilent > silentMax * 1_000) this.putOut(',
  },
  {
    name: 'a server that is lost is not put out',
    expected: 'register',
    file: 'broker/members.ts',
    find: 'const wasLive = isLive(view);',
    replace: "const wasLive = view.phase === 'welcomed' || view.phase === 'admitted';",
  },
  {
    name: 'a server is written to before the end of its absence is durable',
    expected: 'order',
    likely: ['absent', 'absent', 'groups', 'slow epochs', 'busy'],
    file: 'broker/members.ts',
    find: "      if (state.phase === 'serving' && state.epochs.durable.absences.has(view.index)) continue;\n",
    replace: '',
  },
  {
    name: 'a bulk comes again to one that had it, and has pruned deletes since',
    expected: 'register',
    likely: ['blackout', 'blackout', 'absent', 'deaths'],
    file: 'broker/catch-up.ts',
    find: 'bulk.frame !== null && bulk.version > agreed && bulk',
    replace: 'bulk.frame !== null && bulk',
  },
  {
    name: 'a catch-up goes on after one of its two servers is lost',
    expected: 'register',
    likely: ['deaths', 'deaths', 'copies'],
    file: 'broker/members.ts',
    find: '    abortJoins(state, server);\n',
    replace: '',
  },
];

export const CATCHING_UP: readonly Mutant[] = [
  {
    name: 'writes are not sent to one that catches up',
    expected: 'register',
    likely: ['deaths', 'deaths', 'copies'],
    file: 'broker/catch-up.ts',
    find: 'const addressed = inSyncOf(state.epochs.wanted, owners) | groupOf(state, owners).joining;',
    replace: 'const addressed = inSyncOf(state.epochs.wanted, owners);',
  },
  {
    name: 'one that has its copy is in sync before it has what was written meanwhile',
    expected: 'register',
    likely: ['deaths', 'deaths', 'copies'],
    file: 'broker/catch-up.ts',
    find: 'if (barriers === null || viewOf(state, join.target).durable < join.through) continue;',
    replace: 'if (barriers === null) continue;',
  },
  {
    name: 'a second catch-up from one source replaces the first',
    expected: 'late',
    likely: ['deaths', 'deaths', 'groups'],
    file: 'broker/catch-up.ts',
    find: '.find((server) => !isGiving(state, server, view.index));',
    replace: '.find((server) => server >= 0 || !isGiving(state, server, view.index));',
  },
  {
    name: 'bulks that are owed elsewhere come to one that catches up as leaves alone',
    expected: 'order',
    likely: ['deaths', 'deaths', 'groups', 'copies', 'busy'],
    file: 'broker/catch-up.ts',
    find: '      sendWrite(state, target, bulk.frame);\n',
    replace: '',
  },
  {
    name: 'a catch-up begins at the newest version, not at the cut',
    expected: 'register',
    file: 'broker/catch-up.ts',
    find: 'out.f64(cutOf(state.epochs.wanted, owners, target) ?? 0);',
    replace: 'out.f64(cutOf(state.epochs.wanted, owners, target) === null ? 0 : groupOf(state, owners).newest);',
  },
  {
    name: 'a bulk that is owed elsewhere counts as agreed',
    expected: 'order',
    likely: ['deaths', 'deaths', 'groups'],
    file: 'broker/state.ts',
    find: 'if (bulk.version <= committed && bulk.groups',
    replace: 'if (bulk.version < 0 && bulk.groups',
  },
];
