/**
 * The client: one interface for a cluster behind a socket (connect.ts) and for one inside this process (local.ts).
 * JavaScript values go in and come out; integers beyond 2^53 are bigint, both ways. It never turns a failure into a
 * missing key, and never repeats a call that may have taken effect.
 */
import { formatRecord } from '../document/format.ts';
import { parsePath } from '../document/path.ts';
import { fromPlain, toPlain } from '../document/plain.ts';
import { assert } from '../lib/assert.ts';
import { text, utf8 } from '../lib/bytes.ts';
import type { Found, Item, Notes, Path } from '../model/commands.ts';
import { showVersion } from '../model/ids.ts';
import { BULK_ITEMS_MAX, KEY_BYTES_MAX, SCAN_KEYS_MAX } from '../model/limits.ts';
import type { ClusterStatus } from '../model/status.ts';
import { call, type CallOptions } from './call.ts';
import { CoppiceError, fromKvError } from './error.ts';
import type { Answer, Request, Transport } from './transport.ts';

/** Anything JSON can say, and integers of any size. */
export type Value = null | boolean | number | bigint | string | Value[] | { [name: string]: Value };

/** What is known of one key. `uncertain`: no in-sync owner confirmed it. */
export type Entry =
  | {
      readonly found: true;
      readonly value: Value;
      /** Place of the write in the order of all writes, `epoch.sequence`. */
      readonly version: string;
      readonly uncertain: boolean;
      readonly warnings: readonly string[];
    }
  | { readonly found: false; readonly uncertain: boolean; readonly warnings: readonly string[] };

export type ClientOptions = {
  /** Milliseconds a call may take unless the call says otherwise. */
  readonly timeoutMs: number;
  /** Told of every warning that comes with an answer. */
  readonly onWarning: (warning: string) => void;
};

export type KeysOptions = CallOptions & {
  /** Keys fetched at a time. */
  readonly pageSize?: number;
};

/** 004's client waits this long; long enough for a restart of the cluster behind a call. */
export const TIMEOUT_MS = 30_000;

const PAGE_KEYS = 1_000;

export class CoppiceClient {
  readonly #transport: Transport;
  readonly #options: ClientOptions;

  constructor(transport: Transport, options: Partial<ClientOptions> = {}) {
    this.#transport = transport;
    this.#options = { timeoutMs: TIMEOUT_MS, onWarning: () => {}, ...options };
  }

  /** Stores any value under a key; resolves when it is durable on every in-sync owner. */
  async set(key: string, value: unknown, options: CallOptions = {}): Promise<void> {
    const items = [{ key: keyBytes(key), value: packed(value) }];
    await this.#written({ kind: 'command', command: { kind: 'write', items, onExisting: 'overwrite' } }, options);
  }

  /** Stores a record: its value must be a set (an object). With the put mode `insert` an existing key rejects EXISTS. */
  async put(key: string, record: Readonly<Record<string, unknown>>, options: CallOptions = {}): Promise<void> {
    if (typeof record !== 'object' || record === null || Array.isArray(record)) throw usage('a record is an object');
    await this.#written({ kind: 'put', item: { key: keyBytes(key), value: packed(record) } }, options);
  }

  /** Stores all items or none, at one moment. Of two items with one key the later wins; no items is no work. */
  async bulkSet(items: Iterable<readonly [string, unknown]>, options: CallOptions = {}): Promise<void> {
    const list: Item[] = [];
    for (const [key, value] of items) {
      if (list.length === BULK_ITEMS_MAX) throw usage(`a bulk has at most ${BULK_ITEMS_MAX} items`);
      list.push({ key: keyBytes(key), value: packed(value) });
    }
    if (list.length === 0) return;
    const command = { kind: 'write', items: list, onExisting: 'overwrite' } as const;
    await this.#written({ kind: 'command', command }, options);
  }

  /** The value of a top-level key, or null when there is none; its type is the caller's claim. `getEntry` tells a stored null from a missing key. */
  async get<T = Value>(key: string, options: CallOptions = {}): Promise<T | null> {
    return valueOf(await this.getEntry(key, options), key) as T | null;
  }

