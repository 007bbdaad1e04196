/** Runs one command line from words to an exit code. Every failure becomes one line on stderr; nothing is thrown. */
import { CommanderError } from 'commander';
import { CoppiceError } from '../client/error.ts';
import { EXIT_CANNOT_CONNECT, EXIT_FAILED, EXIT_OK, EXIT_UNKNOWN, EXIT_USAGE, exitCodeOf } from './exit-codes.ts';
import { buildProgram, type ProgramHost } from './program.ts';
import { tell } from './terminal.ts';
import { CommandFailed } from './text-socket.ts';

/** `words`: what follows the program's name. Resolves with the code to end the process with. */
export async function runCommand(words: readonly string[], host: ProgramHost): Promise<number> {
  const { terminal } = host;
  let exitCode = EXIT_OK;
  const program = buildProgram(host, (code) => {
    exitCode = code;
  });
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      outputError: (text, write) => write(`coppice: ${oneLine(text)}\n`),
    });
  }
  try {
    if (words.length === 0) program.outputHelp();
    else await program.parseAsync(withVerb(words), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
    const { message, code } = failureOf(error);
    tell(terminal, `coppice: ${message}`);
    return code;
  }
}

/** `coppice GET person1`: verbs are those of the text protocol, where case does not matter. */
function withVerb([first = '', ...others]: readonly string[]): string[] {
  return [/^[A-Z]+$/.test(first) ? first.toLowerCase() : first, ...others];
}

function failureOf(error: unknown): { message: string; code: number } {
  if (error instanceof CommandFailed) return { message: error.message, code: error.exitCode };
  if (error instanceof CoppiceError) {
    if (error.outcome === 'indefinite' || error.code === 'TIMEOUT')
      return { message: error.message, code: EXIT_UNKNOWN };
    const code = error.code === 'DISCONNECTED' ? EXIT_CANNOT_CONNECT : exitCodeOf(error.code);
    return { message: `${error.code} ${error.message}`, code };
  }
  // A fault of the program itself: the way it came is worth more than a short message.
  return { message: error instanceof Error ? (error.stack ?? error.message) : String(error), code: EXIT_FAILED };
}

/** `error: unknown option '--sevrers' (Did you mean --servers?)`: commander prints it in two lines. */
function oneLine(text: string): string {
  return text
    .trim()
    .replace(/\s*\n\s*/g, ' ')
    .replace(/^error: /, '');
}
