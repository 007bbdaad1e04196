/**
 * The faults that put servers down and keep them down until they are healed: crashes, lost directories, losses of power.
 * A server comes back when the last of those that act on it is gone.
 */
import type { Survivors } from '../../src/faults/action.ts';
import type { ServerIndex } from '../../src/model/ids.ts';
import { SURVIVORS } from '../../src/node/server-fault.ts';
import { GATE, GATE_WORD } from '../../src/node/server-thread.ts';
import type { Supervisor } from './handlers.ts';

/** One fault that keeps servers down, and those it still does. */
type Hold = { readonly servers: Set<ServerIndex> };

/** Milliseconds that a thread has to end by itself when its power fails; then it is ended, and keeps what it wrote. */
const POWER_TIMEOUT_MS = 2_000;

export class DownFaults {
  readonly #supervisor: Supervisor;
  readonly #holds = new Set<Hold>();

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
  }

  isHeld(server: ServerIndex): boolean {
    return [...this.#holds].some((hold) => hold.servers.has(server));
  }

  /**
   * Puts the servers down, all at once, each by `end`, which settles when its thread is gone. Answers when all are, and
   * what starts them again.
   */
  begin(
    servers: readonly ServerIndex[],
    end: (server: ServerIndex) => Promise<void>,
  ): { readonly down: Promise<unknown>; readonly heal: () => void } {
    const hold: Hold = { servers: new Set(servers) };
    this.#holds.add(hold);
    const down = Promise.all(servers.map((server) => end(server)));
    return {
      down,
      heal: () => {
        this.#holds.delete(hold);
        void down.then(() => {
          for (const server of hold.servers) if (!this.isHeld(server)) this.#supervisor.server(server).start();
        });
      },
    };
  }

  /** Nothing keeps these servers down any more. */
  release(servers: readonly ServerIndex[]): void {
    for (const hold of this.#holds) for (const server of servers) hold.servers.delete(server);
  }

  /** Ends a thread at once, in the middle of what it does; what it wrote stays. */
  async crash(index: ServerIndex, reason: string): Promise<void> {
    const server = this.#supervisor.server(index);
    // One that is down already stays so.
    if (server.state !== 'stopped') await server.stop(reason);
  }

  /** Its power fails: the thread takes back what did not survive and ends. */
  async losePower(index: ServerIndex, survivors: Survivors, seed: number): Promise<void> {
    const server = this.#supervisor.server(index);
    const { life } = server;
    if (life === null || server.state === 'ending' || server.state === 'stuck') {
      await this.crash(index, 'power failed');
      return;
    }
    server.stopsItself('power failed');
    // Also one that hangs, or waits for its disk, has to take back what it did not sync.
    Atomics.store(life.gate, GATE_WORD.power, 1 + SURVIVORS.indexOf(survivors));
    Atomics.store(life.gate, GATE_WORD.hang, GATE.open);
    Atomics.notify(life.gate, GATE_WORD.hang);
    life.control.call('failPower', [survivors, seed], { timeoutMs: POWER_TIMEOUT_MS }).catch(() => undefined);
    const late = setTimeout(() => void server.stop('power failed'), POWER_TIMEOUT_MS);
    await server.exited();
    clearTimeout(late);
  }
}