  /** The value of a top-level key with what is known of it. */
  async getEntry(key: string, options: CallOptions = {}): Promise<Entry> {
    const answer = await this.#ask({ kind: 'command', command: { kind: 'get', key: keyBytes(key) } }, options);
    assert(answer.kind === 'found', 'a get is answered by what was found');
    return entryOf(answer.found, answer.notes);
  }

  /** The value at a dotted path, or null when there is none. */
  async query<T = Value>(path: string, options: CallOptions = {}): Promise<T | null> {
    const answer = await this.#ask({ kind: 'command', command: { kind: 'query', path: pathOf(path) } }, options);
    assert(answer.kind === 'found', 'a query is answered by what was found');
    return valueOf(entryOf(answer.found, answer.notes), path) as T | null;
  }

  /** The values of several keys at one moment of the order of writes, null for each that is missing. */
  async mget(keys: readonly string[], options: CallOptions = {}): Promise<Value[]> {
    if (keys.length === 0) return [];
    const paths = keys.map(wholeKey);
    const answer = await this.#ask({ kind: 'command', command: { kind: 'queryMany', paths } }, options);
    assert(answer.kind === 'foundMany', 'several paths are answered together');
    return answer.found.map((found, i) => valueOf(entryOf(found, answer.notes), keys[i] as string));
  }

  /** Deletes a top-level key; false when there was none. */
  async delete(key: string, options: CallOptions = {}): Promise<boolean> {
    const answer = await this.#ask({ kind: 'command', command: { kind: 'delete', key: keyBytes(key) } }, options);
    assert(answer.kind === 'deleted', 'a delete is answered by whether the key existed');
    return answer.existed;
  }

  /** Value of an expression; `bindings` names the path each variable stands for. */
  async compute(
    expression: string,
    bindings: Readonly<Record<string, string>> = {},
    options: CallOptions = {},
  ): Promise<number | bigint> {
    const where = Object.entries(bindings).map(([name, path]) => `${name} = QUERY ${path}`);
    const line = oneLine(where.length === 0 ? expression : `${expression} WHERE ${where.join(' AND ')}`);
    const answer = await this.#ask({ kind: 'compute', text: line }, options);
    assert(answer.kind === 'computed', 'an expression is answered by its value');
    return numberOf(answer.text);
  }

  /** The keys that start with `prefix`, in byte order, fetched page by page while they are read. */
  async *keys(prefix = '', options: KeysOptions = {}): AsyncGenerator<string, void, undefined> {
    for await (const entry of this.#scan(prefix, options, false)) yield text(entry.key);
  }

  /** Like `keys`, with the values. */
  async *entries(prefix = '', options: KeysOptions = {}): AsyncGenerator<[string, Value], void, undefined> {
    for await (const entry of this.#scan(prefix, options, true)) {
      assert(entry.value !== null, 'a scan with values has values');
      yield [text(entry.key), toPlain(entry.value) as Value];
    }
  }

  /** Like `entries`, each record as a line of JSON with the digits that were stored. */
  async *lines(prefix = '', options: KeysOptions = {}): AsyncGenerator<string, void, undefined> {
    for await (const entry of this.#scan(prefix, options, true)) {
      assert(entry.value !== null, 'a scan with values has values');
      yield formatRecord(entry.key, entry.value, 'json');
    }
  }

  async status(options: CallOptions = {}): Promise<ClusterStatus> {
    const answer = await this.#ask({ kind: 'status' }, options);
    assert(answer.kind === 'status', 'a status is answered by a status');
    return answer.status;
  }

  /** Runs one fault statement (without the word FAULT); answers what the cluster says of it. */
  async fault(statement: string, options: CallOptions = {}): Promise<string> {
    return await this.#said({ kind: 'fault', statement: oneLine(statement) }, options);
  }

  /** Opens an epoch with the named servers; answers what may be lost. */
  async force(servers: readonly string[], options: CallOptions = {}): Promise<string> {
    for (const name of servers) if (!/^s\d+$/i.test(name)) throw usage(`${name} is not the name of a server`);
    return await this.#said({ kind: 'force', servers }, options);
  }

  /** Makes every server that is up write a checkpoint. */
  async snapshot(options: CallOptions = {}): Promise<string> {
    return await this.#said({ kind: 'snapshot' }, options);
  }

  /** Calls still open are rejected with CLOSED. */
  async close(): Promise<void> {
    await this.#transport.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async *#scan(prefix: string, options: KeysOptions, values: boolean) {
    const prefixBytes = utf8(prefix);
    const limit = Math.min(options.pageSize ?? PAGE_KEYS, SCAN_KEYS_MAX);
    let after: Uint8Array = new Uint8Array(0);
    for (;;) {
      const command = { kind: 'scan', prefix: prefixBytes, after, limit, values } as const;
      const answer = await this.#ask({ kind: 'command', command }, options);
      assert(answer.kind === 'scanned', 'a scan is answered by a page of keys');
      yield* answer.entries;
      const last = answer.entries.at(-1);
      if (!answer.more || last === undefined) return;
      after = last.key;
    }
  }

  async #written(request: Request, options: CallOptions): Promise<void> {
    const answer = await this.#ask(request, options);
    assert(answer.kind === 'written', 'a write is answered by what was written');
  }

