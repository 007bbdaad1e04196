/**
 * Commands over all keys: KEYS, SCAN, DBSIZE, RANDOMKEY, FLUSHALL. They read page after page in the byte order of keys,
 * so a key that is there from beginning to end is met exactly once; one that comes or goes meanwhile may be either.
 */
import { ok, type Result } from '../../../lib/result.ts';
import type { Reply, ScanEntry } from '../../../model/commands.ts';
import type { KvError } from '../../../model/errors.ts';
import { PATTERN_BYTES_MAX, SCAN_KEYS_MAX } from '../../../model/limits.ts';
import { clampedOf, cursorOf, optionOf } from '../arguments.ts';
import { BAD_CURSOR, lineOf, NOT_INTEGER, SYNTAX } from '../failures.ts';
import { literalPrefix, matches } from '../glob.ts';
import type { Words } from '../request-reader.ts';
import { type Answer, laterRow, type Row, type RowFacts } from '../row.ts';
import type { Change, Held } from '../store.ts';
import type { Talk } from '../talk.ts';
import { typeOf } from '../values.ts';

const NOTHING = new Uint8Array(0);

function facts(syntax: string, summary: string, flags: RowFacts['flags'], complexity = 'O(N)'): RowFacts {
  return { syntax, summary, complexity, group: 'generic', flags };
}

export const SCAN_ROWS: readonly Row[] = [
  laterRow('keys', facts('pattern', 'All keys that match', ['readonly', 'dangerous', 'barrier']), onKeys),
  laterRow(
    'scan',
    facts(
      'cursor [MATCH pattern] [COUNT count] [TYPE type]',
      'Keys in pages: a cursor and a page',
      ['readonly', 'barrier'],
      'O(1)',
    ),
    onScan,
  ),
  laterRow(
    'dbsize',
    { ...facts('', 'How many keys there are', ['readonly', 'fast', 'keyspace', 'barrier']), group: 'server' },
    onDbSize,
  ),
  laterRow('randomkey', facts('', 'Some key', ['readonly', 'barrier'], 'O(1)'), onRandomKey),
  laterRow(
    'flushall',
    { ...facts('[ASYNC|SYNC]', 'Delete all keys', ['write', 'dangerous', 'keyspace', 'barrier']), group: 'server' },
    onFlush,
  ),
  laterRow(
    'flushdb',
    { ...facts('[ASYNC|SYNC]', 'Delete all keys', ['write', 'dangerous', 'keyspace', 'barrier']), group: 'server' },
    onFlush,
  ),
];

type Page = Extract<Reply, { kind: 'scanned' }>;

/** A page of which every key is certain, and that none is missing; or the line that says why it is not. */
function certain(reply: Reply): Page | string {
  if (reply.kind === 'failed') return lineOf(reply.error);
  return reply.kind !== 'scanned' || reply.notes.uncertain ? UNCERTAIN : reply;
}

/** Reads pages from a place on until `onPage` says that it is enough; `onEnd` is told of the failure, if it was one. */
function readPages(
  talk: Talk,
  from: { readonly prefix: Uint8Array; readonly after: Uint8Array; readonly limit: number; readonly values: boolean },
  onPage: (page: Page) => boolean,
  onEnd: (failure: string | null) => void,
): void {
  talk.host.store.submit({ kind: 'scan', ...from }, (reply) => {
    const page = certain(reply);
    if (typeof page === 'string') onEnd(page);
    else if (!onPage(page) || !page.more || talk.isGone) onEnd(null);
    else readPages(talk, { ...from, after: (page.entries.at(-1) as ScanEntry).key.slice() }, onPage, onEnd);
  });
}

const UNCERTAIN = 'CLUSTERDOWN the answer is uncertain: no in-sync owner is up for some of the keys';

function onKeys(talk: Talk, words: Words, answer: Answer): void {
  const pattern = words[1] as Uint8Array;
  if (pattern.length > PATTERN_BYTES_MAX) {
    answer((reply) => reply.error(PATTERN_TOO_LONG));
    return;
  }
  const found: Uint8Array[] = [];
  const from = { prefix: literalPrefix(pattern), after: NOTHING, limit: SCAN_KEYS_MAX, values: false };
  readPages(
    talk,
    from,
    ({ entries }) => {
      for (const { key } of entries) if (matches(pattern, key)) found.push(key.slice());
      return true;
    },
    (failure) =>
      answer((reply) => {
        if (failure !== null) return reply.error(failure);
        reply.array(found.length);
        for (const key of found) reply.bulk(key);
      }),
  );
}

const PATTERN_TOO_LONG = `ERR a pattern has at most ${PATTERN_BYTES_MAX} bytes, the limit PATTERN_BYTES_MAX`;

