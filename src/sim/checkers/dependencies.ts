/**
 * What a history of transactions over several keys says about their order, after Elle (Kingsbury and Alvaro, 2020):
 * a write comes before those that saw it, and a reader before the write that replaced what it saw. Values are unique,
 * so it is known who wrote what was seen; which of two writes of a key came first is told by the versions that readers
 * saw, and otherwise follows: when a reader of one write comes after the other, or the other after the write itself.
 * Each edge holds in every order that explains the history, so a circle of them means that there is none.
 */
import { Precedence, type Reason } from './precedence.ts';
import { isDefinite, type Transaction } from './transaction.ts';
import type { Writers } from './values.ts';

/** Some of a chain's transactions: places in the chain go up. */
type Links = { readonly chain: number; readonly nodes: number[] };

type Reading = { readonly reader: number; readonly writer: number };

/** The transactions over one key. */
type KeyTable = {
  readonly key: string;
  /** Who certainly replaced what was there: writes that happened, and deletions that certainly did. */
  readonly replacing: Links[];
  readonly writing: Links[];
  readonly deleting: Links[];
  readonly readings: Reading[];
  /** Those of the readings whose place among the writes is not known yet. */
  open: Reading[];
  readonly emptyReaders: number[];
};

export type Dependencies = { readonly transactions: readonly Transaction[]; readonly precedence: Precedence };

/** The order that the transactions tell of, so far as it can be told; `circle` holds the nodes without an order. */
export function dependenciesOf(
  all: readonly Transaction[],
  writers: Writers,
): Dependencies & { readonly circle: readonly number[] } {
  const transactions = relevant(all, writers);
  const precedence = new Precedence(transactions);
  const tables = tablesOf(transactions, precedence, fleetingOf(all));
  const known = new Set<number>();
  const addOnce = (from: number, to: number, reason: Reason, key: string): void => {
    const { size } = known;
    if (from !== to && known.add(from * transactions.length + to).size > size) precedence.add(from, to, reason, key);
  };
  addVersions(addOnce, tables, versionsOf(transactions, tables));
  for (const { key, readings } of tables) {
    for (const { reader, writer } of readings) addOnce(writer, reader, 'wr', key);
  }
  for (;;) {
    const circle = precedence.settle();
    if (circle.length > 0 || !saturate(precedence, tables)) return { transactions, precedence, circle };
  }
}

/**
 * Transactions over keys that some transaction ties to another key, since single keys are checked by themselves. Of
 * those whose outcome is unknown: deletions, and writes that somebody saw.
 */
function relevant(all: readonly Transaction[], writers: Writers): Transaction[] {
  const tied = new Set<string>();
  for (const transaction of all) {
    const first = transaction.seen[0] ?? transaction.writes[0];
    const isOther = ({ key }: { readonly key: string }): boolean => key !== first?.key;
    if (!transaction.seen.some(isOther) && !transaction.writes.some(isOther)) continue;
    for (const { key } of transaction.seen) tied.add(key);
    for (const { key } of transaction.writes) tied.add(key);
  }
  if (tied.size === 0) return [];
  const happened = new Set<Transaction>();
  const note = ({ seen }: Transaction): void => {
    for (const { key, value } of seen) {
      const writer = value === null ? undefined : writers.get(key)?.get(value);
      if (writer === undefined || isDefinite(writer) || happened.has(writer)) continue;
      happened.add(writer);
      found.push(writer);
    }
  };
  const found: Transaction[] = [];
  for (const transaction of all) if (isDefinite(transaction)) note(transaction);
  // What one of unknown outcome saw, it saw if it happened itself.
  for (let next = found.pop(); next !== undefined; next = found.pop()) note(next);
  return all.filter(
    (transaction) =>
      (transaction.seen.some(({ key }) => tied.has(key)) || transaction.writes.some(({ key }) => tied.has(key))) &&
      (isDefinite(transaction) || happened.has(transaction) || transaction.writes.some(({ value }) => value === null)),
  );
}

