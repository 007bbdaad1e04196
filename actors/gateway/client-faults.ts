/**
 * The sockets of all gateways of a host, for CLIENT faults: one of them acts on every connection, those to come too. A
 * connection of the text protocol over which a FAULT came is an operator's, and spared: it must be able to heal.
 */
import type { Socket } from 'node:net';
import { type ClientFault, type ClientFaultHost, clientRules, NO_CLIENT_RULES } from '../../src/faults/client-rules.ts';
import type { Administration } from '../../src/model/status.ts';
import { FaultySocket } from './faulty-socket.ts';

export class ClientFaults implements ClientFaultHost {
  readonly #faults = new Set<ClientFault>();
  /** By the address of the other side. */
  readonly #sockets = new Map<string, FaultySocket>();
  readonly #spared = new Set<string>();

  begin(fault: ClientFault): () => void {
    this.#faults.add(fault);
    this.#apply();
    return () => {
      this.#faults.delete(fault);
      this.#apply();
    };
  }

  /** What a new connection is to use in the place of its socket; it may be reset already. */
  wrap(socket: Socket): FaultySocket {
    const address = `${socket.remoteAddress}:${socket.remotePort}`;
    const faulty = new FaultySocket(socket);
    this.#sockets.set(address, faulty);
    faulty.on('close', () => {
      this.#sockets.delete(address);
      this.#spared.delete(address);
    });
    if (this.#faults.size > 0) faulty.replaceRules(clientRules(this.#faults));
    return faulty;
  }

  /** The same operations, for the connection from `address`: with its first FAULT it is spared. */
  sparing(administration: Administration, address: string): Administration {
    return {
      ...administration,
      fault: (statement) => {
        this.#spare(address);
        return administration.fault(statement);
      },
    };
  }

  #spare(address: string): void {
    this.#spared.add(address);
    this.#sockets.get(address)?.replaceRules(NO_CLIENT_RULES);
  }

  #apply(): void {
    const rules = this.#faults.size === 0 ? NO_CLIENT_RULES : clientRules(this.#faults);
    for (const [address, socket] of this.#sockets) if (!this.#spared.has(address)) socket.replaceRules(rules);
  }
}