function onScan(talk: Talk, words: Words, answer: Answer): void {
  const refuse = (line: string): void => answer((reply) => reply.error(line));
  const cursor = cursorOf(words[1] as Uint8Array);
  if (cursor === null) {
    refuse(BAD_CURSOR);
    return;
  }
  let pattern: Uint8Array | null = null;
  let count = 10;
  let type: string | null = null;
  for (let i = 2; i < words.length; i += 2) {
    const option = optionOf(words[i] as Uint8Array);
    const value = words[i + 1];
    if (value === undefined) {
      refuse(SYNTAX);
      return;
    }
    if (option === 'MATCH') pattern = value;
    else if (option === 'TYPE') type = optionOf(value).toLowerCase();
    else if (option === 'COUNT') {
      const wanted = clampedOf(value);
      if (wanted === null) {
        refuse(NOT_INTEGER);
        return;
      }
      if (wanted < 1) {
        refuse(SYNTAX);
        return;
      }
      count = Math.min(wanted, SCAN_KEYS_MAX);
    } else {
      refuse(SYNTAX);
      return;
    }
  }
  if (pattern !== null && pattern.length > PATTERN_BYTES_MAX) {
    refuse(PATTERN_TOO_LONG);
    return;
  }
  const { cursors } = talk.host;
  const after = cursor === 0 ? NOTHING : cursors.placeOf(cursor);
  if (after === undefined) {
    refuse(`${BAD_CURSOR}: it is unknown or was forgotten, begin again with 0`);
    return;
  }
  const from = {
    prefix: pattern === null ? NOTHING : literalPrefix(pattern),
    after,
    limit: count,
    values: type !== null,
  };
  talk.host.store.submit({ kind: 'scan', ...from }, (scanned) =>
    answer((reply) => {
      const page = certain(scanned);
      if (typeof page === 'string') return reply.error(page);
      const { entries, more } = page;
      const shown = entries.filter(
        ({ key, value }) =>
          (pattern === null || matches(pattern, key)) &&
          (type === null || (value !== null && typeOf(value).toLowerCase() === type)),
      );
      const last = entries.at(-1);
      reply.array(2);
      reply.text(more && last !== undefined ? String(cursors.keep(last.key)) : '0');
      reply.array(shown.length);
      for (const { key } of shown) reply.bulk(key);
    }),
  );
}

/** Up to this many keys are counted one by one; beyond, what the servers say they keep is near enough. */
const COUNTED_MAX = 50_000;

function onDbSize(talk: Talk, _words: Words, answer: Answer): void {
  const said = keysSaid(talk);
  if (said > COUNTED_MAX) {
    answer((reply) => reply.integer(said));
    return;
  }
  let counted = 0;
  const from = { prefix: NOTHING, after: NOTHING, limit: SCAN_KEYS_MAX, values: false };
  readPages(
    talk,
    from,
    ({ entries }) => {
      counted += entries.length;
      return true;
    },
    (failure) =>
      answer((reply) => {
        if (failure === null) reply.integer(counted);
        else reply.error(failure);
      }),
  );
}

/** How many keys there are, by what the servers said last: each is kept by as many as there are replicas. */
export function keysSaid(talk: Talk): number {
  const { servers, replicas } = talk.host.administration.status();
  return Math.round(servers.reduce((sum, { keys }) => sum + keys, 0) / replicas);
}

/** The first key behind a place that chance names, or the first of all. Long gaps between keys make the next one likelier. */
function onRandomKey(talk: Talk, _words: Words, answer: Answer): void {
  const { facts, store } = talk.host;
  const ask = (after: Uint8Array, prefix: Uint8Array, depth: number): void => {
    const command = { kind: 'scan', prefix, after, limit: RANDOM_PAGE, values: false } as const;
    store.submit(command, (scanned) => {
      const page = certain(scanned);
      if (typeof page === 'string') return answer((reply) => reply.error(page));
      const { entries } = page;
      if (entries.length === 0 && depth > 0) return ask(NOTHING, NOTHING, 0);
      const key = entries[Math.floor(facts.random() * entries.length)]?.key;
      answer((reply) => {
        if (key === undefined) reply.nil();
        else reply.bulk(key);
      });
    });
  };
  // Between two keys that are there: most keys of one store begin alike.
  store.submit({ kind: 'scan', prefix: NOTHING, after: NOTHING, limit: RANDOM_PAGE, values: false }, (page) => {
    if (page.kind !== 'scanned' || !page.more) return ask(NOTHING, NOTHING, 0);
    const first = (page.entries[0] as ScanEntry).key.slice();
    ask(
      placeAfter(first, () => facts.random()),
      NOTHING,
      1,
    );
  });
}

const RANDOM_PAGE = 100;

/** A place behind a key: one of its bytes, drawn by chance, is made greater. */
function placeAfter(key: Uint8Array, random: () => number): Uint8Array {
  const at = Math.floor(random() * key.length);
  const place = key.slice(0, at + 1);
  const byte = place[at] as number;
  place[at] = byte + Math.floor(random() * (256 - byte));
  return place;
}

/**
 * Deletes all keys that are there. As many as a page holds go as one change at one place of the order: nobody sees a part
 * of it, and no crash leaves one. More go page after page. Keys that are stored meanwhile may stay.
 */
function onFlush(talk: Talk, words: Words, answer: Answer): void {
  if (words.length > 1 && !/^(ASYNC|SYNC)$/.test(optionOf(words[1] as Uint8Array))) {
    answer((reply) => reply.error(SYNTAX));
    return;
  }
  const { store, notifications, tracking } = talk.host;
  const refuse = (line: string): void => answer((reply) => reply.error(line));
  const nextPage = (): void => {
    const command = { kind: 'scan', prefix: NOTHING, after: NOTHING, limit: SCAN_KEYS_MAX, values: false } as const;
    store.submit(command, (scanned) => {
      const page = certain(scanned);
      if (typeof page === 'string') return refuse(page);
      if (page.entries.length === 0) return answer((reply) => reply.ok());
      const { more } = page;
      const keys = page.entries.map(({ key }) => key.slice());
      const decide = (held: readonly (Held | null)[]): Result<readonly Change[], KvError> => {
        const changes = keys.filter((_key, i) => held[i] !== null).map((key) => ({ key, value: null }));
        notifications.silence(changes);
        tracking.wrote(changes, talk);
        return ok(changes);
      };
      store.update({ keys, decide }, (reply) => {
        if (reply.kind === 'failed') refuse(lineOf(reply.error));
        else if (more) nextPage();
        else answer((writer) => writer.ok());
      });
    });
  };
  nextPage();
}
