/**
 * Completion scripts for three shells, from the same candidates. Commands, their flags, values that are one of a few;
 * everything else is completed as a file. A script asks no running cluster and starts no program.
 */
import type { CommandCandidate, FlagCandidate } from './completion.ts';

/** The script of that shell, or null for another word. */
export function completionScript(shell: string, commands: readonly CommandCandidate[]): string | null {
  const render = new Map([
    ['bash', bash],
    ['zsh', zsh],
    ['fish', fish],
  ]).get(shell);
  return render === undefined ? null : `${render(commands).join('\n')}\n`;
}

function bash(commands: readonly CommandCandidate[]): string[] {
  return [
    '# Completion for bash. Add to ~/.bashrc: eval "$(coppice completion bash)"',
    '_coppice() {',
    '  local word=$2 before=$3 command= words= place=0 i',
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    `    [[ \${COMP_WORDS[i]} == -* ]] && continue`,
    `    [[ -z $command ]] && command=\${COMP_WORDS[i]} && place=$i`,
    '  done',
    '  case "$command $before" in',
    ...commands.flatMap((command) =>
      command.flags
        .filter(({ choices }) => choices.length > 0)
        .map((flag) => `    ${bashPatterns(command, flag)}) words=${quoted(flag.choices.join(' '))} ;;`),
    ),
    '    *)',
    '      case "$command" in',
    `        '') words=${quoted([...commands.map(({ name }) => name), '--help', '--version'].join(' '))} ;;`,
    ...commands.map((command) => {
      const flags = `if [[ $word == -* ]]; then words=${quoted(command.flags.map(({ long }) => long).join(' '))}`;
      const first =
        command.words.length === 0
          ? ''
          : `; elif ((COMP_CWORD == place + 1)); then words=${quoted(command.words.join(' '))}`;
      return `        ${namesOf(command).join(' | ')}) ${flags}${first}; fi ;;`;
    }),
    '      esac ;;',
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    '}',
    'complete -o default -F _coppice coppice',
  ];
}

/** `"start --mode" | "start -m"`: the command and the word before the value. */
function bashPatterns(command: CommandCandidate, { long, short }: FlagCandidate): string {
  const spellings = short === null ? [long] : [long, short];
  return namesOf(command)
    .flatMap((name) => spellings.map((spelling) => `"${name} ${spelling}"`))
    .join(' | ');
}

function zsh(commands: readonly CommandCandidate[]): string[] {
  return [
    '#compdef coppice',
    '# Completion for zsh. Add to ~/.zshrc, after compinit: eval "$(coppice completion zsh)"',
    '_coppice() {',
    '  local -a commands',
    '  commands=(',
    ...commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`),
    '  )',
    '  if ((CURRENT == 2)); then',
    "    _describe 'command' commands",
    '    return',
    '  fi',
    `  local command=\${words[2]}`,
    '  shift words',
    '  ((CURRENT--))',
    '  case $command in',
    ...commands.flatMap((command) => [
      `    ${namesOf(command).join('|')})`,
      '      _arguments \\',
      ...command.flags.map((flag) => `        ${zshFlag(flag)} \\`),
      ...(command.words.length > 0 ? [`        ${quoted(`1:word:(${command.words.join(' ')})`)} \\`] : []),
      "        '*:file:_files' ;;",
    ]),
    '  esac',
    '}',
    'compdef _coppice coppice',
  ];
}

/** `'(-k --replicas)'{-k,--replicas}'[copies of each key]:K: '` */
function zshFlag({ long, short, summary, value, choices }: FlagCandidate): string {
  const what = `[${summary.replace(/[\\[\]:]/g, '\\$&')}]`;
  const action = choices.length > 0 ? `(${choices.join(' ')})` : value === 'FILE' || value === 'DIR' ? '_files' : ' ';
  const rest = quoted(value === null ? what : `${what}:${value.replaceAll(':', '\\:')}:${action}`);
  return short === null ? `${long}${rest}` : `${quoted(`(${short} ${long})`)}{${short},${long}}${rest}`;
}

function fish(commands: readonly CommandCandidate[]): string[] {
  return [
    '# Completion for fish. Save as ~/.config/fish/completions/coppice.fish',
    ...commands.map(
      ({ name, summary }) => `complete -c coppice -n __fish_use_subcommand -f -a ${name} -d ${fishQuoted(summary)}`,
    ),
    ...commands.flatMap((command) => {
      const within = `complete -c coppice -n ${quoted(`__fish_seen_subcommand_from ${namesOf(command).join(' ')}`)}`;
      const words = command.words.length > 0 ? [`${within} -f -a ${quoted(command.words.join(' '))}`] : [];
      return [...words, ...command.flags.map((flag) => `${within} ${fishFlag(flag)}`)];
    }),
  ];
}

function fishFlag({ long, short, summary, value, choices }: FlagCandidate): string {
  return [
    ...(short === null ? [] : [`-s ${short.slice(1)}`]),
    `-l ${long.slice(2)}`,
    ...(value === null ? [] : ['-r']),
    ...(choices.length > 0 ? [`-f -a ${quoted(choices.join(' '))}`] : []),
    `-d ${fishQuoted(summary)}`,
  ].join(' ');
}

function namesOf({ name, aliases }: CommandCandidate): string[] {
  return [name, ...aliases];
}

/** A word of bash and zsh, whatever stands in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A word of fish, where a backslash counts inside of quotes. */
function fishQuoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
