/**
 * The `coppice` command: its subcommands, their flags and help, from tables. Parses words and hands them to one file
 * a command; what they answer is the exit code.
 */
import { Command, Option } from 'commander';
import { connect } from '../client/connect.ts';
import { showEndpoint } from '../client/endpoints.ts';
import { suggestion } from '../compute/spelling.ts';
import type { Result } from '../lib/result.ts';
import type { Pool } from '../node/pool.ts';
import type { Argument, CommandRow } from '../protocol/command-row.ts';
import { runBroker } from './broker.ts';
import { candidatesOf, SHELLS } from './completion.ts';
import { completionScript } from './completion-scripts.ts';
import { CONNECT_FLAGS, type ConnectOptions, connectOptions } from './connect-options.ts';
import { EXIT_OK, EXIT_USAGE } from './exit-codes.ts';
import { runExport } from './export-command.ts';
import { FAULT_FLAGS } from './fault-options.ts';
import { checkReadable } from './files.ts';
import { type Flag, FlagReader, type FlagValues, longName } from './flags.ts';
import { runGen } from './gen-command.ts';
import { GEN_FLAGS } from './gen-options.ts';
import type { StartHost } from './host.ts';
import { runInspect, runVerify } from './inspect-command.ts';
import { runLoad } from './load-command.ts';
import { configJson } from './print-config.ts';
import { runHost } from './run-host.ts';
import { runShell } from './shell.ts';
import { SIMULATE_FLAGS } from './simulate-options.ts';
import { BROKER_FLAGS, SERVER_FLAGS, serverOptions } from './source-options.ts';
import { START_FLAGS, startOptions } from './start-options.ts';
import { print, type Terminal } from './terminal.ts';
import { CommandFailed } from './text-socket.ts';
import { runVerb, VERBS } from './verbs.ts';

export type ProgramHost = {
  readonly terminal: Terminal;
  readonly startHost: StartHost;
  /** Threads that make parts of large generated files. */
  readonly openPool: () => Pool;
  readonly version: string;
};

const JSON_FLAG: Flag = { flags: '--json', summary: 'print JSON' };
const LEAVES_FLAG: Flag = { flags: '--leaves', summary: 'show every key of a checkpoint' };
const SKIP_BAD_FLAG: Flag = { flags: '--skip-bad', summary: 'lines that cannot be loaded do not change the exit code' };
const EXEC_FLAG: Flag = {
  flags: '--exec <LINE>',
  summary: 'ask this instead of reading input; repeatable',
  repeatable: true,
};

