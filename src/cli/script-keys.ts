/** What the loads of a script wrote into somebody's host is taken out again. */
import { setTimeout as pause } from 'node:timers/promises';
import { CoppiceError } from '../client/error.ts';
import { utf8 } from '../lib/bytes.ts';
import type { HistoryEvent } from '../sim/history.ts';
import type { ScriptTarget } from './script-target.ts';

/** Milliseconds that it may take: deletes are refused until every server is up again. */
const REMOVAL_MS_MAX = 5_000;
const PAUSE_MS = 50;

/**
 * Deletes every key of the history until none of them was there any more, so that a write which was still on its way
 * does not outlive its key's deletion. Answers how many may be left.
 */
export async function removeKeys(events: readonly HistoryEvent[], target: ScriptTarget): Promise<number> {
  const untilMs = performance.now() + REMOVAL_MS_MAX;
  let left = writtenKeys(events);
  while (left.length > 0 && performance.now() < untilMs) {
    const gone = await Promise.race([
      Promise.all(left.map((key, client) => isGone(target, client, key))),
      pause(untilMs - performance.now(), [], { ref: false }),
    ]);
    left = left.filter((_, place) => gone[place] !== true);
    if (left.length > 0) await pause(PAUSE_MS);
  }
  return left.length;
}

function writtenKeys(events: readonly HistoryEvent[]): string[] {
  const keys = new Set<string>();
  for (const event of events) {
    if (event.type !== 'invoke') continue;
    const { action } = event;
    if (action.kind === 'set') keys.add(action.key);
    else if (action.kind === 'bulk') for (const [key] of action.writes) keys.add(key);
  }
  return [...keys];
}

function isGone(target: ScriptTarget, client: number, key: string): Promise<boolean> {
  return new Promise((resolve) => {
    target.submit(client, { kind: 'delete', key: utf8(key) }, (reply) => {
      resolve(!(reply instanceof CoppiceError) && reply.kind === 'deleted' && !reply.existed);
    });
  });
}
