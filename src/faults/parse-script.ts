/**
 * A whole script: its lines with when they happen, checked before anything begins. Names are known from the line on
 * that gives them; SEED and CLUSTER come before everything else. Errors are BADFAULT with line and column.
 */
import { ok, type Result } from '../lib/result.ts';
import { type Mode, MODES } from '../model/config.ts';
import type { KvError } from '../model/errors.ts';
import { SERVERS_MAX } from '../model/limits.ts';
import { Cursor, type Surroundings } from './cursor.ts';
import { FORMS, OTHER_STATEMENTS } from './forms.ts';
import { parseCheck, parseEvent, parseSpan } from './parse-check.ts';
import { parseFaultStatement, startsFault } from './parse-fault.ts';
import { parseNewName, parseServers } from './parse-selector.ts';
import {
  KNOBS,
  LOAD_OPERATIONS,
  type Load,
  type Script,
  type ScriptLine,
  type Statement,
  type When,
} from './syntax.ts';

/** What a script runs on when it does not say. */
export type ClusterShape = { readonly servers: number; readonly replicas: number; readonly mode: Mode };

export const DEFAULT_SHAPE: ClusterShape = { servers: 3, replicas: 2, mode: 'replicated' };

/** Statements of one script: more is a program that went wrong. */
export const SCRIPT_LINES_MAX = 10_000;

const CONTROL = ['LOAD', 'STOP', 'EXPECT', 'CLUSTER', 'SEED', 'PHASE', 'SET', 'WAIT', 'ASSERT-HEALED', 'NOTE', 'END'];

/** `given`: the cluster that runs already, which a CLUSTER statement must not contradict; null: the script may choose. */
export function parseScript(text: string, given: ClusterShape | null): Result<Script, KvError> {
  const reader = new ScriptReader(given);
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    const read = reader.read(line.replace(/\r$/, ''), index + 1);
    if (!read.ok) return read;
  }
  return ok(reader.script());
}

class ScriptReader {
  readonly #given: ClusterShape | null;
  #shape: ClusterShape;
  #seed: number | null = null;
  readonly #names = new Set<string>();
  readonly #loads = new Set<string>();
  readonly #lines: ScriptLine[] = [];

  constructor(given: ClusterShape | null) {
    this.#given = given;
    this.#shape = given ?? DEFAULT_SHAPE;
  }

