/**
 * The connections of a script's clients, in virtual time, for CLIENT faults: what a client asks waits while they stall,
 * and its answer is lost when they break. One connection a client, made again with its next question. Packets are not
 * simulated, so there are no slices.
 */
import type { ClientFault, ClientFaultHost } from '../faults/client-rules.ts';
import { clientRules, NO_CLIENT_RULES } from '../faults/client-rules.ts';
import type { Found, Reply } from '../model/commands.ts';
import type { EventQueue } from './event-queue.ts';

/** One question of a client, and what becomes of it: one of the two, once. */
export type ClientCall = {
  readonly client: number;
  /** Asks the cluster. */
  submit(reply: (reply: Reply) => void): void;
  answered(reply: Reply): void;
  /** There will be no answer; `wasSent`: whether somebody may have heard the question. */
  broken(wasSent: boolean): void;
};

type Open = { readonly call: ClientCall; isSent: boolean; kept: Reply | null };

/** Milliseconds until a client hears that nobody takes its connection. */
const REFUSED_MS = 1;

/** Bytes of an answer as a line, besides what it holds. */
const LINE_BYTES = 3;

export class ScriptClients implements ClientFaultHost {
  readonly #queue: EventQueue;
  readonly #faults = new Set<ClientFault>();
  readonly #open = new Set<Open>();
  /** Bytes of answers on each client's connection, while somebody counts them. */
  readonly #bytes = new Map<number, number>();
  #rules = NO_CLIENT_RULES;

  constructor(queue: EventQueue) {
    this.#queue = queue;
  }

  begin(fault: ClientFault): () => void {
    this.#faults.add(fault);
    this.#apply();
    return () => {
      this.#faults.delete(fault);
      this.#apply();
    };
  }

  ask(call: ClientCall): void {
    if (this.#rules.resets) {
      this.#queue.after(REFUSED_MS, () => call.broken(false));
      return;
    }
    const open: Open = { call, isSent: false, kept: null };
    this.#open.add(open);
    if (!this.#rules.stalls) this.#send(open);
  }

  #apply(): void {
    const before = this.#rules;
    this.#rules = clientRules(this.#faults);
    if (this.#rules.closeAfterBytes !== before.closeAfterBytes) this.#bytes.clear();
    if (this.#rules.resets && !before.resets) for (const open of [...this.#open]) this.#break(open);
    if (this.#rules.stalls) return;
    for (const open of [...this.#open]) {
      if (open.kept !== null) this.#answer(open, open.kept);
      else if (!open.isSent) this.#send(open);
    }
  }

  #send(open: Open): void {
    open.isSent = true;
    open.call.submit((reply) => {
      if (!this.#open.has(open)) return;
      if (this.#rules.stalls) open.kept = copyOf(reply);
      else this.#answer(open, reply);
    });
  }

  #answer(open: Open, reply: Reply): void {
    const { closeAfterBytes } = this.#rules;
    if (closeAfterBytes !== null) {
      const bytes = (this.#bytes.get(open.call.client) ?? 0) + bytesOf(reply);
      this.#bytes.set(open.call.client, bytes);
      if (bytes > closeAfterBytes) {
        this.#bytes.delete(open.call.client);
        this.#break(open);
        return;
      }
    }
    if (this.#open.delete(open)) open.call.answered(reply);
  }

  #break(open: Open): void {
    if (this.#open.delete(open)) open.call.broken(true);
  }
}

function bytesOf(reply: Reply): number {
  if (reply.kind === 'found') return LINE_BYTES + (reply.found?.value.length ?? 0);
  if (reply.kind !== 'foundMany') return LINE_BYTES;
  return reply.found.reduce((sum, found) => sum + LINE_BYTES + (found?.value.length ?? 0), 0);
}

/** Values of a reply are valid during its call only. */
function copyOf(reply: Reply): Reply {
  if (reply.kind === 'found') return { ...reply, found: copyOfFound(reply.found) };
  return reply.kind === 'foundMany' ? { ...reply, found: reply.found.map(copyOfFound) } : reply;
}

function copyOfFound(found: Found): Found {
  return found === null ? null : { ...found, value: found.value.slice() };
}
