/**
 * Flags of a command as a table, and the checked reading of their values. Pure. The first thing that is wrong is kept
 * as one line that names the flag (or the environment variable) it came from; a command looks at it once, at the end.
 */
import { err, ok, type Result } from '../lib/result.ts';

/** Spelled for commander: `-k, --replicas <K>`, or `--index` for one without a value. */
export type Flag = {
  readonly flags: string;
  readonly summary: string;
  /** A source's own environment variable; `COPPICE_<NAME>` always works and beats it. */
  readonly env?: string;
  readonly repeatable?: boolean;
  /** The only values there are, for completion. */
  readonly choices?: readonly string[];
};

/** Values by long name, without the dashes; `true` for a flag without a value. */
export type FlagValues = Readonly<Record<string, string | true | readonly string[] | undefined>>;
export type Environment = Readonly<Record<string, string | undefined>>;
export type Parse<T> = (text: string) => Result<T, string>;

export class FlagReader {
  readonly #flags: ReadonlyMap<string, Flag>;
  readonly #values: FlagValues;
  readonly #env: Environment;
  #error: string | null = null;

  constructor(flags: readonly Flag[], values: FlagValues, env: Environment) {
    this.#flags = new Map(flags.map((flag) => [longName(flag), flag]));
    this.#values = values;
    this.#env = env;
  }

  /** The value, or null when nobody gave one (or it is wrong). */
  get<T>(name: string, parse: Parse<T>): T | null {
    const given = this.#given(name);
    if (given === null) return null;
    const result = parse(given.text);
    if (result.ok) return result.value;
    this.fail(`${given.source}: ${result.error}`);
    return null;
  }

  /** Whether a flag without a value was given. */
  has(name: string): boolean {
    return this.get(name, truth) ?? false;
  }

  /** Whether the command line itself names it. */
  isGiven(name: string): boolean {
    return this.#values[name] !== undefined;
  }

  /** All values of a repeatable flag, in their order. */
  all(name: string): readonly string[] {
    const value = this.#values[name];
    if (Array.isArray(value)) return value as readonly string[];
    const given = this.#given(name);
    return given === null ? [] : [given.text];
  }

  /** Keeps the first complaint. */
  fail(message: string): void {
    this.#error ??= message;
  }

  /** What was read, unless something was wrong. */
  done<T>(value: T): Result<T, string> {
    return this.#error === null ? ok(value) : err(this.#error);
  }

  #given(name: string): { source: string; text: string } | null {
    const value = this.#values[name];
    if (value === true) return { source: `--${name}`, text: 'true' };
    if (typeof value === 'string') return { source: `--${name}`, text: value };
    const own = this.#flags.get(name)?.env;
    for (const variable of [
      `COPPICE_${name.replaceAll('-', '_').toUpperCase()}`,
      ...(own === undefined ? [] : [own]),
    ]) {
      const text = this.#env[variable];
      if (text !== undefined && text !== '') return { source: variable, text };
    }
    return null;
  }
}

/** `replicas` of `-k, --replicas <K>`. */
export function longName(flag: Flag): string {
  return (/--([a-z][a-z-]*)/.exec(flag.flags)?.[1] ?? '') as string;
}

export function wholeNumber(low: number, high: number): Parse<number> {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= low && value <= high) return ok(value);
    return err(`expected a whole number from ${low} to ${high}, got "${text}"`);
  };
}

export function choice<T extends string>(names: readonly T[]): Parse<T> {
  return (text) => {
    const found = names.find((name) => name === text.toLowerCase());
    return found === undefined ? err(`expected ${names.join(' or ')}, got "${text}"`) : ok(found);
  };
}

export function anyText(text: string): Result<string, string> {
  return text === '' ? err('expected a value') : ok(text);
}

/** A port to listen on; 0 is any free one. */
export function portOrOff(text: string): Result<number | 'off', string> {
  if (text.toLowerCase() === 'off') return ok('off');
  const port = wholeNumber(0, 65_535)(text);
  return port.ok ? port : err(`expected a port from 0 to 65535 or off, got "${text}"`);
}

/** `500ms`, `2s`, `1m` or a bare number of milliseconds, in milliseconds. */
export function duration(text: string): Result<number, string> {
  const match = /^(\d{1,9})(ms|s|m)?$/.exec(text);
  if (match === null) return err(`expected a duration such as 500ms or 10s, got "${text}"`);
  const unit = match[2] === 'm' ? 60_000 : match[2] === 's' ? 1_000 : 1;
  return ok(Number(match[1]) * unit);
}

function truth(text: string): Result<boolean, string> {
  if (/^(1|true|yes|on)$/i.test(text)) return ok(true);
  if (/^(0|false|no|off)$/i.test(text)) return ok(false);
  return err(`expected true or false, got "${text}"`);
}
