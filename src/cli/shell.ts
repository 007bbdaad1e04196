/**
 * The interactive shell: Node's own REPL (history file, Ctrl-R, editing) around the text protocol, with completion of
 * commands and of keys that exist. Without a terminal there is no prompt: what is piped in is sent as it is.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Recoverable, type REPLServer, start } from 'node:repl';
import { Readable } from 'node:stream';
import type { CoppiceClient } from '../client/client.ts';
import { goesOn, withoutContinuation } from '../compute/statement.ts';
import { COMMAND_WORDS, commandNamed } from '../protocol/command-table.ts';
import type { ConnectOptions } from './connect-options.ts';
import { converse, Dialogue, WARNING } from './dialogue.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_UNKNOWN } from './exit-codes.ts';
import { showHints } from './ghost.ts';
import { hintFor } from './hint.ts';
import { hasColour, type Terminal } from './terminal.ts';
import { CommandFailed, openTextSocket, useJson } from './text-socket.ts';

/** Keys offered at once, and how long completion may wait for them. */
const OFFERED_MAX = 50;
const OFFER_TIMEOUT_MS = 300;

/** Opens a client that completes keys; a shell without one completes commands only. */
export type OpenClient = () => Promise<CoppiceClient>;

/** `exec`: asked instead of reading input. Resolves with the exit code. */
export async function runShell(
  options: ConnectOptions & { readonly exec: readonly string[] },
  openClient: OpenClient,
  terminal: Terminal,
): Promise<number> {
  const socket = await openTextSocket(options.endpoint);
  if (options.json) await useJson(socket);
  if (options.exec.length === 0 && terminal.stdin.isTTY === true) {
    const client = await openClient();
    await talk(new Dialogue(socket), client, terminal);
    await client.close();
    return EXIT_OK;
  }
  const isScript = options.exec.length > 0;
  // All of it is asked at once, so that silence means waiting; a person's pauses mean nothing.
  let isLate = false;
  if (isScript) {
    socket.setTimeout(options.timeoutMs, () => {
      isLate = true;
      socket.destroy();
    });
  }
  const input = isScript ? Readable.from([`${options.exec.join('\n')}\n`]) : terminal.stdin;
  const hasEnded = await converse(input, socket, terminal.stdout);
  if (isLate) throw new CommandFailed(`no answer within ${options.timeoutMs} ms`, EXIT_UNKNOWN);
  return hasEnded ? EXIT_OK : EXIT_FAILED;
}

/** A person's session, until EXIT, Ctrl+D or the end of the connection. */
function talk(dialogue: Dialogue, client: CoppiceClient, terminal: Terminal): Promise<void> {
  const colour = hasColour(terminal);
  let isAsking = false;
  const repl: REPLServer = start({
    prompt: 'coppice> ',
    input: terminal.stdin,
    output: terminal.stdout,
    terminal: true,
    useGlobal: false,
    ignoreUndefined: true,
    preview: false,
    eval: (source, _context, _file, done) => {
      const line = source.replace(/[\r\n]+$/, '');
      if (goesOn(line)) {
        done(new Recoverable(new SyntaxError('the line goes on')), undefined);
        return;
      }
      const question = joinLines(line);
      if (question.trim() === '') {
        done(null, undefined);
        return;
      }
      isAsking = true;
      dialogue.ask(question).then(
        (lines) => {
          isAsking = false;
          // The other side ends too; a prompt before that would be one too many.
          if (commandNamed(question.trim())?.name === 'EXIT') repl.close();
          else done(null, lines.length === 0 ? undefined : lines);
        },
        (error: unknown) => done(error as Error, undefined),
      );
    },
    writer: (answer: unknown) => (answer as string[]).map((line) => painted(line, colour)).join('\n'),
    completer: (line: string, done: (error: Error | null, found: [string[], string]) => void) => {
      complete(line, client).then(
        (found) => done(null, found),
        () => done(null, [[], line]),
      );
    },
  });
  const history = historyFile(terminal);
  if (history !== null) repl.setupHistory(history, () => undefined);
  // Without colour a hint could not be told from what was typed.
  if (colour) showHints(repl, terminal, { hintFor, isEditing: () => !isAsking });
  dialogue.onOver(() => repl.close());
  return new Promise((resolve) => {
    repl.on('exit', () => {
      dialogue.close();
      resolve();
    });
  });
}

/** What may stand at the end of `line`, and the part of it that is to be replaced. */
export async function complete(line: string, client: CoppiceClient): Promise<[string[], string]> {
  const words = /^\s*(\S*)$/.exec(line);
  if (words !== null) {
    const begun = words[1] as string;
    return [COMMAND_WORDS.filter((word) => word.startsWith(begun.toUpperCase())).map((word) => `${word} `), begun];
  }
  const [, verb, begun] = /^\s*(\S+).*?(\S*)$/.exec(line) as unknown as [string, string, string];
  const row = commandNamed(verb);
  const argument = row?.arguments[0];
  if (argument === undefined) return [[], begun];
  if (argument.kind === 'choice') return [argument.choices.filter((choice) => choice.startsWith(begun)), begun];
  if (argument.kind === 'text' && row?.name === 'HELP') {
    return [COMMAND_WORDS.filter((word) => word.startsWith(begun.toUpperCase())), begun];
  }
  const takesKey = ['key', 'path', 'record', 'statement'].includes(argument.kind);
  return takesKey ? await completeKey(begun, client) : [[], begun];
}

/** Keys that begin so; behind a dot, the fields of the set at that path. */
async function completeKey(begun: string, client: CoppiceClient): Promise<[string[], string]> {
  const options = { timeoutMs: OFFER_TIMEOUT_MS };
  const keys: string[] = [];
  for await (const key of client.keys(begun, { ...options, pageSize: OFFERED_MAX })) {
    keys.push(key);
    if (keys.length === OFFERED_MAX) break;
  }
  const dot = begun.lastIndexOf('.');
  if (keys.length > 0 || dot <= 0) return [keys, begun];
  const set = await client.query(begun.slice(0, dot), options);
  if (set === null || typeof set !== 'object') return [[], begun];
  const last = begun.slice(dot + 1);
  const fields = Object.keys(set).filter((field) => field.startsWith(last));
  return [fields.map((field) => `${begun.slice(0, dot + 1)}${field}`), begun];
}

/** Lines of one COMPUTE, as the REPL collected them. */
function joinLines(source: string): string {
  const lines = source.split(/\r\n|\r|\n/);
  const last = lines.pop() as string;
  return lines.map(withoutContinuation).join('') + last;
}

function painted(line: string, colour: boolean): string {
  if (!colour) return line;
  if (line.startsWith('ERROR')) return `\u001b[31m${line}\u001b[39m`;
  return line.startsWith(WARNING) ? `\u001b[33m${line}\u001b[39m` : line;
}

/** Null when there is no place for it: a shell works without a history. */
function historyFile(terminal: Terminal): string | null {
  const file = join(terminal.env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'coppice', 'history');
  try {
    if (!existsSync(dirname(file))) mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    return file;
  } catch {
    return null;
  }
}
