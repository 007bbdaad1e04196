/**
 * Scans: every server that is ready sends its next keys; of each placement group one owner is believed. A page ends
 * where the first server's page ended, so nothing is left out between two pages.
 */
import { type ByteReader, compareBytes } from '../lib/bytes.ts';
import type { Command, ScanEntry } from '../model/commands.ts';
import { FRAME, OWN_REQUESTS } from '../model/frames.ts';
import { DEADLINE_MS, SCAN_KEYS_MAX } from '../model/limits.ts';
import { membersOf, type ServerIndex, type ServerMask, type Version } from '../model/ids.ts';
import { ownersOf, placementGroups } from '../routing/placement.ts';
import { failed, notesOf } from './notes.ts';
import type { ReplyTo } from './group.ts';
import { answerers, type BrokerState, isStuck, readyServers } from './state.ts';

type ScanCommand = Extract<Command, { kind: 'scan' }>;
/** `expiresAtMs`: 0 for never. */
type PageEntry = ScanEntry & { readonly expiresAtMs: number };

type Page = { readonly entries: PageEntry[]; readonly more: boolean };

export type Scan = {
  readonly command: ScanCommand;
  readonly reply: ReplyTo;
  readonly deadlineMs: number;
  barrier: Version;
  /** When it was asked, by the wall clock. */
  wallMs: number;
  pages: Map<ServerIndex, Page>;
  believed: Map<ServerMask, ServerIndex>;
  requests: Map<number, ServerIndex>;
  /** What an uncertain page left out may have been there. */
  readonly followsUncertain: boolean;
  uncertain: boolean;
};

/** The scans in flight of one broker. */
export class Scans {
  readonly #state: BrokerState;
  readonly #open = new Set<Scan>();

  constructor(state: BrokerState) {
    this.#state = state;
  }

  submit(command: ScanCommand, reply: ReplyTo): void {
    this.#begin(command, reply, false);
  }

  #begin(command: ScanCommand, reply: ReplyTo, followsUncertain: boolean): void {
    const state = this.#state;
    const most = state.host.rare('broker: a page of a scan has one key') ? 1 : SCAN_KEYS_MAX;
    const scan: Scan = {
      command: { ...command, limit: Math.min(command.limit, most) },
      reply,
      deadlineMs: state.host.now() + DEADLINE_MS,
      barrier: 0 as Version,
      wallMs: 0,
      pages: new Map(),
      believed: new Map(),
      requests: new Map(),
      followsUncertain,
      uncertain: followsUncertain,
    };
    this.#open.add(scan);
    this.#ask(scan);
  }

  #ask(scan: Scan): void {
    const state = this.#state;
    const ready = readyServers(state);
    if (ready === 0) {
      this.#open.delete(scan);
      scan.reply(failed(state, 'UNAVAILABLE', 'all servers are down'));
      return;
    }
    scan.pages = new Map();
    scan.requests = new Map();
    scan.believed = new Map();
    scan.uncertain = scan.followsUncertain;
    scan.barrier = state.lastVersion;
    scan.wallMs = state.host.wallMs();
    for (const owners of placementGroups(state.placement)) {
      const certain = answerers(state, owners);
      const believed = membersOf((certain === 0 ? owners & ready : certain) as ServerMask)[0];
      if (certain === 0) scan.uncertain = true;
      if (believed !== undefined) scan.believed.set(owners, believed);
    }
    const { out } = state;
    for (const server of new Set(scan.believed.values())) {
      const request = state.nextRequest;
      state.nextRequest = (state.nextRequest + 1) % OWN_REQUESTS;
      scan.requests.set(request, server);
      out.reset();
      out.u8(FRAME.scan);
      out.u32(request);
      out.u8(scan.command.values ? 1 : 0);
      out.varint(scan.command.limit);
      out.sized(scan.command.prefix);
      out.sized(scan.command.after);
      state.host.send(server, out.view());
    }
  }

  /** `reader` is behind the kind byte of a `scanned` frame. */
  onScanned(reader: ByteReader): void {
    const request = reader.u32();
    for (const scan of this.#open) {
      const server = scan.requests.get(request);
      if (server === undefined) continue;
      scan.requests.delete(request);
      const more = reader.u8() === 1;
      const entries: PageEntry[] = [];
      for (let count = reader.varint(); count > 0; count--) {
        const version = reader.f64() as Version;
        const key = reader.sized().slice();
        const expiresAtMs = reader.f64();
        const value = scan.command.values ? reader.sized().slice() : null;
        entries.push({ key, value, version, expiresAtMs });
      }
      scan.pages.set(server, { entries, more });
      this.settle();
      return;
    }
  }

  /** Answers the scans whose pages are all here and show only what is durable. */
  settle(): void {
    for (const scan of [...this.#open]) {
      if (scan.requests.size > 0) continue;
      let waits = false;
      for (const group of this.#state.groups.values()) {
        if (group.waitsFor(scan.barrier) && answerers(this.#state, group.owners) !== 0) waits = true;
      }
      // A bulk that is not whole yet may be taken back.
      for (const [version, bulk] of this.#state.openBulks) {
        if (version > scan.barrier) continue;
        if (!isStuck(this.#state, bulk)) waits = true;
        else if (shows(scan, version)) scan.uncertain = true;
      }
      if (waits) continue;
      this.#open.delete(scan);
      this.#answer(scan);
    }
  }

  #answer(scan: Scan): void {
    const state = this.#state;
    let horizon: Uint8Array | null = null;
    for (const page of scan.pages.values()) {
      const last = page.entries.at(-1);
      if (page.more && last !== undefined && (horizon === null || compareBytes(last.key, horizon) < 0)) {
        horizon = last.key;
      }
    }
    const entries: ScanEntry[] = [];
    for (const [server, page] of scan.pages) {
      for (const entry of page.entries) {
        if (horizon !== null && compareBytes(entry.key, horizon) > 0) break;
        if (entry.expiresAtMs !== 0 && entry.expiresAtMs <= scan.wallMs) continue;
        if (scan.believed.get(ownersOf(state.placement, entry.key)) === server) entries.push(entry);
      }
    }
    entries.sort((a, b) => compareBytes(a.key, b.key));
    const more = horizon !== null || entries.length > scan.command.limit;
    const page = entries.slice(0, scan.command.limit);
    if (page.length === 0 && more && horizon !== null) {
      // A page full of copies that another server answers for, or of keys whose time has come: go on behind it.
      this.#begin({ ...scan.command, after: horizon }, scan.reply, scan.uncertain);
      return;
    }
    scan.reply({ kind: 'scanned', entries: page, more, notes: notesOf(state, scan.uncertain) });
  }

  /** Asks again what a server that is gone was asked. */
  reask(server: ServerIndex): void {
    for (const scan of [...this.#open]) if ([...scan.believed.values()].includes(server)) this.#ask(scan);
  }

  expire(now: number): void {
    for (const scan of [...this.#open]) {
      if (scan.deadlineMs > now) continue;
      this.#open.delete(scan);
      scan.reply(failed(this.#state, 'UNAVAILABLE', `no answer within ${DEADLINE_MS} ms; a read changes nothing`));
    }
  }
}

function shows(scan: Scan, version: Version): boolean {
  for (const { entries } of scan.pages.values()) if (entries.some((entry) => entry.version === version)) return true;
  return false;
}
