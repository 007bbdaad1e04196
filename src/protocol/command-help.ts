/** What the command table says to people: usage, HELP, and the errors for unknown words and wrong numbers of arguments. */
import { suggestion } from '../compute/spelling.ts';
import { fail, type KvError } from '../model/errors.ts';
import type { CommandRow } from './command-row.ts';
import { COMMAND_WORDS, COMMANDS } from './command-table.ts';

/** `KEYS [prefix [limit [after]]]`, `PUT <record>`, `FORCE <server> …`. */
export function usageOf(row: CommandRow): string {
  let usage = row.name as string;
  let open = 0;
  for (const { name, count, choices } of row.arguments) {
    const shown = choices.length > 0 ? choices.join('|') : name;
    if (count === 'optional') {
      usage += ` [${shown}`;
      open++;
    } else usage += count === 'many' ? ` <${shown}> …` : ` <${shown}>`;
  }
  return usage + ']'.repeat(open);
}

/** All commands in one line. */
export function helpOnAll(): string {
  return COMMANDS.map((row) => usageOf(row)).join(' | ');
}

/** One command in one line. */
export function helpOn(row: CommandRow): string {
  const parts = [usageOf(row), row.summary, `example: ${row.example}`];
  if (row.aliases.length > 0) parts.push(`also: ${row.aliases.join(' ')}`);
  if (row.errors.length > 0) parts.push(`errors: ${row.errors.join(' ')}`);
  if (row.notHere !== null) parts.push(`not in this mode: ${row.notHere}`);
  return parts.join(' | ');
}

/** Least and most words that may follow; a `rest` kind takes any number from one on. */
export function arityOf(row: CommandRow): { readonly least: number; readonly most: number } {
  let least = 0;
  let most = 0;
  for (const { kind, count } of row.arguments) {
    if (count !== 'optional') least++;
    const takesRest =
      kind === 'text' || kind === 'json' || kind === 'items' || kind === 'record' || kind === 'statement';
    most = count === 'many' || takesRest ? Number.POSITIVE_INFINITY : most + 1;
  }
  return { least, most };
}

/** USAGE: too few or too many arguments. */
export function wrongArguments(row: CommandRow): KvError {
  return fail('USAGE', `wrong number of arguments for ${row.name}, usage: ${usageOf(row)}`).error;
}

/** UNKNOWN: no command has this name. `word` is what the client wrote. */
export function unknownCommand(word: string): KvError {
  const near = suggestion(word, COMMAND_WORDS);
  return fail('UNKNOWN', `unknown command '${word}'${near === '' ? ',' : near} commands: ${COMMAND_WORDS.join(' ')}`)
    .error;
}

/** NOTHERE: the command exists, but not in what this host runs. */
export function notHere(row: CommandRow): KvError {
  return fail('NOTHERE', `${row.name} is not in this mode: ${row.notHere ?? ''}`).error;
}
