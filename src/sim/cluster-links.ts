/**
 * The links of a simulated cluster: between the broker and each server's life, and between each two lives, handed out
 * as the supervisor of threads does it. A link belongs to two lives; what comes after either's end is not heard.
 */
import type { Broker } from '../broker/broker.ts';
import type { Prng } from '../lib/prng.ts';
import type { ServerIndex } from '../model/ids.ts';
import type { LinkRule } from '../routing/link-rules.ts';
import type { Neighbour } from '../faults/action.ts';
import { ByteSlab } from './byte-slab.ts';
import { createDuplex, type DuplexEnd, type LinkOwner, type LinkWorld } from './duplex-link.ts';
import type { EventQueue } from './event-queue.ts';
import type { SimulatedServer } from './server.ts';
import type { Life } from './server-life.ts';
import type { Knobs } from './server-world.ts';
import type { SimulatedThread } from './thread.ts';

/** The process: from a start to its death. */
export type HostLife = { readonly broker: Broker; readonly thread: SimulatedThread };

export type ClusterLinksWorld = {
  readonly queue: EventQueue;
  readonly prng: Prng;
  readonly knobs: Knobs;
  servers(): readonly SimulatedServer[];
  /** The process of now; null while there is none. */
  host(): HostLife | null;
  event(what: string): void;
  /** A frame is handed over; -1 is the broker. */
  onHandedOver(from: number, to: number, bytes: Uint8Array, start: number, end: number): void;
};

/** Milliseconds that a server waits at most for its neighbours to take their new links. */
const ATTACH_TIMEOUT_MS = 5_000;

export class ClusterLinks {
  readonly #world: ClusterLinksWorld;
  readonly #slab = new ByteSlab();
  readonly #rules = new Map<string, readonly LinkRule[]>();
  /** The broker's ends of the links to the servers' lives of now. */
  readonly #toServer = new Map<ServerIndex, DuplexEnd>();

  constructor(world: ClusterLinksWorld) {
    this.#world = world;
  }

  /** The broker's end of the link to a server's life of now. */
  toServer(server: ServerIndex): DuplexEnd | undefined {
    return this.#toServer.get(server);
  }

  /** A new process has no links yet. */
  clear(): void {
    this.#toServer.clear();
  }

  /** What happens to frames that `from` sends to `to`, over this and every later link. */
  replaceRules(from: Neighbour, to: Neighbour, rules: readonly LinkRule[]): void {
    this.#rules.set(linkName(from, to), rules);
    if (from !== 'broker') this.#world.servers()[from]?.life?.links.get(to)?.replaceRules(rules);
    else if (to !== 'broker') this.#toServer.get(to)?.replaceRules(rules);
  }

  /** A new life's links: to the broker, and to every neighbour that runs. The broker hears of it when they are there. */
  connect(server: SimulatedServer, life: Life): void {
    const host = this.#world.host() as HostLife;
    const { index } = server;
    const held: (() => void)[] = [];
    const [brokerEnd, ownEnd] = createDuplex(this.#linkWorld(), this.#brokerOwner(host, server, life, held), {
      ...this.#serverOwner(server, life, 'broker'),
    });
    life.links.set('broker', this.#ruled(index, 'broker', ownEnd));
    let missing = 1;
    const onAttached = (): void => {
      missing--;
      if (missing === 0) announce();
    };
    const announce = (): void => {
      if (life.isAnnounced || server.life !== life || this.#world.host() !== host) return;
      // One turn of the host's thread: what was sent to the life before must not end up in this one's link.
      host.thread.run(() => {
        if (life.isAnnounced || server.life !== life) return;
        life.isAnnounced = true;
        this.#toServer.set(index, this.#ruled('broker', index, brokerEnd));
        host.broker.onServerStarted(index, life.incarnation);
        for (const work of held.splice(0)) host.thread.run(work);
      });
    };
    for (const peer of this.#world.servers()) {
      const peerLife = peer.life;
      if (peer === server || peerLife === null) continue;
      const [here, there] = createDuplex(
        this.#linkWorld(),
        this.#serverOwner(server, life, peer.index),
        this.#serverOwner(peer, peerLife, index),
      );
      life.links.set(peer.index, this.#ruled(index, peer.index, here));
      missing++;
      const settle = (): void => {
        if (peerLife.waiting.delete(settle)) onAttached();
      };
      peerLife.waiting.add(settle);
      this.#world.queue.after(this.#world.prng.float() * this.#world.knobs.linkMs, () =>
        peerLife.thread.run(() => {
          // A newer life may have handed out its link already: that of a dead one must not replace it.
          if (!life.thread.isOver) peerLife.links.set(index, this.#ruled(peer.index, index, there));
          settle();
        }),
      );
    }
    this.#world.queue.after(ATTACH_TIMEOUT_MS, announce);
    onAttached();
  }

  #brokerOwner(host: HostLife, server: SimulatedServer, life: Life, held: (() => void)[]): LinkOwner {
    return {
      run: (work) => {
        if (this.#world.host() !== host) return;
        if (life.isAnnounced) host.thread.run(work);
        else held.push(work);
      },
      onFrame: (bytes, start, end) => {
        this.#world.onHandedOver(server.index, -1, bytes, start, end);
        host.broker.onFrame(server.index, bytes, start, end);
      },
      onBroken: (reason) => {
        this.#world.event(`link to s${server.index + 1} broke: ${reason}`);
        host.broker.onLinkBroken(server.index, reason);
      },
    };
  }

  #serverOwner(server: SimulatedServer, life: Life, from: Neighbour): LinkOwner {
    return {
      run: (work) => life.thread.run(work),
      onFrame: (bytes, start, end) => {
        this.#world.onHandedOver(from === 'broker' ? -1 : from, server.index, bytes, start, end);
        server.deliver(life, from, bytes, start, end);
      },
      onBroken: (reason) => {
        if (server.life === life) server.kill(`link to ${from === 'broker' ? from : `s${from + 1}`}: ${reason}`);
      },
    };
  }

  #ruled(from: Neighbour, to: Neighbour, end: DuplexEnd): DuplexEnd {
    const rules = this.#rules.get(linkName(from, to));
    if (rules !== undefined) end.replaceRules(rules);
    return end;
  }

  #linkWorld(): LinkWorld {
    return {
      queue: this.#world.queue,
      prng: this.#world.prng,
      slab: this.#slab,
      delayMs: () => this.#world.prng.float() * this.#world.knobs.linkMs,
    };
  }
}

function linkName(from: Neighbour, to: Neighbour): string {
  return `${from}>${to}`;
}