/** Keys that may be empty though nobody deleted them. */
function fleetingOf(all: readonly Transaction[]): ReadonlySet<string> {
  const fleeting = new Set<string>();
  for (const { writes } of all) {
    for (const { key, expiresAtMs } of writes) if (expiresAtMs !== undefined) fleeting.add(key);
  }
  return fleeting;
}

function tablesOf(
  transactions: readonly Transaction[],
  precedence: Precedence,
  fleeting: ReadonlySet<string>,
): KeyTable[] {
  const tables = new Map<string, KeyTable>();
  const values = new Map<string, Map<string, number>>();
  const put = (lists: Links[], node: number): void => {
    const chain = precedence.chainOf[node] as number;
    const links = lists.find((other) => other.chain === chain);
    if (links === undefined) lists.push({ chain, nodes: [node] });
    else links.nodes.push(node);
  };
  for (const [node, transaction] of transactions.entries()) {
    for (const { key, value } of transaction.writes) {
      const table = tableOf(tables, key);
      if (value === null) {
        put(table.deleting, node);
        if (isDefinite(transaction)) put(table.replacing, node);
        continue;
      }
      put(table.replacing, node);
      put(table.writing, node);
      const ofKey = values.get(key) ?? new Map<string, number>();
      ofKey.set(value, node);
      values.set(key, ofKey);
    }
  }
  for (const [node, transaction] of transactions.entries()) {
    for (const { key, value } of transaction.seen) {
      const writer = value === null ? undefined : values.get(key)?.get(value);
      if (value === null && !fleeting.has(key)) tableOf(tables, key).emptyReaders.push(node);
      else if (writer !== undefined) tableOf(tables, key).readings.push({ reader: node, writer });
    }
    if (!isDefinite(transaction)) continue;
    if (transaction.seen.length > 0) continue;
    for (const { key, holds } of transaction.needs) {
      if (holds === null && !fleeting.has(key)) tableOf(tables, key).emptyReaders.push(node);
    }
  }
  for (const table of tables.values()) table.open = table.readings;
  return [...tables.values()];
}

function tableOf(tables: Map<string, KeyTable>, key: string): KeyTable {
  const known = tables.get(key);
  if (known !== undefined) return known;
  const table: KeyTable = {
    key,
    replacing: [],
    writing: [],
    deleting: [],
    readings: [],
    open: [],
    emptyReaders: [],
  };
  tables.set(key, table);
  return table;
}

/** The version of each write that readers saw; all writes of a transaction have the same one. */
function versionsOf(transactions: readonly Transaction[], tables: readonly KeyTable[]): Map<number, number> {
  const versions = new Map<number, number>();
  for (const { key, readings } of tables) {
    for (const { reader, writer } of readings) {
      if (versions.has(writer)) continue;
      const seen = (transactions[reader] as Transaction).seen.find((observation) => observation.key === key);
      if (seen?.version != null) versions.set(writer, seen.version);
    }
  }
  return versions;
}

function addVersions(
  add: (from: number, to: number, reason: Reason, key: string) => void,
  tables: readonly KeyTable[],
  versions: ReadonlyMap<number, number>,
): void {
  for (const { key, writing, readings } of tables) {
    const ordered = writing.flatMap(({ nodes }) => nodes).filter((writer) => versions.has(writer));
    ordered.sort((a, b) => (versions.get(a) as number) - (versions.get(b) as number));
    const follower = new Map<number, number>();
    for (let i = 1; i < ordered.length; i++) {
      const [before, after] = [ordered[i - 1] as number, ordered[i] as number];
      add(before, after, 'ww', key);
      follower.set(before, after);
    }
    for (const { reader, writer } of readings) {
      const after = follower.get(writer);
      if (after !== undefined) add(reader, after, 'rw', key);
    }
  }
}

