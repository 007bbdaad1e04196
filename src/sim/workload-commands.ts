/**
 * Actions of a history as commands to a broker, and replies as what a client makes of them. A value is stored as a
 * whole number, so that COMPUTE can read several at once: it is asked for their sum, each in digits of its own.
 */
import type { Update } from '../broker/updates.ts';
import { answer as answerStatement, parseStatement, pathsOf, type Statement } from '../compute/statement.ts';
import { fromPlain } from '../document/plain.ts';
import { assert } from '../lib/assert.ts';
import { text, utf8 } from '../lib/bytes.ts';
import { ok, type Result } from '../lib/result.ts';
import type { Command, Found, Item, Path, Reply } from '../model/commands.ts';
import { formatJson } from '../document/json.ts';
import type { Action, Answer, Observation } from './history.ts';

/** How far apart the values lie in the sum that a COMPUTE is asked for. */
const APART = 1_000_000n;

const OPTIONS = { angle: 'rad', strictTypes: false } as const;

/** An update as a broker takes it; `saw` is told what it was decided from. */
export function updateOf(
  { writes, onMissing }: Extract<Action, { kind: 'update' }>,
  saw: (observations: readonly Observation[]) => void,
): Update {
  const items = writes.map(([key, value]) => itemOf(key, value));
  return {
    keys: items.map(({ key }) => key),
    decide: (held) => {
      saw(
        writes.map(([key], i) => {
          const value = held[i]?.value;
          return { key, value: value === undefined ? null : formatJson(value), version: null };
        }),
      );
      return ok(onMissing === 'leave' && held.includes(null) ? [] : items);
    },
  };
}

/** What a broker is asked; a value in `action` is a decimal number below a million. */
export function commandOf(action: Exclude<Action, { kind: 'update' }>): Command {
  switch (action.kind) {
    case 'set': {
      const { key, value, expiresAtMs } = action;
      const item = itemOf(key, value);
      const items = [expiresAtMs === undefined ? item : { ...item, expiresAtMs }];
      return { kind: 'write', items, onExisting: 'overwrite' };
    }
    case 'insert':
      return { kind: 'write', items: [itemOf(action.key, action.value)], onExisting: 'refuse' };
    case 'bulk':
      return {
        kind: 'write',
        items: action.writes.map(([key, value]) => itemOf(key, value)),
        onExisting: 'overwrite',
      };
    case 'delete':
    case 'get':
      return { kind: action.kind, key: utf8(action.key) };
    case 'getMany':
      return {
        kind: 'queryMany',
        paths: action.by === 'compute' ? pathsOf(statementOf(action.keys)) : action.keys.map(pathOf),
      };
    case 'scan': {
      const { prefix, after, limit } = action;
      return { kind: 'scan', prefix: utf8(prefix), after: utf8(after), limit, values: true };
    }
    default:
      return action satisfies never;
  }
}

/** What a reply that is no failure tells; `keys`: every key that a scan may find. */
export function answerOf(action: Action, reply: Reply, keys: readonly string[]): Answer {
  switch (reply.kind) {
    case 'written':
      return { kind: 'done' };
    case 'deleted':
      return { kind: 'deleted', existed: reply.existed };
    case 'found':
      assert(action.kind === 'get', 'a get is answered by what was found');
      return { kind: 'seen', observations: [observationOf(action.key, reply.found)] };
    case 'foundMany':
      assert(action.kind === 'getMany', 'a read of several keys is answered by what was found of each');
      return { kind: 'seen', observations: manyOf(action, reply.found, reply.notes.uncertain) };
    case 'scanned':
      assert(action.kind === 'scan', 'a scan is answered by a page');
      return { kind: 'seen', observations: pageOf(action, reply, keys) };
    default:
      assert(false, 'a failure has no answer');
  }
}

function itemOf(key: string, value: string): Item {
  const packed = fromPlain(Number(value));
  return { key: utf8(key), value: sure(packed) };
}

function pathOf(key: string): Path {
  return { segments: [utf8(key)], joinable: 1 };
}

function observationOf(key: string, found: Found): Observation {
  if (found === null) return { key, value: null, version: null };
  return { key, value: formatJson(found.value), version: found.version };
}

function manyOf(
  { keys, by }: Extract<Action, { kind: 'getMany' }>,
  found: readonly Found[],
  uncertain: boolean,
): Observation[] {
  if (by === 'query') return keys.map((key, i) => observationOf(key, found[i] ?? null));
  const computed = answerStatement(statementOf(keys), found, { ...OPTIONS, uncertain });
  if (!computed.ok) {
    const missing = keys.find((_, i) => computed.error.message.startsWith(`${nameOf(i)} = QUERY `));
    if (computed.error.code === 'NOTFOUND' && missing !== undefined) {
      return [{ key: missing, value: null, version: null }];
    }
    // Not an answer that this statement has: as a value that nobody wrote it is found out.
    return [{ key: keys[0] as string, value: `${computed.error.code} ${computed.error.message}`, version: null }];
  }
  let rest = BigInt(computed.value.text);
  return keys.map((key) => {
    const value = String(rest % APART);
    rest /= APART;
    return { key, value, version: null };
  });
}

/** Keys up to the end of the page that are not in it were not there. */
function pageOf(
  { prefix, after }: Extract<Action, { kind: 'scan' }>,
  { entries, more }: Extract<Reply, { kind: 'scanned' }>,
  keys: readonly string[],
): Observation[] {
  const observations = entries.map(({ key, value, version }) =>
    observationOf(text(key), value === null ? null : { value, version }),
  );
  const last = more ? (observations.at(-1)?.key ?? '') : null;
  const seen = new Set(observations.map(({ key }) => key));
  for (const key of keys) {
    const isInPage = key.startsWith(prefix) && key > after && (last === null || key <= last);
    if (isInPage && !seen.has(key)) observations.push({ key, value: null, version: null });
  }
  return observations;
}

function statementOf(keys: readonly string[]): Statement {
  const sum = keys.map((_, i) => `${nameOf(i)}*${APART ** BigInt(i)}`).join('+');
  const bindings = keys.map((key, i) => `${nameOf(i)} = QUERY ${key}`).join(' AND ');
  return sure(parseStatement(`${sum} WHERE ${bindings}`));
}

function nameOf(index: number): string {
  return `v${index}`;
}

function sure<T>(result: Result<T, { readonly message: string }>): T {
  assert(result.ok, 'what the workload asks is well formed');
  return result.value;
}