  script(): Script {
    return { ...this.#shape, seed: this.#seed, lines: this.#lines };
  }

  read(text: string, line: number): Result<null, KvError> {
    const around: Surroundings = { servers: this.#shape.servers, mode: this.#shape.mode, names: this.#names };
    const cursor = new Cursor(text, line, around);
    if (cursor.isAtEnd) return cursor.close(null);
    const when = parseWhen(cursor);
    const column = cursor.peek()?.column ?? 1;
    const statement = this.#statement(cursor);
    if (this.#lines.length === SCRIPT_LINES_MAX)
      cursor.wrongAt(column, `expected at most ${SCRIPT_LINES_MAX} statements`);
    if (when.kind === 'at-end') {
      if (statement.kind !== 'expect') cursor.wrongAt(column, 'expected EXPECT: nothing else is done at end');
      else if ('ms' in statement.span)
        cursor.wrongAt(column, 'expected no time: at end is judged once, when all is healed');
    }
    if (statement.kind === 'cluster' || statement.kind === 'seed') {
      if (when.kind !== 'next' || this.#lines.length > 0) {
        cursor.wrongAt(column, `expected ${statement.kind.toUpperCase()} before every other statement`);
      }
    }
    const read = cursor.close(statement);
    if (!read.ok) return read;
    this.#keep({ line, when, statement });
    return ok(null);
  }

  #keep(line: ScriptLine): void {
    const { statement } = line;
    if (statement.kind === 'seed') this.#seed = statement.seed;
    else if (statement.kind === 'cluster') {
      const { servers, replicas, mode } = statement;
      this.#shape = { servers, replicas, mode };
    } else {
      if (statement.kind === 'load') this.#loads.add(statement.name);
      if (statement.kind === 'fault' && statement.options.name !== null) this.#names.add(statement.options.name);
      this.#lines.push(line);
    }
  }

  #statement(cursor: Cursor): Statement {
    const word = cursor.word() ?? '';
    if (word === 'fault') {
      cursor.skip();
      return parseFaultStatement(cursor);
    }
    if (startsFault(word)) return parseFaultStatement(cursor);
    switch (word) {
      case 'load':
        cursor.skip();
        return this.#load(cursor);
      case 'stop': {
        cursor.skip();
        const name = cursor.peek()?.text ?? '';
        if (this.#loads.has(name)) cursor.skip();
        else cursor.expected(`the name of a load: ${[...this.#loads].join(', ') || 'there is none yet'}`);
        return { kind: 'stop', name };
      }
      case 'expect': {
        cursor.skip();
        const check = parseCheck(cursor);
        return { kind: 'expect', check, span: parseSpan(cursor) };
      }
      case 'cluster':
        cursor.skip();
        return this.#cluster(cursor);
      case 'seed':
        cursor.skip();
        return { kind: 'seed', seed: cursor.whole('a seed', 0, 0xffff_ffff) };
      case 'phase': {
        cursor.skip();
        const phase = cursor.oneOf(['safety', 'liveness'] as const);
        return { kind: 'phase', phase, core: cursor.isAtEnd || phase === 'safety' ? null : parseServers(cursor) };
      }
      case 'set':
        cursor.skip();
        return { kind: 'set', knob: cursor.oneOf(KNOBS), ms: cursor.duration() };
      case 'wait':
        cursor.skip();
        return { kind: 'wait', ms: cursor.duration() };
      case 'assert-healed':
      case 'end':
        cursor.skip();
        return { kind: word };
      case 'note':
        return { kind: 'note', text: restOf(cursor) };
      default:
        cursor.expected(
          `one of ${[...CONTROL, ...FORMS.map(({ words }) => words), ...OTHER_STATEMENTS.map(([words]) => words)].join(', ')}`,
        );
        return { kind: 'end' };
    }
  }

  #load(cursor: Cursor): Load {
    const column = cursor.peek()?.column ?? 1;
    const name = parseNewName(cursor);
    if (this.#loads.has(name)) cursor.wrongAt(column, `expected another name: there is a load ${name} already`);
    cursor.need('clients');
    const clients = cursor.whole('how many clients', 1, 10_000);
    cursor.need('rate');
    const rate = cursor.number(0.001, 10_000_000, 'operations a second');
    cursor.need('mix');
    const mix: { operation: Load['mix'][number]['operation']; weight: number }[] = [];
    do mix.push(parseShare(cursor));
    while (cursor.take(','));
    cursor.need('keys');
    const keys = cursor.whole('how many keys', 1, 10_000_000);
    return { kind: 'load', name, clients, rate, mix, keys, forMs: cursor.take('for') ? cursor.duration() : null };
  }

  #cluster(cursor: Cursor): Statement {
    const column = cursor.peek()?.column ?? 1;
    let { servers, mode } = this.#shape;
    let replicas: number | null = null;
    if (cursor.isAtEnd) cursor.expected('servers N, replicas K or mode M');
    while (!cursor.isAtEnd) {
      const word = cursor.oneOf(['servers', 'replicas', 'mode'] as const);
      if (word === 'mode') mode = cursor.oneOf(MODES);
      else if (word === 'servers') servers = cursor.whole('how many servers', 1, SERVERS_MAX);
      else replicas = cursor.whole('how many copies', 1, SERVERS_MAX);
    }
    const everywhere = mode === 'leader' || mode === 'masterless';
    if (mode === 'single') servers = 1;
    replicas ??= everywhere ? servers : Math.min(this.#shape.replicas, servers);
    if (replicas > servers) cursor.wrongAt(column, `expected at most ${servers} replicas on ${servers} servers`);
    const given = this.#given;
    const isOther = given !== null && (given.servers !== servers || given.replicas !== replicas || given.mode !== mode);
    if (isOther) {
      const runs = `servers ${given.servers} replicas ${given.replicas} mode ${given.mode}`;
      cursor.wrongAt(column, `expected the cluster that runs: ${runs}`);
    }
    return { kind: 'cluster', servers, replicas, mode };
  }
}

function parseWhen(cursor: Cursor): When {
  if (cursor.take('at')) return cursor.take('end') ? { kind: 'at-end' } : { kind: 'at', ms: cursor.duration() };
  if (cursor.take('after')) return { kind: 'after', ms: cursor.duration() };
  if (cursor.take('every')) {
    const ms = cursor.interval();
    const jitterPercent = cursor.take('jitter') ? cursor.percent() : 0;
    return { kind: 'every', ms, jitterPercent, times: cursor.take('times') ? cursor.whole('how many times', 1) : null };
  }
  if (cursor.take('on')) return { kind: 'on', ...parseEvent(cursor) };
  return cursor.take('when') ? { kind: 'when', check: parseCheck(cursor) } : { kind: 'next' };
}

function parseShare(cursor: Cursor): Load['mix'][number] {
  const [name, weight] = (cursor.word() ?? '').split(':');
  const operation = LOAD_OPERATIONS.find((one) => one === (name === 'put' ? 'set' : name));
  const isWeight = weight !== undefined && /^[1-9]\d{0,5}$/.test(weight);
  if (operation === undefined || !isWeight) cursor.expected(`a share such as get:50, of ${LOAD_OPERATIONS.join(', ')}`);
  else cursor.skip();
  return { operation: operation ?? 'get', weight: Number(weight) };
}

/** A note is free text: everything after the word. */
function restOf(cursor: Cursor): string {
  const from = (cursor.peek()?.column ?? 1) - 1 + 'note'.length;
  while (!cursor.isAtEnd) cursor.skip();
  return cursor.text.slice(from).trim();
}
