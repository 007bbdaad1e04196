/** Channels and who listens to them. Messages reach those who listen when they are published; nothing is kept. */
import { matches } from './glob.ts';
import { keyName } from '../../lib/key-name.ts';
import type { Talk } from './talk.ts';

export type Kind = 'channels' | 'patterns';

type Listeners = { readonly name: Uint8Array; readonly talks: Set<Talk> };

export class PubSub {
  readonly #channels = new Map<string, Listeners>();
  readonly #patterns = new Map<string, Listeners>();

  /** Answers whether it was new. */
  listen(kind: Kind, talk: Talk, name: Uint8Array): boolean {
    const all = kind === 'channels' ? this.#channels : this.#patterns;
    const key = keyName(name);
    if (talk[kind].has(key)) return false;
    talk[kind].add(key);
    talk.listenedBytes += name.length;
    const listeners = all.get(key) ?? { name: name.slice(), talks: new Set() };
    all.set(key, listeners);
    listeners.talks.add(talk);
    talk.client[kind] = talk[kind].size;
    return true;
  }

  unlisten(kind: Kind, talk: Talk, name: Uint8Array): void {
    const all = kind === 'channels' ? this.#channels : this.#patterns;
    const key = keyName(name);
    if (!talk[kind].delete(key)) return;
    talk.listenedBytes -= name.length;
    talk.client[kind] = talk[kind].size;
    const listeners = all.get(key);
    listeners?.talks.delete(talk);
    if (listeners?.talks.size === 0) all.delete(key);
  }

  /** What a connection listens to. */
  namesOf(kind: Kind, talk: Talk): Uint8Array[] {
    const all = kind === 'channels' ? this.#channels : this.#patterns;
    return [...talk[kind]].map((key) => all.get(key)?.name ?? new Uint8Array(0));
  }

  leave(talk: Talk): void {
    for (const kind of ['channels', 'patterns'] as const)
      for (const name of this.namesOf(kind, talk)) this.unlisten(kind, talk, name);
  }

  /** Hands on a message; answers how many got it. */
  publish(channel: Uint8Array, message: Uint8Array): number {
    let received = 0;
    for (const talk of this.#channels.get(keyName(channel))?.talks ?? []) {
      received++;
      talk.push((reply) => {
        reply.push(3);
        reply.text('message');
        reply.bulk(channel);
        reply.bulk(message);
      });
    }
    for (const { name, talks } of this.#patterns.values()) {
      if (!matches(name, channel)) continue;
      for (const talk of talks) {
        received++;
        talk.push((reply) => {
          reply.push(4);
          reply.text('pmessage');
          reply.bulk(name);
          reply.bulk(channel);
          reply.bulk(message);
        });
      }
    }
    return received;
  }

  /** Channels that somebody listens to, those that match if there is a pattern. */
  listenedChannels(pattern: Uint8Array | null): Uint8Array[] {
    const names = [...this.#channels.values()].map(({ name }) => name);
    return pattern === null ? names : names.filter((name) => matches(pattern, name));
  }

  listeners(channel: Uint8Array): number {
    return this.#channels.get(keyName(channel))?.talks.size ?? 0;
  }

  get patterns(): number {
    return this.#patterns.size;
  }

  get channelCount(): number {
    return this.#channels.size;
  }
}
