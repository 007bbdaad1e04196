/**
 * One directory of the simulated disk: the names a reader sees now, the names the disk holds, and the changes between
 * the two. Each change is atomic by itself; a crash lets any of them through, whatever became of the files.
 */
import type { Prng } from '../lib/prng.ts';
import type { Survivors } from '../faults/action.ts';
import { type Choice, SimulatedFile } from './disk-file.ts';

export type Entry = SimulatedFile | SimulatedDirectory;

type Change =
  | { readonly kind: 'link'; readonly name: string; readonly entry: Entry }
  | { readonly kind: 'unlink'; readonly name: string; readonly entry: Entry }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string; readonly entry: Entry };

export class SimulatedDirectory {
  /** What readers see. */
  now = new Map<string, Entry>();
  #durable = new Map<string, Entry>();
  #pending: Change[] = [];

  link(name: string, entry: Entry): void {
    this.#change({ kind: 'link', name, entry });
  }

  unlink(name: string): void {
    this.#change({ kind: 'unlink', name, entry: this.now.get(name) as Entry });
  }

  rename(from: string, to: string): void {
    this.#change({ kind: 'rename', from, to, entry: this.now.get(from) as Entry });
  }

  onSynced(): void {
    for (const change of this.#pending) apply(this.#durable, change);
    this.#pending = [];
  }

  /** A sync of the directory failed: the changes count as written, so no later sync writes them. */
  onSyncFailed(): void {
    this.#pending = [];
  }

  /** Power is gone, for this directory and all that is in it. */
  crash(survivors: Survivors | Choice, prng: Prng): void {
    const pending = this.#pending;
    this.#pending = [];
    const whole = survivors === 'prefix' ? prng.below(pending.length + 1) : 0;
    const odds = prng.pick([0.1, 0.5, 0.9]);
    pending.forEach((change, index) => {
      const isKept =
        typeof survivors === 'object'
          ? survivors.keep(1) === 1
          : index < whole || (survivors === 'random' && prng.chance(odds));
      if (isKept) apply(this.#durable, change);
    });
    this.now = new Map(this.#durable);
    for (const entry of new Set(this.now.values())) entry.crash(survivors, prng);
  }

  /** A copy that goes its own way; `copies` keeps one file or directory of several names one. */
  fork(copies = new Map<Entry, Entry>()): SimulatedDirectory {
    const copyOf = (entry: Entry): Entry => {
      const copy = copies.get(entry) ?? (entry instanceof SimulatedFile ? entry.fork() : entry.fork(copies));
      copies.set(entry, copy);
      return copy;
    };
    const copy = new SimulatedDirectory();
    for (const [name, entry] of this.now) copy.now.set(name, copyOf(entry));
    for (const [name, entry] of this.#durable) copy.#durable.set(name, copyOf(entry));
    copy.#pending = this.#pending.map((change) => ({ ...change, entry: copyOf(change.entry) }));
    return copy;
  }

  #change(change: Change): void {
    apply(this.now, change);
    this.#pending.push(change);
  }
}

function apply(names: Map<string, Entry>, change: Change): void {
  switch (change.kind) {
    case 'link':
      names.set(change.name, change.entry);
      return;
    case 'unlink':
      if (names.get(change.name) === change.entry) names.delete(change.name);
      return;
    case 'rename':
      if (names.get(change.from) === change.entry) names.delete(change.from);
      names.set(change.to, change.entry);
      return;
    default:
      change satisfies never;
  }
}
