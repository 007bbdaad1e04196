/**
 * What the servers of a cluster said on their links, held against what clients are told and against what the same
 * servers say after they died. It sees a broken promise when it is made, not when a second death makes it felt: an
 * answer that not every owner in sync has on its disk, an epoch that a server confirmed and forgot, a server that is
 * put in sync without what was acknowledged (architecture, rules 2 and 3). It reads frames and tables and nobody's
 * state. Servers whose disks lie or are damaged are not held to what they said before.
 */
import { ByteReader } from '../../lib/bytes.ts';
import { FRAME } from '../../model/frames.ts';
import { type ServerIndex, type ServerMask, isMember, membersOf } from '../../model/ids.ts';
import { type EpochTable, cutOf, firstTable, inSyncOf, readTable } from '../../replication/epoch-table.ts';
import { placementGroups, type Placement } from '../../routing/placement.ts';
import type { Action, HistoryEvent, Observation } from '../history.ts';
import { AskedWrites, writesOf } from './asked-writes.ts';
import { forget, newSaid, type Said, sayDurable, sayHello } from './said.ts';

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

/** Problems that are kept: one that is there is mostly there often. */
const PROBLEMS_MAX = 20;

/** Within how long the end of a server must have led to an epoch without it. */
const NOTICED_MS = 300;

const BROKER = -1;

/** How much later than a server was heard another one syncs, to show that the disk does not hold up all of them. */
const LATER_MS = 250;

export class Ledger {
  readonly problems: string[] = [];
  readonly #placement: Placement;
  readonly #host: Host;
  readonly #said: Said[];
  readonly #writes: AskedWrites;
  /** The newest version of each group that a client was told of. */
  readonly #told = new Map<ServerMask, number>();
  readonly #tables = new Map<number, EpochTable>();
  /** When the host's file got an epoch. */
  readonly #keptAt = new Map<number, number>();
  readonly #decoded = new WeakMap<Uint8Array, EpochTable>();
  /** The newest table that the broker asked the host to keep. */
  #asked: EpochTable | null = null;
  /** Grows with every frame and table. */
  #now = 0;

  constructor(placement: Placement, host: Host) {
    this.#placement = placement;
    this.#host = host;
    this.#writes = new AskedWrites(placement);
    this.#said = Array.from({ length: placement.servers }, () => newSaid());
  }

  /** A frame was handed to its receiver; the broker is −1. The bytes are good during the call only. */
  onFrame(from: number, to: number, bytes: Uint8Array, start: number, end: number): void {
    this.#now++;
    if (from === BROKER) {
      if (bytes[start] === FRAME.write) this.#writes.onWrite(bytes, start, end);
      else if (bytes[start] === FRAME.welcome) this.#onWelcome(to, new ByteReader(bytes, start + 1, end));
      else if (bytes[start] === FRAME.epoch) this.#onEpoch(this.#said[to] as Said);
      return;
    }
    const said = this.#said[from] as Said;
    if (to === BROKER) this.#onHeard(said, bytes[start] === FRAME.durable || bytes[start] === FRAME.epochKept);
    switch (bytes[start]) {
      case FRAME.durable:
        sayDurable(said, new ByteReader(bytes, start + 1, end).f64());
        if (!this.#host.isDown(from as ServerIndex)) said.heard = Math.max(said.heard, said.durable);
        return;
      case FRAME.epochKept:
        if (!said.isWiped) said.epoch = Math.max(said.epoch, new ByteReader(bytes, start + 1, end).f64());
        return;
      case FRAME.ready:
        // Its recovery is durable, with what its hello told.
        sayDurable(said, said.last);
        said.epoch = Math.max(said.epoch, said.recovered);
        said.isRecovered = true;
        return;
      case FRAME.pong:
        this.#mustBeOut();
        return;
      case FRAME.hello:
        this.#onHello(from, said, new ByteReader(bytes, start + 1, end));
        return;
      default:
    }
  }

  #onHeard(said: Said, hasSynced: boolean): void {
    const nowMs = this.#host.nowMs();
    said.heardMs = nowMs;
    said.outdone = null;
    if (!hasSynced) return;
    for (const other of this.#said) {
      if (nowMs - other.heardMs <= LATER_MS) continue;
      // A witness that is not heard of any more is none.
      const isWitnessed = other.outdone !== null && nowMs - other.outdone.by.heardMs <= LATER_MS;
      if (!isWitnessed) other.outdone = { by: said, atMs: nowMs };
    }
  }

