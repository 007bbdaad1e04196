/**
 * A cluster as a sorted Map: the reference that gateways, clients and commands are tested against. Answers in a later
 * turn, in the order of the commands, or when told to.
 */
import { candidates } from '../../src/document/path.ts';
import { lookup } from '../../src/document/lookup.ts';
import { compareBytes, text } from '../../src/lib/bytes.ts';
import {
  type Command,
  type CommandPort,
  type Found,
  NO_NOTES,
  type Notes,
  type Path,
  type Reply,
} from '../../src/model/commands.ts';
import type { Epoch, Version } from '../../src/model/ids.ts';
import { versionOf } from '../../src/model/ids.ts';
import type { Administration, ClusterStatus } from '../../src/model/status.ts';

type Stored = { key: Uint8Array; value: Uint8Array; version: Version };

export class ReferenceCluster implements CommandPort {
  readonly stored = new Map<string, Stored>();
  readonly commands: Command[] = [];
  /** Answers that wait for `release`; null while answers leave by themselves. */
  held: (() => void)[] | null = null;
  /** What comes with every reply. */
  notes: Notes = NO_NOTES;
  #sequence = 0;
  #due: (() => void)[] = [];

  submit(command: Command, reply: (reply: Reply) => void): void {
    this.commands.push(command);
    const answer = this.#execute(command);
    const deliver = (): void => reply(answer);
    if (this.held !== null) {
      this.held.push(deliver);
      return;
    }
    if (this.#due.push(deliver) === 1) setImmediate(() => this.#deliver());
  }

  hold(): void {
    this.held = [];
  }

  release(): void {
    const held = this.held ?? [];
    this.held = null;
    for (const deliver of held) deliver();
  }

  #deliver(): void {
    const due = this.#due;
    this.#due = [];
    for (const deliver of due) deliver();
  }

  #execute(command: Command): Reply {
    const notes = this.notes;
    switch (command.kind) {
      case 'write': {
        if (command.onExisting === 'refuse') {
          const existing = command.items.find(({ key }) => this.stored.has(text(key)));
          if (existing !== undefined) {
            return { kind: 'failed', error: { code: 'EXISTS', message: `${text(existing.key)} exists` }, notes };
          }
        }
        const version = versionOf(1 as Epoch, ++this.#sequence);
        for (const { key, value } of command.items) {
          this.stored.set(text(key), { key: key.slice(), value: value.slice(), version });
        }
        return { kind: 'written', items: command.items.length, notes };
      }
      case 'delete':
        return { kind: 'deleted', existed: this.stored.delete(text(command.key)), notes };
      case 'get':
        return { kind: 'found', found: this.#found(command.key), notes };
      case 'query':
        return { kind: 'found', found: this.#query(command.path), notes };
      case 'queryMany':
        return { kind: 'foundMany', found: command.paths.map((path) => this.#query(path)), notes };
      case 'scan': {
        const prefix = text(command.prefix);
        const after = [...this.stored.values()]
          .filter(({ key }) => text(key).startsWith(prefix) && compareBytes(key, command.after) > 0)
          .sort((a, b) => compareBytes(a.key, b.key));
        const entries = after
          .slice(0, command.limit)
          .map(({ key, value, version }) => ({ key, value: command.values ? value : null, version }));
        return { kind: 'scanned', entries, more: after.length > entries.length, notes };
      }
      default:
        return command satisfies never;
    }
  }

  #found(key: Uint8Array): Found {
    const stored = this.stored.get(text(key));
    return stored === undefined ? null : { value: stored.value, version: stored.version };
  }

  #query(path: Path): Found {
    for (const { key, from } of candidates(path)) {
      const stored = this.#found(key);
      if (stored === null) continue;
      const value = lookup(stored.value, path.segments, from);
      return value === null ? null : { value, version: stored.version };
    }
    return null;
  }
}

export const STATUS: ClusterStatus = {
  mode: 'replicated',
  replicas: 2,
  durability: 'memory',
  epoch: 7,
  faults: [],
  servers: [
    {
      id: 's1',
      address: null,
      state: 'up',
      role: 'owner',
      incarnation: 1,
      threadId: 1,
      keys: 0,
      walBytes: 0,
      progress: null,
      since: '2026-01-01T00:00:00.000Z',
      reason: null,
      lastError: null,
      clockOffsetMs: 0,
    },
  ],
};

/** Operators' verbs that say what they were asked. */
export const ADMINISTRATION: Administration = {
  status: () => STATUS,
  fault: (statement) =>
    statement.startsWith('crash')
      ? Promise.resolve(`did ${statement}`)
      : Promise.reject({ code: 'BADFAULT', message: `1:1: unknown fault ${statement}` }),
  force: (servers) => Promise.resolve(`forced ${servers.join(' ')}`),
  snapshot: () => Promise.resolve('checkpoints of 1 server'),
  shutdown: () => undefined,
};
