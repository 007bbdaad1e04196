/**
 * A store that is right because it is simple: a Map, one command at a time. Replies come at once, or are kept until
 * `answer` gives them back in any order, as a cluster may.
 */
import { lookup } from '../../src/document/lookup.ts';
import { candidates } from '../../src/document/path.ts';
import { compareBytes, utf8 } from '../../src/lib/bytes.ts';
import type { Prng } from '../../src/lib/prng.ts';
import {
  type Command,
  type CommandPort,
  type Found,
  NO_NOTES,
  type Notes,
  type Path,
  type Reply,
} from '../../src/model/commands.ts';
import { fail, type KvError } from '../../src/model/errors.ts';
import type { Version } from '../../src/model/ids.ts';
import type { Administration, ClusterStatus } from '../../src/model/status.ts';

type Entry = { readonly key: Uint8Array; readonly value: Uint8Array; readonly version: Version };

export class NaiveStore implements CommandPort {
  /** What every reply carries. */
  notes: Notes = NO_NOTES;
  /** What every command is answered instead of its answer. */
  failure: KvError | null = null;
  readonly #replies: 'now' | 'later';
  readonly #entries = new Map<string, Entry>();
  readonly #waiting: (() => void)[] = [];
  #version = 0;

  constructor(replies: 'now' | 'later' = 'now') {
    this.#replies = replies;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  submit(command: Command, reply: (reply: Reply) => void): void {
    const answer = this.#run(command);
    if (this.#replies === 'now') reply(answer);
    else this.#waiting.push(() => reply(answer));
  }

  /** Gives the replies that wait, in an order that the generator draws. */
  answer(prng: Prng): void {
    for (const reply of prng.shuffle(this.#waiting.splice(0))) reply();
  }

  #run(command: Command): Reply {
    const notes = this.notes;
    if (this.failure !== null) return { kind: 'failed', error: this.failure, notes };
    switch (command.kind) {
      case 'write': {
        if (command.onExisting === 'refuse' && command.items.some((item) => this.#entries.has(nameOf(item.key)))) {
          return {
            kind: 'failed',
            error: fail('EXISTS', 'High-level key already exist. Overwrite is not supported.').error,
            notes,
          };
        }
        this.#version++;
        for (const { key, value } of command.items) {
          this.#entries.set(nameOf(key), { key: key.slice(), value, version: this.#version as Version });
        }
        return { kind: 'written', items: command.items.length, notes };
      }
      case 'delete':
        return { kind: 'deleted', existed: this.#entries.delete(nameOf(command.key)), notes };
      case 'get':
        return { kind: 'found', found: this.#entries.get(nameOf(command.key)) ?? null, notes };
      case 'query':
        return { kind: 'found', found: this.#query(command.path), notes };
      case 'queryMany':
        return { kind: 'foundMany', found: command.paths.map((path) => this.#query(path)), notes };
      case 'scan': {
        const after = [...this.#entries.values()]
          .filter(
            ({ key }) =>
              startsWith(key, command.prefix) && (command.after.length === 0 || compareBytes(key, command.after) > 0),
          )
          .sort((a, b) => compareBytes(a.key, b.key));
        const page = after.slice(0, command.limit);
        const entries = page.map(({ key, value, version }) => ({ key, value: command.values ? value : null, version }));
        return { kind: 'scanned', entries, more: after.length > page.length, notes };
      }
      default:
        return command satisfies never;
    }
  }

  #query(path: Path): Found {
    for (const { key, from } of candidates(path)) {
      const entry = this.#entries.get(nameOf(key));
      if (entry === undefined) continue;
      const value = lookup(entry.value, path.segments, from);
      return value === null ? null : { value, version: entry.version };
    }
    return null;
  }
}

/** An administration that notes what it is told. */
export class NaiveAdministration implements Administration {
  readonly calls: string[] = [];
  readonly state: ClusterStatus = {
    mode: 'replicated',
    replicas: 2,
    durability: 'fsync',
    epoch: 7,
    faults: [],
    servers: [
      {
        id: 's1',
        address: null,
        state: 'up',
        role: 'owner',
        incarnation: 1,
        threadId: 4,
        keys: 812,
        walBytes: 4096,
        progress: null,
        since: '2026-01-01T00:00:00.000Z',
        reason: null,
        lastError: null,
        clockOffsetMs: 0,
      },
    ],
  };

  status(): ClusterStatus {
    return this.state;
  }

  fault(statement: string): Promise<string> {
    this.calls.push(`fault ${statement}`);
    return statement.startsWith('crash')
      ? Promise.resolve('')
      : Promise.reject(fail('BADFAULT', `1:1: unknown ${statement}`).error);
  }

  force(servers: readonly string[]): Promise<string> {
    this.calls.push(`force ${servers.join(' ')}`);
    return Promise.resolve('epoch 8, nothing lost');
  }

  snapshot(): Promise<string> {
    this.calls.push('snapshot');
    return Promise.reject(new Error('the disk is\non fire'));
  }

  shutdown(): void {
    this.calls.push('shutdown');
  }
}

function nameOf(key: Uint8Array): string {
  return String.fromCharCode(...key);
}

function startsWith(key: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, i) => key[i] === byte);
}

/** UTF-8 of lines, each ended by LF. */
export function linesOf(lines: readonly string[]): Uint8Array {
  return utf8(lines.map((line) => `${line}\n`).join(''));
}
