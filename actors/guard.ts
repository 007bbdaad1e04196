/**
 * What stands before the broker when a host was told to do less than it could: refuse reads while k servers are down
 * (row R-12), end then (rows R-12, F-03), take no new values after the data was loaded (row D-09). Decides about the
 * host, never about data; a host without such rules has no guard.
 */
import type { Update, UpdatePort } from '../src/broker/updates.ts';
import type { HostRules } from '../src/cli/host.ts';
import { type Command, NO_NOTES, type Reply } from '../src/model/commands.ts';
import type { ErrorCode, KvError } from '../src/model/errors.ts';
import type { ServerState } from '../src/model/status.ts';

export type GuardOptions = {
  readonly rules: HostRules;
  readonly replicas: number;
  /** The broker itself. */
  readonly port: UpdatePort;
  /** State of every server, as STATUS shows it. */
  readonly states: () => readonly ServerState[];
  /** The host is to end, once; `reason` is one line. */
  readonly end: (reason: string) => void;
};

/** Whether these rules ask for a guard. */
export function needsGuard({ onKDown, exitWhenKDown, readOnlyAfterIndex }: HostRules): boolean {
  return onKDown !== 'warn' || exitWhenKDown || readOnlyAfterIndex;
}

export class Guard implements UpdatePort {
  readonly #options: GuardOptions;
  #takesValues = true;
  /** Whether fewer than k were down at some time: a host that starts with servers that catch up does not end at once. */
  #wasGuaranteed = false;
  #hasEnded = false;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  submit(command: Command, reply: (reply: Reply) => void): void {
    const { port, rules } = this.#options;
    if (command.kind === 'write' && !this.#takesValues) reply({ kind: 'failed', error: NO_VALUES, notes: NO_NOTES });
    else if (command.kind === 'write' || command.kind === 'delete' || rules.onKDown === 'warn') {
      port.submit(command, reply);
    } else {
      // When the answer is there and not before: a server may go down meanwhile.
      port.submit(command, (answer) => reply(this.#checked(answer)));
    }
  }

  /** While no values are taken an update may look and delete, as commands may; one that changes nothing is a read. */
  update(update: Update, reply: (reply: Reply) => void): void {
    const { port, rules } = this.#options;
    let changes = false;
    const decide: Update['decide'] = (held) => {
      const decided = update.decide(held);
      if (!decided.ok) return decided;
      changes = decided.value.length > 0;
      const isRefused = !this.#takesValues && decided.value.some(({ value }) => value !== null);
      return isRefused ? { ok: false, error: NO_VALUES } : decided;
    };
    port.update({ ...update, decide }, (answer) =>
      reply(changes || rules.onKDown === 'warn' ? answer : this.#checked(answer)),
    );
  }

  /** The data is loaded: with such a rule, no more values are taken. */
  onIndexed(): void {
    if (this.#options.rules.readOnlyAfterIndex) this.#takesValues = false;
  }

  /** The host is ready, or the state of a server changed. */
  check(): void {
    if (!this.#options.rules.exitWhenKDown) return;
    const down = this.#down();
    if (down < this.#options.replicas) this.#wasGuaranteed = true;
    else if (this.#wasGuaranteed || this.#gone() >= this.#options.replicas) {
      this.#end(`${this.#sentence(down)}: the host ends, as --exit-when=k-down asks`);
    }
  }

  #checked(answer: Reply): Reply {
    const down = this.#down();
    if (down < this.#options.replicas) return answer;
    const sentence = this.#sentence(down);
    if (this.#options.rules.onKDown === 'exit') {
      this.#end(`${sentence}: the host ends, as --on-k-down exit asks`);
    }
    return answer.kind === 'failed' ? answer : failed('UNAVAILABLE', sentence);
  }

  #end(reason: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#options.end(reason);
  }

  /** Servers that do not answer for everything they own: one that recovers counts as down (row R-11). */
  #down(): number {
    return this.#options.states().filter((state) => state === 'down' || state === 'recovering').length;
  }

  #gone(): number {
    return this.#options.states().filter((state) => state === 'down').length;
  }

  #sentence(down: number): string {
    const { replicas, states } = this.#options;
    return `${replicas} or more servers are down (${down} of ${states().length}), correct output cannot be guaranteed`;
  }
}

/** The first source's own words for it. */
const NO_VALUES: KvError = { code: 'NOPERM', message: 'PUT requests are not supported after server indexing' };

function failed(code: ErrorCode, message: string): Reply {
  return { kind: 'failed', error: { code, message }, notes: NO_NOTES };
}
