/** What faults do to the lives of servers besides keeping them down: hang them, fill their memory, kill them again and again. */
import { GATE, GATE_WORD } from '../../src/node/server-thread.ts';
import type { Supervised } from './supervised.ts';

const FOREVER_MS = 0x7fff_ffff;
const CONTROL_TIMEOUT_MS = 5_000;

/** Milliseconds between two looks at what a fault has done so far. */
const LOOK_MS = 20;

/** The life of this moment does nothing until it is let go; answers what lets it go. */
export function hang({ life }: Supervised): () => void {
  if (life === null) return () => undefined;
  Atomics.store(life.gate, GATE_WORD.hang, GATE.shut);
  life.control.call('hang', [], { timeoutMs: FOREVER_MS }).catch(() => undefined);
  return () => {
    Atomics.store(life.gate, GATE_WORD.hang, GATE.open);
    Atomics.notify(life.gate, GATE_WORD.hang);
  };
}

/** The life of this moment takes memory until it is ended for it. Nothing can be healed. */
export function exhaustMemory({ life }: Supervised): () => void {
  life?.control.call('exhaustMemory', [], { timeoutMs: CONTROL_TIMEOUT_MS }).catch(() => undefined);
  return () => undefined;
}

/** Killed, and once they run again killed again, so many times each; then `spent` is called. Answers what stops it. */
export function flap(servers: readonly Supervised[], count: number, spent: () => void): () => void {
  const left = new Map(servers.map((server) => [server, count]));
  const looking = lookUntil(() => {
    for (const [server, times] of left) {
      if (server.state !== 'running') continue;
      void server.end('killed by a fault', { asked: false });
      if (times > 1) left.set(server, times - 1);
      else left.delete(server);
    }
    return left.size === 0;
  }, spent);
  return () => clearInterval(looking);
}

/** Calls `spent` when all these counts are used up; those that have no end never are. */
export function whenSpent(counts: readonly Int32Array[], spent: () => void): NodeJS.Timeout | undefined {
  if (counts.length === 0 || counts.some((left) => Atomics.load(left, 0) < 0)) return undefined;
  return lookUntil(() => counts.every((left) => Atomics.load(left, 0) === 0), spent);
}

function lookUntil(isOver: () => boolean, act: () => void): NodeJS.Timeout {
  const looking = setInterval(() => {
    if (!isOver()) return;
    clearInterval(looking);
    act();
  }, LOOK_MS);
  // A host that stops waits for no fault.
  return looking.unref();
}