  async #said(request: Request, options: CallOptions): Promise<string> {
    const answer = await this.#ask(request, options);
    assert(answer.kind === 'said', 'an operator is answered by a line');
    return answer.text;
  }

  async #ask(request: Request, options: CallOptions): Promise<Exclude<Answer, { kind: 'failed' }>> {
    const answer = await call(this.#transport, request, options, this.#options.timeoutMs);
    const warnings = 'notes' in answer ? answer.notes.warnings : 'warnings' in answer ? answer.warnings : [];
    for (const warning of warnings) this.#options.onWarning(warning);
    if (answer.kind === 'failed') throw fromKvError(answer.error);
    return answer;
  }
}

function entryOf(found: Found, notes: Notes): Entry {
  const { uncertain, warnings } = notes;
  if (found === null) return { found: false, uncertain, warnings };
  return {
    found: true,
    value: toPlain(found.value) as Value,
    version: showVersion(found.version),
    uncertain,
    warnings,
  };
}

/** An uncertain miss is no miss: the key may live on a server that is down. */
function valueOf(entry: Entry, what: string): Value {
  if (entry.found) return entry.value;
  if (!entry.uncertain) return null;
  throw new CoppiceError({
    code: 'UNCERTAIN',
    message: `${what} was not found, but no in-sync owner could confirm it`,
    outcome: 'definite',
    retryable: true,
  });
}

function keyBytes(key: string): Uint8Array {
  if (typeof key !== 'string' || key === '') throw usage('a key is a string that is not empty');
  const bytes = utf8(key);
  if (bytes.length <= KEY_BYTES_MAX) return bytes;
  throw fromKvError({ code: 'TOOLARGE', message: `a key of ${bytes.length} bytes is over ${KEY_BYTES_MAX}` });
}

function wholeKey(key: string): Path {
  return { segments: [keyBytes(key)], joinable: 0 };
}

function pathOf(source: string): Path {
  const path = parsePath(source);
  if (!path.ok) throw fromKvError(path.error);
  return path.value;
}

function packed(value: unknown): Uint8Array {
  const result = fromPlain(value);
  if (!result.ok) throw fromKvError(result.error);
  return result.value;
}

function usage(message: string): CoppiceError {
  return fromKvError({ code: 'USAGE', message });
}

/** A request is one line: a line break inside an expression is whitespace. */
function oneLine(source: string): string {
  return source.replace(/[\r\n]+/g, ' ').trim();
}

function numberOf(source: string): number | bigint {
  const value = Number(source);
  return /^-?\d+$/.test(source) && !Number.isSafeInteger(value) ? BigInt(source) : value;
}
