/**
 * Keyspace notifications, as Redis publishes them: whoever listens to `__keyspace@0__:<key>` hears what happens to a key,
 * whoever listens to `__keyevent@0__:<event>` hears to which keys it happens. Published when a change is acknowledged,
 * whoever made it and through whichever port; never before. Off until CONFIG SET notify-keyspace-events says otherwise:
 * then nothing is looked at.
 */
import { utf8 } from '../../lib/bytes.ts';
import { classOf, EVENT_CLASSES, type KeyEvent } from './key-events.ts';
import { Keyspace } from './keyspace.ts';
import type { PubSub } from './pub-sub.ts';
import type { Change, Changes, Held, Store } from './store.ts';

export class Notifications {
  readonly #store: Store;
  readonly #pubSub: PubSub;
  /** What is wanted: classes, and K and E for the two kinds of channels. */
  #wanted: ReadonlySet<string> = new Set();
  /** Whether anything can be heard. */
  #isOn = false;
  #end: () => void = () => undefined;
  /** What the changes of a command are called, until they are acknowledged. */
  readonly #named = new WeakMap<readonly Change[], readonly KeyEvent[]>();

  constructor(store: Store, pubSub: PubSub) {
    this.#store = store;
    this.#pubSub = pubSub;
  }

  /** As CONFIG GET shows it. */
  get flags(): string {
    const isAll = [...EVENT_CLASSES].every((letter) => this.#wanted.has(letter));
    const classes = isAll ? 'A' : [...EVENT_CLASSES].filter((letter) => this.#wanted.has(letter)).join('');
    return classes + [...'KE'].filter((letter) => this.#wanted.has(letter)).join('');
  }

  /** Answers an error's words, or what makes these flags what is wanted from then on. */
  read(flags: string): string | (() => void) {
    const letters = new Set(flags.replaceAll('A', EVENT_CLASSES));
    for (const letter of letters)
      if (!`${EVENT_CLASSES}KE`.includes(letter)) return `Invalid event class character. Use 'A${EVENT_CLASSES}KE'.`;
    return () => this.#want(letters);
  }

  #want(letters: ReadonlySet<string>): void {
    this.#end();
    this.#wanted = letters;
    const channels = [...'KE'].filter((letter) => letters.has(letter)).length;
    this.#isOn = channels > 0 && letters.size > channels;
    this.#end = this.#isOn ? this.#store.observe((changes) => this.#onChanged(changes)) : () => undefined;
  }

  /** A keyspace that notes what happens to its keys if anybody wants to know. */
  keyspace(keys: readonly Uint8Array[], held: readonly (Held | null)[], nowMs: number): Keyspace {
    return new Keyspace(keys, held, nowMs, this.#isOn ? [] : null);
  }

  /** What a keyspace wants to be written. */
  changesOf(keyspace: Keyspace): readonly Change[] {
    const changes = keyspace.changes();
    if (keyspace.events !== null) this.#named.set(changes, keyspace.events);
    return changes;
  }

  /** Nobody is told of these changes: Redis has no event for what made them. */
  silence(changes: readonly Change[]): void {
    if (this.#isOn) this.#named.set(changes, []);
  }

  #onChanged(changes: Changes | null): void {
    if (changes === null || this.#pubSub.channelCount + this.#pubSub.patterns === 0) return;
    const { kind, items } = changes;
    for (const { name, key } of this.#named.get(items) ?? eventsOf(kind, items)) {
      if (!this.#wanted.has(classOf(name))) continue;
      const event = utf8(name);
      if (this.#wanted.has('K')) this.#pubSub.publish(joined(KEYSPACE, key), event);
      if (this.#wanted.has('E')) this.#pubSub.publish(joined(KEYEVENT, event), key);
    }
  }
}

const KEYSPACE = utf8('__keyspace@0__:');
const KEYEVENT = utf8('__keyevent@0__:');

/** What changes are called that no command of this port looked at. */
function eventsOf(kind: Changes['kind'], items: readonly Change[]): KeyEvent[] {
  return items.flatMap(({ key, value, expiresAtMs }) => {
    if (value === null) return [{ name: kind === 'expiry' ? 'expired' : 'del', key }];
    return expiresAtMs == null
      ? [{ name: 'set', key }]
      : [
          { name: 'set', key },
          { name: 'expire', key },
        ];
  });
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
