/**
 * Where link faults act on frames that go to or come from servers of other processes: a socket loses nothing, so these
 * frames first pass a link inside this thread, which has rules, and repairs what they do, like every other. Made for a
 * direction when it gets its first rule, and left in place: so frames never overtake each other. Never looks into one.
 */
import type { Neighbour } from '../src/faults/action.ts';
import type { Prng } from '../src/lib/prng.ts';
import type { ServerIndex } from '../src/model/ids.ts';
import { createLinkEnds, openLink } from '../src/node/link.ts';
import { LinkHub } from '../src/node/link-hub.ts';
import type { LinkRule } from '../src/routing/link-rules.ts';

export type RemotePassesOptions = {
  readonly prng: Prng;
  /** A frame that came through, to be read during the call. */
  readonly deliver: (from: Neighbour, to: Neighbour, bytes: Uint8Array, start: number, end: number) => void;
  readonly onBatchEnd: () => void;
  /** Frames of this direction are lost: neither side can go on. */
  readonly onBroken: (from: Neighbour, to: Neighbour, reason: string) => void;
};

/** One direction: frames go in at `entry` and come out at `exit`. */
type Pass = { readonly from: Neighbour; readonly to: Neighbour; readonly entry: string; readonly exit: string };

export class RemotePasses {
  readonly #options: RemotePassesOptions;
  readonly #hub: LinkHub<string>;
  readonly #passes = new Map<string, Pass>();
  readonly #byExit = new Map<string, Pass>();
  readonly #rules = new Map<string, readonly LinkRule[]>();

  constructor(options: RemotePassesOptions) {
    this.#options = options;
    this.#hub = new LinkHub<string>({
      onFrame: (exit, bytes, start, end) => {
        const pass = this.#byExit.get(exit);
        if (pass !== undefined) options.deliver(pass.from, pass.to, bytes, start, end);
      },
      onBatchEnd: () => options.onBatchEnd(),
      onLinkLost: (end, _link, { broken, reason }) => {
        const pass = this.#byExit.get(end) ?? [...this.#passes.values()].find(({ entry }) => entry === end);
        if (broken && pass !== undefined) options.onBroken(pass.from, pass.to, reason);
      },
    });
  }

  replaceRules(from: Neighbour, to: Neighbour, rules: readonly LinkRule[]): void {
    const name = nameOf(from, to);
    this.#rules.set(name, rules);
    const pass = this.#passes.get(name);
    if (pass !== undefined) this.#hub.replaceRules(pass.entry, rules);
  }

  /** Takes the frame when this direction has rules, or had some: it is delivered later, or now. Else false. */
  takes(from: Neighbour, to: Neighbour, bytes: Uint8Array, start: number, end: number): boolean {
    const name = nameOf(from, to);
    const pass = this.#passes.get(name) ?? this.#begin(name, from, to);
    if (pass === null) return false;
    this.#hub.send(pass.entry, bytes.subarray(start, end));
    return true;
  }

  /** Bytes on their way to a server. */
  backlogBytes(to: ServerIndex): number {
    const pass = this.#passes.get(nameOf('broker', to));
    return pass === undefined ? 0 : (this.#hub.get(pass.entry)?.backlogBytes ?? 0);
  }

  /** A life of this server is over: what is on its way to it or from it is not for the next one. */
  forget(server: ServerIndex): void {
    for (const [name, { from, to, entry, exit }] of this.#passes) {
      if (from !== server && to !== server) continue;
      this.#passes.delete(name);
      this.#byExit.delete(exit);
      this.#hub.detach(entry);
      this.#hub.detach(exit);
    }
  }

  close(): void {
    this.#hub.close();
  }

  #begin(name: string, from: Neighbour, to: Neighbour): Pass | null {
    const rules = this.#rules.get(name) ?? [];
    if (rules.length === 0) return null;
    const pass: Pass = { from, to, entry: `into ${name}`, exit: `out of ${name}` };
    this.#passes.set(name, pass);
    this.#byExit.set(pass.exit, pass);
    const [entry, exit] = createLinkEnds('port');
    const { prng } = this.#options;
    this.#hub.attach(pass.exit, (events) => openLink(exit, prng.fork(0), events));
    this.#hub.attach(pass.entry, (events) => openLink(entry, prng.fork(1), events));
    this.#hub.replaceRules(pass.entry, rules);
    return pass;
  }
}

function nameOf(from: Neighbour, to: Neighbour): string {
  return `${from} ${to}`;
}
