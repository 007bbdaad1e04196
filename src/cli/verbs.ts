/**
 * One command of the table as a command line: `coppice get person1`. The words become one request, the final line of
 * the answer is printed as it came, warnings go to stderr, and the exit code says what became of it.
 */
import { isShownBare } from '../document/keys.ts';
import { utf8 } from '../lib/bytes.ts';
import type { CommandRow } from '../protocol/command-row.ts';
import { COMMANDS } from '../protocol/command-table.ts';
import type { ConnectOptions } from './connect-options.ts';
import { Dialogue, WARNING } from './dialogue.ts';
import { EXIT_CANNOT_CONNECT, EXIT_OK, EXIT_UNKNOWN, exitCodeOf } from './exit-codes.ts';
import { print, tell, type Terminal } from './terminal.ts';
import { CommandFailed, openTextSocket } from './text-socket.ts';

/** The program's own commands of these names do more than the verb. */
const OWN_COMMANDS = ['FAULT', 'EXPORT'];

/** Commands that make sense alone; the others are about one connection. */
export const VERBS: readonly CommandRow[] = COMMANDS.filter(
  (row: CommandRow) => (row.group !== 'connection' || row.name === 'PING') && !OWN_COMMANDS.includes(row.name),
);

/** The request for these words. A key that could not stand bare is quoted; a line break becomes a blank. */
export function requestOf(row: CommandRow, words: readonly string[]): string {
  const parts = words.map((word, i) => {
    const argument = row.arguments[Math.min(i, row.arguments.length - 1)];
    // `put person1 {"age":22}`: of several words that begin with no mark of a data line, the first is a key.
    const isKey = argument?.kind === 'key' || (argument?.kind === 'record' && i === 0 && isKeyAlone(words));
    return isKey && !isShownBare(utf8(word)) ? JSON.stringify(word) : word.replace(/[\r\n]+/g, ' ');
  });
  return [row.name, ...parts].join(' ');
}

function isKeyAlone(words: readonly string[]): boolean {
  return words.length > 1 && !/^["'{\u2018-\u201f]/.test(words[0] as string) && !/^(->|:)/.test(words[1] as string);
}

/** Asks once and prints the answer; resolves with the exit code. */
export async function runVerb(
  row: CommandRow,
  words: readonly string[],
  options: ConnectOptions,
  terminal: Terminal,
): Promise<number> {
  const socket = await openTextSocket(options.endpoint);
  const dialogue = new Dialogue(socket);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    socket.destroy();
  }, options.timeoutMs);
  try {
    if (options.json) await dialogue.ask('FORMAT json');
    const lines = await dialogue.ask(requestOf(row, words));
    const answer = lines.pop();
    for (const warning of lines) tell(terminal, warning);
    if (answer === undefined || answer.startsWith(WARNING)) throw unanswered(row, isLate ? options.timeoutMs : null);
    return printAnswer(answer, options.json, terminal);
  } finally {
    clearTimeout(timer);
    dialogue.close();
  }
}

function printAnswer(answer: string, json: boolean, terminal: Terminal): number {
  const code = json ? /^\{"ok":false,"code":"([A-Z]+)"/.exec(answer) : /^ERROR ([A-Z]+)\b/.exec(answer);
  if (json || code === null) print(terminal, answer);
  else tell(terminal, answer);
  return code === null ? EXIT_OK : exitCodeOf(code[1] as string);
}

/** `lateMs`: how long was waited, or null when the connection broke before. */
function unanswered(row: CommandRow, lateMs: number | null): CommandFailed {
  const readonly = row.flags.includes('readonly');
  const what = lateMs === null ? 'the connection broke before an answer came' : `no answer within ${lateMs} ms`;
  const outcome = readonly ? '' : '; whether it took effect is unknown';
  return new CommandFailed(what + outcome, readonly && lateMs === null ? EXIT_CANNOT_CONNECT : EXIT_UNKNOWN);
}
