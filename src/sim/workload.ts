/**
 * Clients of a simulated cluster and what they saw. Every value is written once, so a history says which write a read
 * saw. Registers are set, deleted and read one at a time; a family of keys is only ever written whole, by bulks, and
 * read whole, so a torn bulk shows as two values in one answer.
 */
import { text, utf8 } from '../lib/bytes.ts';
import type { Prng } from '../lib/prng.ts';
import { showVersion } from '../model/ids.ts';
import { isIndefinite } from '../model/errors.ts';
import type { Command, Found, Reply } from '../model/commands.ts';
import type { SimulatedWorld } from './world.ts';
import { isLinearizable, type Operation } from './linearizability.ts';

const UNKNOWN = Number.POSITIVE_INFINITY;

export type WorkloadOptions = {
  readonly clients: number;
  readonly registers: number;
  readonly family: number;
  readonly thinkMs: number;
};

export type Tally = { acknowledged: number; refused: number; unknown: number; uncertain: number; reads: number };

export class Workload {
  readonly tally: Tally = { acknowledged: 0, refused: 0, unknown: 0, uncertain: 0, reads: 0 };
  readonly #cluster: SimulatedWorld;
  readonly #options: WorkloadOptions;
  readonly #prng: Prng;
  readonly #histories = new Map<string, Operation[]>();
  readonly #torn: string[] = [];
  #values = 0;
  #stopped = false;

  constructor(cluster: SimulatedWorld, options: WorkloadOptions) {
    this.#cluster = cluster;
    this.#options = options;
    this.#prng = cluster.prng.fork(1);
    for (let client = 0; client < options.clients; client++) this.#later();
  }

  /** No new operations; those in flight end or stay unknown. */
  stop(): void {
    this.#stopped = true;
  }