  /**
   * Since when the broker hears nothing of a server, and since when another one, of which it still hears, shows that it
   * can sync; in virtual milliseconds.
   */
  silenceOf(server: number): { readonly sinceMs: number; readonly outdoneSinceMs: number } {
    const { heardMs, outdone } = this.#said[server] as Said;
    const isOutdone = outdone !== null && outdone.by.heardMs > outdone.atMs + LATER_MS;
    return { sinceMs: heardMs, outdoneSinceMs: isOutdone ? outdone.atMs : Number.POSITIVE_INFINITY };
  }

  /** The broker asks the host to keep a table. */
  onTable(bytes: Uint8Array): void {
    const table = this.#decode(bytes);
    const epoch = this.#host.epoch();
    const before = epoch === null ? undefined : this.#tables.get(epoch);
    this.#tables.set(table.epoch, table);
    this.#asked = table;
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
    this.#asked = null;
    for (const said of this.#said) {
      said.heard = 0;
      said.downMs = null;
    }
  }

  /** The directory of a server is empty: it remembers nothing. */
  onWiped(server: number): void {
    const said = this.#said[server] as Said;
    const { last } = said;
    forget(said);
    // It may have said that it recovered, and that is still on its way.
    said.last = last;
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
    this.#writes.onAsked(action);
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
    const target = write === undefined ? undefined : this.#writes.find(write[0], write[1]);
    if (action.kind !== 'update' || target === undefined) return;
    if (action.onMissing === 'leave' && held.some(({ value }) => value === null)) return;
    for (const { key, value } of held) {
      const source = value === null ? undefined : this.#writes.find(key, value);
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

  /**
   * Who is down holds up every write of its groups while it counts as in sync: once nothing is on its way it is out
   * wherever somebody else who is in sync answers.
   */
  #mustBeOut(): void {
    const nowMs = this.#host.nowMs();
    const down = this.#said.flatMap((said, server) => {
      said.downMs = this.#host.isDown(server as ServerIndex) ? (said.downMs ?? nowMs) : null;
      return said.downMs !== null && nowMs - said.downMs > NOTICED_MS ? [server as ServerIndex] : [];
    });
    const table = this.#asked;
    if (down.length === 0 || table === null || table.epoch !== this.#host.epoch()) return;
    for (const owners of placementGroups(this.#placement)) {
      const inSync = membersOf(inSyncOf(table, owners));
      const gone = down.find((server) => inSync.includes(server));
      const other = inSync.find((server) => this.#host.isUp(server));
      if (gone === undefined || other === undefined) continue;
      this.#problem(`s${gone + 1} is down and stays in sync in epoch ${table.epoch} beside s${other + 1}`);
      return;
    }
  }

  /** From now on it has to confirm each epoch, and is asked for signs of life. */
  #onEpoch(said: Said): void {
    if (!said.isRecovered || said.toldAt <= this.#now) return;
    said.toldAt = this.#now;
    said.heardMs = this.#host.nowMs();
  }

  #onHello(server: number, said: Said, reader: ByteReader): void {
    // What an earlier life of it could do proves nothing.
    for (const other of this.#said) if (other.outdone?.by === said) other.outdone = null;
    const problem = sayHello(said, server, reader);
    if (problem !== null) this.#problem(problem);
  }

  /** Every owner in sync has it on its disk, in every group that it touches, and keeps the epoch that says who that is. */
  #mustBeDurable(key: string, value: string, what: string): void {
    const version = this.#writes.versionOf(key, value);
    const written = this.#writes.find(key, value);
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
