/** What may be completed on a command line of `coppice`, read from the program itself, for a script of any shell. Pure. */
import type { Command, Option } from 'commander';

/** Shells that there are scripts for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export type FlagCandidate = {
  readonly long: string;
  readonly short: string | null;
  readonly summary: string;
  /** Name of its value, or null for a flag without one. */
  readonly value: string | null;
  /** The only values; empty when they are free. */
  readonly choices: readonly string[];
};

export type CommandCandidate = {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly flags: readonly FlagCandidate[];
  /** What its first word may be; empty when that is free. */
  readonly words: readonly string[];
};

/** First words that are names of something. */
const FIRST_WORDS = new Map<string, readonly string[]>([
  ['inspect', ['wal', 'checkpoint']],
  ['completion', SHELLS],
]);

/** All commands in the order of the help. */
export function candidatesOf(program: Command): CommandCandidate[] {
  const commands = program.createHelp().visibleCommands(program);
  const names = commands.map((command) => command.name());
  return commands.map((command) => ({
    name: command.name(),
    aliases: command.aliases(),
    summary: command.description(),
    flags: command.createHelp().visibleOptions(command).map(flagOf),
    words: command.name() === 'help' ? names : (FIRST_WORDS.get(command.name()) ?? []),
  }));
}

function flagOf(option: Option): FlagCandidate {
  return {
    long: option.long ?? '',
    short: option.short ?? null,
    summary: option.description,
    value: /<([^>]+)>/.exec(option.flags)?.[1] ?? null,
    choices: option.argChoices ?? [],
  };
}