/** Adds what follows from the order so far. Answers whether anything did. */
function saturate(precedence: Precedence, tables: readonly KeyTable[]): boolean {
  const known = precedence.edges;
  for (const table of tables) {
    table.open = table.open.filter((reading) => !orderAround(precedence, table, reading));
    for (const reader of table.emptyReaders) explainNothing(precedence, table, reader);
  }
  return precedence.edges > known;
}

/**
 * Whoever replaced the key before the reader did so before the write it saw; whoever did after that, after the reader.
 * Answers whether everybody who replaced the key is known to be one or the other.
 */
function orderAround(precedence: Precedence, { key, replacing }: KeyTable, { reader, writer }: Reading): boolean {
  let isKnown = true;
  for (const { chain, nodes } of replacing) {
    const at = firstAt(precedence, nodes, precedence.countBefore(reader, chain));
    const before = nodes[at - 1];
    if (before !== undefined && before !== writer && !precedence.isBefore(before, writer)) {
      precedence.add(before, writer, 'ww', key);
    }
    const from = nodes[at] === reader ? at + 1 : at;
    const next = firstAfter(precedence, nodes, writer, from);
    const after = nodes[next];
    if (after !== undefined && !precedence.isBefore(reader, after)) precedence.add(reader, after, 'rw', key);
    // Between those before the reader and those after it there may be some of which nothing is known yet.
    if (next > from && !(next === from + 1 && nodes[from] === writer)) isKnown = false;
  }
  return isKnown;
}

/** Who saw nothing came before each write, or behind a deletion that came after the write. */
function explainNothing(precedence: Precedence, table: KeyTable, reader: number): void {
  for (const { chain, nodes } of table.writing) {
    let at = firstAt(precedence, nodes, precedence.countBefore(reader, chain));
    if (at > 0) explainAfter(precedence, table, reader, nodes[at - 1] as number);
    for (; at < nodes.length; at++) {
      const writer = nodes[at] as number;
      if (writer === reader) continue;
      if (precedence.isBefore(reader, writer)) break;
      if (deletionsBetween(precedence, table, writer, reader).length === 0) {
        precedence.add(reader, writer, 'rw', table.key);
        break;
      }
    }
  }
}

/** The write came before the reader that saw nothing: of the deletions that may lie between them, one does. */
function explainAfter(precedence: Precedence, table: KeyTable, reader: number, writer: number): void {
  const between = deletionsBetween(precedence, table, writer, reader);
  const only = between[0];
  if (only === undefined) precedence.add(reader, writer, 'rw', table.key);
  else if (between.length === 1) {
    if (!precedence.isBefore(writer, only)) precedence.add(writer, only, 'ww', table.key);
    if (!precedence.isBefore(only, reader)) precedence.add(only, reader, 'wr', table.key);
  }
}

/** Deletions that may have happened after the write and before the reader; no more than two of them. */
function deletionsBetween(precedence: Precedence, table: KeyTable, writer: number, reader: number): number[] {
  const between: number[] = [];
  for (const { chain, nodes } of table.deleting) {
    const end = firstAfter(precedence, nodes, reader, 0);
    for (let at = firstAt(precedence, nodes, precedence.countBefore(writer, chain)); at < end; at++) {
      const deletion = nodes[at] as number;
      if (deletion === reader) continue;
      between.push(deletion);
      if (between.length === 2) return between;
    }
  }
  return between;
}

/** The first of a chain's nodes that stands at `position` or behind it. */
function firstAt(precedence: Precedence, nodes: readonly number[], position: number): number {
  let low = 0;
  let high = nodes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((precedence.positionOf[nodes[middle] as number] as number) >= position) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The first of a chain's nodes, counted from `from`, that comes after this node. */
function firstAfter(precedence: Precedence, nodes: readonly number[], node: number, from: number): number {
  let low = from;
  let high = nodes.length;
  // Most often it is the very first one.
  if (low < high && precedence.isBefore(node, nodes[low] as number)) return low;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (precedence.isBefore(node, nodes[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}