/** The program; the code to end with is told to `done`. */
export function buildProgram(host: ProgramHost, done: (exitCode: number) => void): Command {
  const { terminal } = host;
  const program = new Command('coppice')
    .description('A fault-tolerant store for nested documents')
    .version(host.version)
    .showSuggestionAfterError()
    .configureHelp({ optionDescription: ({ description }) => description })
    .helpCommand(false);

  /** A subcommand whose action gets its words and its flags. */
  const add = (usage: string, summary: string, flags: readonly Flag[], run: Run): Command => {
    const command = program.command(usage).description(summary);
    for (const flag of flags) command.addOption(optionOf(flag));
    return command.action(async (...parameters: unknown[]) => {
      const words = parameters.slice(0, command.registeredArguments.length);
      done(await run(words.flat().filter(isText), valuesOf(command, flags)));
    });
  };
  const start = async (values: FlagValues): Promise<number> => {
    const options = checked(startOptions(values, terminal.env));
    if (values['print-config'] === true) {
      print(terminal, configJson(options));
      return EXIT_OK;
    }
    for (const file of options.load) await checkReadable(file);
    return runHost(host.startHost, options, terminal);
  };

  program.commandsGroup('Clusters:');
  add('start', 'start a cluster on this machine', START_FLAGS, (_, values) => start(values));
  add('broker', 'servers of a file: load data, then answer questions', BROKER_FLAGS, (_, values) =>
    runBroker(values, host.startHost, terminal),
  ).aliases(['kvBroker', 'kvClient']);
  add('server [number]', 'one server alone on a text port', SERVER_FLAGS, (_, values) =>
    runHost(host.startHost, checked(serverOptions(values, terminal.env)), terminal),
  ).alias('kvServer');

  program.commandsGroup('Data:');
  add('gen', 'generate data', GEN_FLAGS, (_, values) => runGen(values, host.openPool, terminal)).aliases([
    'createData',
    'genData',
  ]);
  const loadFlags = [...CONNECT_FLAGS, SKIP_BAD_FLAG];
  add('load <files...>', 'load data files; - is standard input', loadFlags, (files, values) => {
    const reader = new FlagReader(loadFlags, values, terminal.env);
    return runLoad(files, { ...connection(loadFlags, values), skipBad: reader.has('skip-bad') }, terminal);
  });
  add('export [prefix]', 'all records as lines of JSON', CONNECT_FLAGS, (words, values) =>
    withClient(connection(CONNECT_FLAGS, values), (client, { timeoutMs }) =>
      runExport(words[0] ?? '', client, timeoutMs, terminal),
    ),
  );
  const shellFlags = [...CONNECT_FLAGS, EXEC_FLAG];
  add('shell', 'ask questions interactively', shellFlags, (_, values) => {
    const options = connection(shellFlags, values);
    const exec = new FlagReader(shellFlags, values, terminal.env).all('exec');
    return runShell({ ...options, exec }, () => openClient(options), terminal);
  });

  program.commandsGroup('Files:');
  const inspectFlags = [JSON_FLAG, LEAVES_FLAG];
  add('inspect <kind> <file>', 'what is in a wal segment or a checkpoint', inspectFlags, ([kind, file], values) => {
    const isKnown = kind === 'wal' || kind === 'checkpoint';
    if (!isKnown) throw new CommandFailed(`inspect ${kind}: expected wal or checkpoint`, EXIT_USAGE);
    const options = { json: values['json'] === true, leaves: values['leaves'] === true };
    return runInspect(kind, file as string, options, terminal);
  });
  add('verify <directory>', 'check every byte of a data directory', [JSON_FLAG], async ([directory], values) =>
    runVerify(directory as string, { json: values['json'] === true }, terminal),
  );

  add('completion <shell>', `complete commands and flags in ${SHELLS.join(', ')}`, [], async ([shell]) => {
    const script = completionScript(shell as string, candidatesOf(program));
    if (script === null) {
      throw new CommandFailed(`completion ${shell}: expected ${SHELLS.join(' or ')}`, EXIT_USAGE);
    }
    terminal.stdout.write(script);
    return EXIT_OK;
  });
  const searching = 'search for broken promises in simulated clusters, or run a fault script in one';
  add('simulate [script]', searching, SIMULATE_FLAGS, async ([script], values) => {
    // The whole simulated world is loaded by who asks for it alone.
    if (script !== undefined) {
      const { runSimulatedScript } = await import('./simulate-script.ts');
      return runSimulatedScript(script, values, terminal);
    }
    const { runSimulate } = await import('./simulate-command.ts');
    return runSimulate(values, terminal);
  });
  const fault = add(
    'fault <script>',
    'run a fault script on a host of its own, or with --port on one',
    FAULT_FLAGS,
    async ([script], values) => {
      if (fault.args.length > 1) {
        const statement = `FAULT ${fault.args.join(' ')}`;
        const message = `fault: takes a file with a script; one statement is a line in "coppice shell": ${statement}`;
        throw new CommandFailed(message, EXIT_USAGE);
      }
      const { runFaultScript } = await import('./fault-command.ts');
      return runFaultScript(script as string, values, host.startHost, terminal);
    },
  ).allowExcessArguments();
  add('bench [words...]', 'ask the benchmarks of a checkout, beside Redis where it is installed', [], async (words) => {
    const { runBench } = await import('./bench-command.ts');
    return runBench(words);
  })
    .allowUnknownOption()
    .helpOption(false);

  program.commandsGroup('One command to a running cluster:');
  for (const row of VERBS) {
    const names = row.aliases.map((alias) => alias.toLowerCase());
    add(verbUsage(row), row.summary, CONNECT_FLAGS, (words, values) =>
      runVerb(row, words, connection(CONNECT_FLAGS, values), terminal),
    ).aliases(names);
  }
  program.commandsGroup('Help:');
  add('help [command]', 'about a command, or all of them', [], async ([name]) => {
    const command = name === undefined ? program : program.commands.find((one) => namesOf(one).includes(name));
    if (command === undefined) {
      const near = suggestion(name as string, program.commands.flatMap(namesOf));
      throw new CommandFailed(`help: unknown command '${name}'${near}`, EXIT_USAGE);
    }
    command.outputHelp();
    return EXIT_OK;
  });
  return program;

  function connection(flags: readonly Flag[], values: FlagValues): ConnectOptions {
    return checked(connectOptions(flags, values, terminal.env));
  }
}

function namesOf(command: Command): string[] {
  return [command.name(), ...command.aliases()];
}

type Run = (words: string[], values: FlagValues) => Promise<number>;

function openClient(options: ConnectOptions) {
  return connect(`coppice://${showEndpoint(options.endpoint)}`, { patienceMs: 0, timeoutMs: options.timeoutMs });
}

async function withClient(
  options: ConnectOptions,
  use: (client: Awaited<ReturnType<typeof openClient>>, options: ConnectOptions) => Promise<number>,
): Promise<number> {
  const client = await openClient(options);
  try {
    return await use(client, options);
  } finally {
    await client.close();
  }
}

function checked<T>(result: Result<T, string>): T {
  if (!result.ok) throw new CommandFailed(result.error, EXIT_USAGE);
  return result.value;
}

function optionOf(flag: Flag): Option {
  const option = new Option(flag.flags, flag.summary);
  // Known to completion; what a value must be is checked where it is read, with the environment's.
  if (flag.choices !== undefined) option.argChoices = [...flag.choices];
  if (flag.repeatable !== true) return option;
  return option.argParser((value: string, before: unknown) => [...(Array.isArray(before) ? before : []), value]);
}

function valuesOf(command: Command, flags: readonly Flag[]): FlagValues {
  const given = command.opts<Record<string, string | true | readonly string[] | undefined>>();
  return Object.fromEntries(
    flags.map((flag) => {
      const name = longName(flag);
      return [name, given[name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())]];
    }),
  );
}

/** `get <key>`, `keys [prefix] [limit] [after]`, `compute <expression...>`. */
function verbUsage(row: CommandRow): string {
  const shown = row.arguments.map(({ name, kind, count }: Argument) => {
    const word = (/^\w+/.exec(name)?.[0] ?? 'word') + (count === 'many' || REST_KINDS.includes(kind) ? '...' : '');
    return count === 'optional' ? `[${word}]` : `<${word}>`;
  });
  return [row.name.toLowerCase(), ...shown].join(' ');
}

const REST_KINDS: readonly Argument['kind'][] = ['record', 'json', 'items', 'statement', 'text'];

function isText(word: unknown): word is string {
  return typeof word === 'string';
}