  /** Reads everything once more, as one client. The store must be whole: an answer that is not certain is reported. */
  readAll(): string[] {
    const problems: string[] = [];
    for (const key of this.#registerKeys()) {
      const startMs = this.#cluster.queue.nowMs;
      let reply: Reply | null = null;
      this.#cluster.submit({ kind: 'get', key: utf8(key) }, (answer) => {
        reply = answer;
        if (answer.kind === 'found')
          this.#record(key, 'read', valueOf(answer.found), startMs, this.#cluster.queue.nowMs);
      });
      this.#cluster.queue.runUntil(() => reply !== null, 20_000);
      const answer = reply as Reply | null;
      if (answer === null || answer.kind !== 'found' || answer.notes.uncertain) {
        problems.push(
          `${key} was not read for sure at the end: ${answer === null ? 'no answer' : JSON.stringify(answer)}`,
        );
      }
    }
    return problems;
  }

  /** What contradicts the promises: histories that are not linearizable, and bulks that were seen in part. */
  violations(): string[] {
    const violations = [...this.#torn];
    for (const [key, history] of this.#histories) {
      if (!isLinearizable(history)) violations.push(`${key} is not linearizable:\n${show(history)}`);
    }
    return violations;
  }

  #later(): void {
    this.#cluster.queue.after(this.#prng.float() * this.#options.thinkMs, () => this.#next());
  }

  #next(): void {
    if (this.#stopped) return;
    const dice = this.#prng.below(100);
    const key = this.#prng.pick(this.#registerKeys());
    if (dice < 40) this.#write(key, `v${++this.#values}`);
    else if (dice < 45) this.#delete(key);
    else if (dice < 75) this.#read(key);
    else if (dice < 88) this.#bulk();
    else this.#readFamily();
  }

  #registerKeys(): string[] {
    return Array.from({ length: this.#options.registers }, (_, i) => `r${i}`);
  }

  #familyKeys(): string[] {
    return Array.from({ length: this.#options.family }, (_, i) => `family${i}`);
  }

  #write(key: string, value: string): void {
    const items = [{ key: utf8(key), value: utf8(value) }];
    this.#submitWrite({ kind: 'write', items, onExisting: 'overwrite' }, [key], value);
  }

  #delete(key: string): void {
    this.#submitWrite({ kind: 'delete', key: utf8(key) }, [key], null);
  }

  #bulk(): void {
    const value = `b${++this.#values}`;
    const items = this.#familyKeys().map((key) => ({ key: utf8(key), value: utf8(value) }));
    this.#submitWrite({ kind: 'write', items, onExisting: 'overwrite' }, this.#familyKeys(), value);
  }

  /** A client waits for its answer, but not for ever: after that the outcome is unknown and it goes on. */
  #submitWrite(command: Command, keys: readonly string[], value: string | null): void {
    const startMs = this.#cluster.queue.nowMs;
    let over = false;
    const end = (endMs: number | null): void => {
      if (over) return;
      over = true;
      if (endMs !== null) for (const key of keys) this.#record(key, 'write', value, startMs, endMs);
      this.#later();
    };
    this.#cluster.queue.after(CLIENT_PATIENCE_MS, () => {
      if (!over) this.tally.unknown++;
      end(UNKNOWN);
    });
    this.#cluster.submit(command, (reply) => {
      if (over) return;
      if (reply.kind !== 'failed') {
        this.tally.acknowledged++;
        end(this.#cluster.queue.nowMs);
      } else if (isIndefinite(reply.error.code)) {
        this.tally.unknown++;
        end(UNKNOWN);
      } else {
        this.tally.refused++;
        end(null);
      }
    });
  }

  #read(key: string): void {
    this.#submitRead({ kind: 'get', key: utf8(key) }, (reply, startMs) => {
      if (reply.kind === 'found') this.#record(key, 'read', valueOf(reply.found), startMs, this.#cluster.queue.nowMs);
    });
  }

  #readFamily(): void {
    const keys = this.#familyKeys();
    const paths = keys.map((key) => ({ text: key, segments: [utf8(key)], joinable: 1 }));
    this.#submitRead({ kind: 'queryMany', paths }, (reply, startMs) => {
      if (reply.kind !== 'foundMany') return;
      const values = reply.found.map(valueOf);
      if (new Set(values).size > 1) this.#torn.push(tornBulk(reply.found, this.#cluster.queue.nowMs));
      for (const [i, key] of keys.entries()) {
        this.#record(key, 'read', values[i] ?? null, startMs, this.#cluster.queue.nowMs);
      }
    });
  }

  #submitRead(command: Command, record: (reply: Reply, startMs: number) => void): void {
    const startMs = this.#cluster.queue.nowMs;
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      this.#later();
    };
    this.#cluster.queue.after(CLIENT_PATIENCE_MS, end);
    this.#cluster.submit(command, (reply) => {
      if (over) return;
      if (reply.kind === 'failed') this.tally.refused++;
      else if (reply.notes.uncertain) this.tally.uncertain++;
      else {
        this.tally.reads++;
        record(reply, startMs);
      }
      end();
    });
  }

  #record(key: string, kind: 'write' | 'read', value: string | null, startMs: number, endMs: number): void {
    const history = this.#histories.get(key) ?? [];
    history.push({ kind, value, startMs, endMs });
    this.#histories.set(key, history);
  }
}

const CLIENT_PATIENCE_MS = 15_000;

function tornBulk(found: readonly Found[], nowMs: number): string {
  const seen = found.map((entry) =>
    entry === null ? 'nothing' : `${text(entry.value)} at ${showVersion(entry.version)}`,
  );
  return `a bulk was seen in part, ${nowMs.toFixed(3)}: ${seen.join(', ')}`;
}

function valueOf(found: Found): string | null {
  return found === null ? null : text(found.value);
}

function show(history: readonly Operation[]): string {
  return [...history]
    .sort((a, b) => a.startMs - b.startMs)
    .map(
      ({ kind, value, startMs, endMs }) =>
        `  ${startMs.toFixed(3)} … ${endMs.toFixed(3)} ${kind} ${value ?? 'nothing'}`,
    )
    .join('\n');
}
