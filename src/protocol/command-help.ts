/** What the command table says to people: usage, HELP, and the errors for unknown words and wrong numbers of arguments. */
import { suggestion } from '../compute/spelling.ts';
import { fail, type KvError } from '../model/errors.ts';
import type { Argument, CommandRow } from './command-row.ts';
import { COMMAND_WORDS, COMMANDS } from './command-table.ts';

/** `KEYS [prefix [limit [after]]]`, `PUT <record>`, `FORCE <server> …`. */
export function usageOf(row: CommandRow): string {
  return row.name + usageOfArguments(row.arguments);
}

/** What follows the verb, or the rest of it: ` <key> <value>`. */
export function usageOfArguments(rest: readonly Argument[]): string {
  let usage = '';
  let open = 0;
  for (const { name, count, choices } of rest) {
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

/** Characters of a client's word that an error repeats. */
const WORD_SHOWN_MAX = 40;

/** Least and most words that may follow; a `rest` kind takes any number from one on. */
export function arityOf(row: CommandRow): { readonly least: number; readonly most: number } {
  let least = 0;
  let most = 0;
  for (const { kind, count } of row.arguments) {
    if (count !== 'optional') least++;
    most = count === 'many' || takesRest(kind) ? Number.POSITIVE_INFINITY : most + 1;
  }
  return { least, most };
}

/** Whether an argument of this kind takes all that follows. */
export function takesRest(kind: Argument['kind']): boolean {
  return kind === 'text' || kind === 'json' || kind === 'items' || kind === 'record' || kind === 'statement';
}

/** USAGE: too few or too many arguments. */
export function wrongArguments(row: CommandRow): KvError {
  return fail('USAGE', `wrong number of arguments for ${row.name}, usage: ${usageOf(row)}`).error;
}

/** USAGE: a word that is none of those the command takes. */
export function wrongWord(row: CommandRow, word: string): KvError {
  return fail('USAGE', `${row.name} takes no '${word.slice(0, WORD_SHOWN_MAX)}', usage: ${usageOf(row)}`).error;
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
