/**
 * What the servers of a cluster said on their links, held against what clients are told and against what the same
 * servers say after they died. It sees a broken promise when it is made, not when a second death makes it felt: an
 * answer that not every owner in sync has on its disk, an epoch that a server confirmed and forgot, a server that is
 * put in sync without what was acknowledged (architecture, rules 2 and 3). It reads frames and tables and nobody's
 * state. Servers whose disks lie or are damaged are not held to what they said before.
 */
import { withoutExpiry } from '../../document/expiring.ts';
import { formatJson } from '../../document/json.ts';
import { ByteReader, text, utf8 } from '../../lib/bytes.ts';
import { FRAME, WriteCursor } from '../../model/frames.ts';
import { type ServerIndex, type ServerMask, isMember, membersOf } from '../../model/ids.ts';
import { type EpochTable, cutOf, firstTable, inSyncOf, readTable } from '../../replication/epoch-table.ts';
import { ownersOf, placementGroups, type Placement } from '../../routing/placement.ts';
import type { Action, HistoryEvent, Observation } from '../history.ts';

/** What the checkers may ask of the process at any moment. */
export type Host = {
  /** The table in the host's own file; null: there is none. */
  epochFile(): Uint8Array | null;
  /** The epoch that the broker calls durable; null while there is no broker. */
  epoch(): number | null;
  /** Whether the broker says that a server answers for everything it owns. */
  isUp(server: ServerIndex): boolean;
  /** Whether it says that there is none. */
  isDown(server: ServerIndex): boolean;
  nowMs(): number;
};

/** What one server said, and what may be expected of it. */
type Said = {
  /** The newest version that it called durable, in all its lives: what was acknowledged counted on that. */
  everDurable: number;
  /** The same since its directory was last new, and the epoch that it keeps: what it must remember. */
  durable: number;
  epoch: number;
  /** What its last hello told: durable when it is ready, and no sooner. */
  last: number;
  recovered: number;
  /** The newest version that this life of the broker heard it call durable; whether its last hello had less. */
  heard: number;
  isShort: boolean;
  /** Whether what it said is over, and what still comes was said before: its directory was wiped. */
  isWiped: boolean;
  /** Whether its last hello told of damage, and it was not let in since: epochs that were decided before may come after. */
  isKept: boolean;
  /** Whether it can be held to it. */
  isTrusted: boolean;
  /** Whether its disk ever lost something. */
  hasLost: boolean;
  /** Whether its life of now recovered, and when it was told of an epoch then, counted in frames and tables. */
  isRecovered: boolean;
  toldAt: number;
  /** When it was last heard of. */
  heardMs: number;
};

/** Of a write: the keys that it wrote, and the groups that these belong to. */
type Written = { readonly keys: readonly string[]; readonly groups: readonly ServerMask[] };

/** Problems that are kept: one that is there is mostly there often. */
const PROBLEMS_MAX = 20;

const BROKER = -1;

export class Ledger {
  readonly problems: string[] = [];
  readonly #placement: Placement;
  readonly #host: Host;
  readonly #said: Said[];
  readonly #cursor = new WriteCursor();
  /** By key and value: what a client asked for, and the version that it got. */
  readonly #written = new Map<string, Written>();
  readonly #versions = new Map<string, number>();
  readonly #seen = new Set<number>();
  /** The newest version of each group that a client was told of. */
  readonly #told = new Map<ServerMask, number>();
  readonly #tables = new Map<number, EpochTable>();
  /** When the host's file got an epoch. */
  readonly #keptAt = new Map<number, number>();
  readonly #decoded = new WeakMap<Uint8Array, EpochTable>();
  readonly #owners = new Map<string, ServerMask>();
  /** Grows with every frame and table. */
  #now = 0;

