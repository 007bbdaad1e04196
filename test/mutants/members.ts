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
    find: '(server) => server !== view.index && !isGiving(state, server, view.index),',
    replace: '(server) => server !== view.index,',
  },
  {
    name: 'one that catches up counts though its leaves are of a bulk that may be taken back',
    expected: 'order',
    likely: ['blackout', 'blackout', 'absent', 'deaths', 'groups'],
    file: 'broker/catch-up.ts',
    find: '  for (const bulk of state.openBulks.values()) if (bulk.version <= barrier && bulk.groups.includes(group)) return true;\n',
    replace: '',
  },
  {
    name: 'a log that was cut short is taken for what it had before',
    expected: 'register',
    likely: ['damage truncate', 'damage truncate', 'absent', 'deaths', 'copies'],
    file: 'broker/catch-up.ts',
    find: 'out.f64(Math.min(cutOf(state.epochs.wanted, owners, target) ?? 0, last));',
    replace: 'out.f64(cutOf(state.epochs.wanted, owners, target) ?? last);',
  },
  {
    name: 'a catch-up begins at the newest version, not at the cut',
    expected: 'register',
    file: 'broker/catch-up.ts',
    find: 'out.f64(Math.min(cutOf(state.epochs.wanted, owners, target) ?? 0, last));',
    replace: 'out.f64(cutOf(state.epochs.wanted, owners, target) === null ? last : groupOf(state, owners).newest);',
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
