/** What a reply says besides its answer: warnings, and errors with the notes of the moment. */
import { NO_NOTES, type Notes, type Reply } from '../model/commands.ts';
import type { ErrorCode } from '../model/errors.ts';
import { type BrokerState, isUp } from './state.ts';

/** The warning that is owed while k or more servers are not up (rows F-02, R-11). */
export function notesOf(state: BrokerState, uncertain = false): Notes {
  let down = 0;
  for (const view of state.servers) if (!isUp(state, view)) down++;
  const { replicas, servers } = state.config;
  if (down < replicas) return uncertain ? { warnings: [], uncertain } : NO_NOTES;
  return {
    warnings: [`${replicas} or more servers are down (${down} of ${servers}), correct output cannot be guaranteed`],
    uncertain,
  };
}

export function underReplicated(notes: Notes, copies: number, replicas: number): Notes {
  const warning = `under-replicated: ${copies} of ${replicas} copies are durable, the rest follows when its server is back`;
  return { warnings: [...notes.warnings, warning], uncertain: notes.uncertain };
}

export function failed(state: BrokerState, code: ErrorCode, message: string): Reply {
  return { kind: 'failed', error: { code, message }, notes: notesOf(state) };
}