  constructor(placement: Placement, host: Host) {
    this.#placement = placement;
    this.#host = host;
    this.#said = Array.from({ length: placement.servers }, () => ({
      everDurable: 0,
      durable: 0,
      epoch: 0,
      last: 0,
      recovered: 0,
      heard: 0,
      isShort: false,
      isWiped: false,
      isKept: false,
      isTrusted: true,
      hasLost: false,
      isRecovered: false,
      toldAt: Number.POSITIVE_INFINITY,
      heardMs: 0,
    }));
  }

  /** A frame was handed to its receiver; the broker is −1. The bytes are good during the call only. */
  onFrame(from: number, to: number, bytes: Uint8Array, start: number, end: number): void {
    this.#now++;
    if (from === BROKER) {
      if (bytes[start] === FRAME.write) this.#onWrite(bytes, start, end);
      else if (bytes[start] === FRAME.welcome) this.#onWelcome(to, new ByteReader(bytes, start + 1, end));
      else if (bytes[start] === FRAME.epoch) this.#onEpoch(this.#said[to] as Said);
      return;
    }
    const said = this.#said[from] as Said;
    if (to === BROKER) said.heardMs = this.#host.nowMs();
    switch (bytes[start]) {
      case FRAME.durable:
        this.#onDurable(said, new ByteReader(bytes, start + 1, end).f64());
        if (!this.#host.isDown(from as ServerIndex)) said.heard = Math.max(said.heard, said.durable);
        return;
      case FRAME.epochKept:
        if (!said.isWiped) said.epoch = Math.max(said.epoch, new ByteReader(bytes, start + 1, end).f64());
        return;
      case FRAME.ready:
        // Its recovery is durable, with what its hello told.
        this.#onDurable(said, said.last);
        said.epoch = Math.max(said.epoch, said.recovered);
        said.isRecovered = true;
        return;
      case FRAME.hello:
        this.#onHello(from, said, new ByteReader(bytes, start + 1, end));
        return;
      default:
    }
  }

  /** When the broker last heard of a server, in virtual milliseconds. */
  heardMs(server: number): number {
    return (this.#said[server] as Said).heardMs;
  }

  /** The broker asks the host to keep a table. */
  onTable(bytes: Uint8Array): void {
    const table = this.#decode(bytes);
    const epoch = this.#host.epoch();
    const before = epoch === null ? undefined : this.#tables.get(epoch);
    this.#tables.set(table.epoch, table);
    if (before === undefined) return;
    this.#mustKeepTheLast(before, table);
    for (const [owners] of before.groups) {
      for (const server of membersOf((inSyncOf(table, owners) & ~inSyncOf(before, owners)) as ServerMask)) {
        const said = this.#said[server] as Said;
        // That it was wiped or damaged a moment ago nobody could know when this was decided.
        const durable = said.isWiped || said.isKept ? said.everDurable : said.durable;
        const told = this.#told.get(owners) ?? 0;
        if (durable < told) {
          this.#problem(
            `epoch ${table.epoch} puts s${server + 1} in sync, which has everything up to ${durable}, and ${told} was acknowledged`,
          );
        }
      }
    }
  }

  /** What only one server has on its disk is not given up, whatever its disk says for a while. */
  #mustKeepTheLast(before: EpochTable, table: EpochTable): void {
    for (const [owners, { inSync }] of table.groups) {
      const had = membersOf(inSyncOf(before, owners));
      if (inSync !== 0) continue;
      this.#mustKeepDamaged(owners, had, table.epoch);
      const has = had.find((server) => !(this.#said[server] as Said).hasLost);
      if (has === undefined) continue;
      this.#problem(
        `epoch ${table.epoch} gives up what s${has + 1} has, the last one in sync, whose disk lost nothing`,
      );
    }
  }

  /** A damaged directory is kept where nobody else has what is in it: much of it may still be read. */
  #mustKeepDamaged(owners: ServerMask, had: readonly ServerIndex[], epoch: number): void {
    const [last] = had;
    if (last === undefined || had.length > 1 || !(this.#said[last] as Said).isKept) return;
    // One that stood in for it may have lost its own disk since.
    if (membersOf(owners).some((server) => server !== last && (this.#said[server] as Said).hasLost)) return;
    this.#problem(`epoch ${epoch} gives up what s${last + 1} has, the last one in sync, whose directory is damaged`);
  }

  /** The host's file has it. */
  onTableKept(epoch: number): void {
    this.#keptAt.set(epoch, ++this.#now);
  }

  /** The process dies, and with it what the broker had heard. */
  onHostLost(): void {
    for (const said of this.#said) said.heard = 0;
  }

  /** The directory of a server is empty: it remembers nothing. */
  onWiped(server: number): void {
    const said = this.#said[server] as Said;
    forget(said);
    said.isWiped = true;
    said.hasLost = true;
  }

  /** Its disk lies or is damaged. */
  onDamaged(server: number): void {
    (this.#said[server] as Said).isTrusted = false;
    (this.#said[server] as Said).hasLost = true;
  }

  /** Its disk cannot be read now and then. */
  onUnreadable(server: number): void {
    (this.#said[server] as Said).isTrusted = false;
  }

  /** A client asks. */
  onAsked(action: Action): void {
    const writes = writesOf(action);
    if (writes.length === 0) return;
    const keys = writes.map(([key]) => key);
    const groups = [...new Set(keys.map((key) => this.#ownersOf(key)))];
    for (const [key, value] of writes) this.#written.set(nameOf(key, value), { keys, groups });
  }

  /** A client is told: what it asked happened, or what it saw is so, for sure. */
  onTold(action: Action, told: HistoryEvent): void {
    if (told.type !== 'ok' || told.uncertain) return;
    const { answer } = told;
    if (answer.kind === 'seen') {
      for (const seen of answer.observations)
        if (seen.value !== null) this.#mustBeDurable(seen.key, seen.value, 'shown');
      const [first] = answer.observations;
      if (action.kind !== 'update' || first === undefined) return;
      if (action.onMissing === 'leave' && answer.observations.some(({ value }) => value === null)) return;
    }
    const [write] = writesOf(action);
    if (write !== undefined) this.#mustBeDurable(write[0], write[1], 'acknowledged');
  }

  /** An update was decided from what its keys hold: no crash may take that away and leave what was made of it. */
  onDecided(action: Action, held: readonly Observation[]): void {
    const [write] = writesOf(action);
    const target = write === undefined ? undefined : this.#written.get(nameOf(write[0], write[1]));
    if (action.kind !== 'update' || target === undefined) return;
    if (action.onMissing === 'leave' && held.some(({ value }) => value === null)) return;
    for (const { key, value } of held) {
      const source = value === null ? undefined : this.#written.get(nameOf(key, value));
      if (value === null || source === undefined) continue;
      // The owners of one group have the one before the other.
      const isOfOneGroup = source.groups.length === 1 && target.groups.length === 1;
      if (!isOfOneGroup) this.#mustBeDurable(key, value, 'what an update was decided from');
    }
  }

  /** All is whole, and nothing is on its way: every server keeps the epoch of now. */
  onSettled(): void {
    const epoch = this.#host.epoch();
    for (const [server, said] of this.#said.entries()) {
      if (epoch !== null && said.epoch < epoch) {
        this.#problem(`s${server + 1} keeps epoch ${said.epoch} though all is whole in epoch ${epoch}`);
      }
    }
  }

  /** The version of a write and the keys that it wrote. */
  #onWrite(bytes: Uint8Array, start: number, end: number): void {
    const cursor = this.#cursor;
    cursor.open(bytes, start, end);
    const { version } = cursor;
    if (this.#seen.has(version)) return;
    this.#seen.add(version);
    while (cursor.next()) {
      if (cursor.deletes) continue;
      const value = cursor.reader.bytes.subarray(cursor.valueStart, cursor.valueEnd);
      const name = nameOf(text(cursor.key()), formatJson(withoutExpiry(value)));
      if (!this.#versions.has(name)) this.#versions.set(name, version);
    }
  }

  /**
   * It is let in, with what it has or with nothing; `reader` is behind the kind byte of its welcome. A drive that lost
   * what it had acknowledged is found out, unless all that counts of it is older than what it lost.
   */
  #onWelcome(server: number, reader: ByteReader): void {
    const said = this.#said[server] as Said;
    said.isKept = false;
    if (reader.u8() === 1) forget(said);
    else if (said.isShort) {
      for (let drops = reader.varint(); drops > 0; drops--) reader.f64();
      const table = readTable(reader);
      const counts = (owners: ServerMask): boolean =>
        isMember(owners, server as ServerIndex) &&
        (cutOf(table, owners, server as ServerIndex) ?? said.heard) > said.last;
      if (!placementGroups(this.#placement).some(counts)) return;
      this.#problem(`s${server + 1} is let in with everything up to ${said.last}, and had acknowledged ${said.heard}`);
    }
  }

  /** From now on it has to confirm each epoch. */
  #onEpoch(said: Said): void {
    if (said.isRecovered) said.toldAt = Math.min(said.toldAt, this.#now);
  }

  #onDurable(said: Said, version: number): void {
    if (!said.isWiped) said.durable = Math.max(said.durable, version);
    said.everDurable = Math.max(said.everDurable, version);
  }

  /** What a server remembers must be what it said; `reader` is behind the kind byte of its hello. */
  #onHello(server: number, said: Said, reader: ByteReader): void {
    reader.f64();
    const last = reader.f64();
    reader.f64();
    reader.u8();
    const corrupt = reader.sizedText();
    const epoch = reader.remaining > 0 ? readTable(reader).epoch : 0;
    said.isRecovered = false;
    said.toldAt = Number.POSITIVE_INFINITY;
    if (said.isTrusted) {
      if (corrupt !== '')
        this.#problem(`s${server + 1} finds its directory damaged, and nothing damaged it: ${corrupt}`);
      else if (last < said.durable) {
        this.#problem(`s${server + 1} has everything up to ${last}, and had said that ${said.durable} is durable`);
      } else if (epoch < said.epoch) {
        this.#problem(`s${server + 1} remembers epoch ${epoch}, and had confirmed ${said.epoch}`);
      }
    }
    said.isWiped = false;
    said.isKept = corrupt !== '';
    if (epoch === 0 || corrupt !== '') said.heard = 0;
    said.isShort = last < said.heard;
    said.last = corrupt === '' ? last : 0;
    said.recovered = corrupt === '' ? epoch : 0;
    // Less than it had said, by leave: its disk was hurt.
    said.durable = Math.min(said.durable, said.last);
    said.epoch = Math.min(said.epoch, said.recovered);
  }

  /** Every owner in sync has it on its disk, in every group that it touches, and keeps the epoch that says who that is. */
  #mustBeDurable(key: string, value: string, what: string): void {
    const version = this.#versions.get(nameOf(key, value));
    const written = this.#written.get(nameOf(key, value));
    const file = this.#host.epochFile();
    if (written === undefined) return;
    const epoch = this.#host.epoch() ?? 0;
    const table = file === null ? (this.#tables.get(epoch) ?? firstTable(this.#placement)) : this.#decode(file);
    for (const owners of written.groups) {
      for (const server of membersOf(inSyncOf(table, owners))) {
        const said = this.#said[server] as Said;
        if (version === undefined || said.everDurable < version) {
          this.#problem(
            `${what} though s${server + 1}, in sync in epoch ${table.epoch}, has not said that it has it: ${key} = ${value}, version ${version ?? 'of none'}`,
          );
          return;
        }
        const isTold = this.#host.isUp(server) && said.toldAt < (this.#keptAt.get(epoch) ?? 0);
        if (isTold && said.epoch < epoch) {
          this.#problem(
            `${what} in epoch ${epoch} though s${server + 1} has confirmed ${said.epoch}: ${key} = ${value}`,
          );
          return;
        }
      }
      if (version !== undefined) this.#told.set(owners, Math.max(version, this.#told.get(owners) ?? 0));
    }
  }

  #ownersOf(key: string): ServerMask {
    let owners = this.#owners.get(key);
    if (owners === undefined) {
      owners = ownersOf(this.#placement, utf8(key));
      this.#owners.set(key, owners);
    }
    return owners;
  }

  #decode(bytes: Uint8Array): EpochTable {
    let table = this.#decoded.get(bytes);
    if (table === undefined) {
      table = readTable(new ByteReader(bytes));
      this.#decoded.set(bytes, table);
    }
    return table;
  }

  #problem(what: string): void {
    if (this.problems.length < PROBLEMS_MAX) this.problems.push(`${what} (at ${this.#host.nowMs().toFixed(3)} ms)`);
  }
}

function forget(said: Said): void {
  said.durable = 0;
  said.epoch = 0;
  said.last = 0;
  said.recovered = 0;
  said.heard = 0;
  said.isShort = false;
}

function writesOf(action: Action): readonly (readonly [string, string])[] {
  switch (action.kind) {
    case 'set':
    case 'insert':
      return [[action.key, action.value]];
    case 'bulk':
    case 'update':
      return [...new Map(action.writes)];
    default:
      return [];
  }
}

function nameOf(key: string, value: string): string {
  return `${key} ${value}`;
}
