/** What may still follow a line that is being typed, from the command table: ` <key> <value>` behind `SET`. Pure. */
import { takesRest, usageOfArguments } from '../protocol/command-help.ts';
import { commandNamed } from '../protocol/command-table.ts';

/** The arguments that are not begun yet; empty for an unknown verb, or when nothing is left to say. */
export function hintFor(line: string): string {
  const [verb, ...words] = line.trimStart().split(/\s+/);
  const row = verb === undefined ? null : commandNamed(verb);
  if (row === null) return '';
  // Behind a blank the last word is an empty one, which has not begun an argument.
  const begun = words.filter((word) => word !== '').length;
  const last = row.arguments[begun - 1];
  if (begun > row.arguments.length || (last !== undefined && (last.count === 'many' || takesRest(last.kind))))
    return '';
  const usage = usageOfArguments(row.arguments.slice(begun));
  return /\s$/.test(line) ? usage.trimStart() : usage;
}
