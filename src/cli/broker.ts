/**
 * The sources' broker: servers of a file, data loaded onto them, then questions from standard input until EXIT or the
 * end of the file. Answers go to stdout and nothing else does, so that a session that is piped in gives a transcript.
 */
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { goesOn, withoutContinuation } from '../compute/statement.ts';
import { parseEndpoints } from '../client/endpoints.ts';
import { converse, Dialogue } from './dialogue.ts';
import { EXIT_CANNOT_CONNECT, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './exit-codes.ts';
import { checkReadable, openInput, readText, STANDARD_INPUT } from './files.ts';
import type { Environment, FlagValues } from './flags.ts';
import type { Host, StartHost } from './host.ts';
import { Loader, type LoadReport } from './load.ts';
import { loadExitCode, loadSummary } from './load-report.ts';
import { startOrFail } from './run-host.ts';
import { parseServerFile } from './server-file.ts';
import { brokerHost, type BrokerOptions, brokerOptions } from './source-options.ts';
import { print, tell, type Terminal } from './terminal.ts';
import { CommandFailed, openTextSocket, useJson } from './text-socket.ts';

const PROMPT = 'Enter Question: ';
const WAIT_STEP_MS = 50;

/** Runs the whole session; resolves with the exit code. */
export async function runBroker(values: FlagValues, startHost: StartHost, terminal: Terminal): Promise<number> {
  const { options, servers } = await readOptions(values, terminal.env);
  const host = brokerHost(values, terminal.env, servers, options.replicas);
  if (!host.ok) throw new CommandFailed(host.error, EXIT_USAGE);
  for (const file of options.dataFiles) await checkReadable(file);
  const running = await startOrFail(startHost, host.value);
  try {
    await reportServers(running, options, terminal);
    const loaded = await loadAll(running, options, terminal);
    running.onIndexed();
    await answerQuestions(running, options, terminal);
    await running.stop();
    // Not 0 when the host had ended by itself before.
    const ended = await running.ended;
    return ended === EXIT_OK && loaded !== null ? loadExitCode(loaded, options.skipBad) : ended;
  } finally {
    await running.stop();
  }
}

async function readOptions(values: FlagValues, env: Environment) {
  const options = brokerOptions(values, env);
  if (!options.ok) throw new CommandFailed(options.error, EXIT_USAGE);
  const content = await readText(options.value.serverFile);
  const servers = parseServerFile(content);
  if (!servers.ok) throw new CommandFailed(`${options.value.serverFile}: ${servers.error}`, EXIT_USAGE);
  return { options: options.value, servers: servers.value };
}

/** Says of every server whether it is up; refuses to load onto a cluster that is not whole unless that is wanted. */
async function reportServers(host: Host, options: BrokerOptions, terminal: Terminal): Promise<void> {
  const deadline = performance.now() + options.waitMs;
  let status = host.administration.status();
  while (status.servers.some(({ state }) => state !== 'up') && performance.now() < deadline) {
    await sleep(WAIT_STEP_MS);
    status = host.administration.status();
  }
  const down = status.servers.filter(({ state }) => state !== 'up');
  for (const server of status.servers) {
    const [address, port] = splitAddress(server.address);
    tell(terminal, `Server: ${address} : ${port} IS ${server.state === 'up' ? 'UP' : 'DOWN'}!`);
  }
  if (down.length === 0 || options.allowDegraded) return;
  const names = down.map(({ id, address }) => (address === null ? id : `${id} ${address}`)).join(', ');
  const message = `${down.length} of ${status.servers.length} servers are down (${names}); nothing was loaded; --allow-degraded goes on without them`;
  throw new CommandFailed(message, EXIT_CANNOT_CONNECT);
}

async function loadAll(host: Host, options: BrokerOptions, terminal: Terminal): Promise<LoadReport | null> {
  if (options.dataFiles.length === 0) return null;
  tell(terminal, 'Start send data to index');
  const socket = await openTextSocket(endpointOf(host));
  const reading = { file: '' };
  const loader = new Loader(socket, {
    rejected: (line, message) => tell(terminal, `${reading.file}:${line}: ${message}`),
    warned: (warning, line) => tell(terminal, line === null ? warning : `${reading.file}:${line}: ${warning}`),
    progressed: () => undefined,
  });
  let report: LoadReport | null = null;
  for (const file of options.dataFiles) {
    reading.file = file;
    report = await loader.load(openInput(file, terminal));
  }
  socket.end();
  if (report === null) return null;
  const good = report.invalid + report.failed + report.unknown === 0;
  for (const { id } of host.administration.status().servers)
    tell(terminal, `${id} Index Data: ${good ? 'OK' : 'ERROR'}`);
  tell(terminal, `Indexing finished! ${loadSummary(report)}`);
  return report;
}

async function answerQuestions(host: Host, options: BrokerOptions, terminal: Terminal): Promise<void> {
  // Standard input that held the data holds no questions.
  if (options.dataFiles.includes(STANDARD_INPUT) && options.exec.length === 0) return;
  const socket = await openTextSocket(endpointOf(host));
  if (options.json) await useJson(socket);
  if (options.exec.length > 0) await converse(Readable.from(`${options.exec.join('\n')}\n`), socket, terminal.stdout);
  else if (terminal.stdin.isTTY === true) await talk(new Dialogue(socket), terminal);
  else if (!(await converse(terminal.stdin, socket, terminal.stdout))) {
    throw new CommandFailed('the connection to the cluster broke', EXIT_FAILED);
  }
}

/** Questions of a person, one at a time, with a prompt. */
function talk(dialogue: Dialogue, terminal: Terminal): Promise<void> {
  const lines = createInterface({ input: terminal.stdin, output: terminal.stdout, prompt: PROMPT, terminal: true });
  let begun = '';
  const onLine = async (line: string): Promise<void> => {
    const question = begun + line;
    begun = goesOn(question) ? withoutContinuation(question) : '';
    if (begun !== '' || question.trim() === '') return;
    lines.pause();
    for (const answer of await dialogue.ask(question)) print(terminal, answer);
    lines.resume();
  };
  lines.on('line', (line) => {
    onLine(line).then(
      () => {
        if (!dialogue.isOver) lines.prompt();
      },
      () => lines.close(),
    );
  });
  dialogue.onOver(() => lines.close());
  lines.prompt();
  return new Promise((resolve) => {
    lines.on('close', () => {
      dialogue.close();
      resolve();
    });
  });
}

function endpointOf(host: Host) {
  const endpoints = parseEndpoints(host.ports.text ?? '');
  const endpoint = endpoints.ok ? endpoints.value[0] : undefined;
  if (endpoint === undefined) throw new CommandFailed('the host has no text port to ask', EXIT_FAILED);
  return endpoint;
}

function splitAddress(address: string | null): [string, string] {
  const colon = address?.lastIndexOf(':') ?? -1;
  return address === null || colon === -1 ? [address ?? '?', '?'] : [address.slice(0, colon), address.slice(colon + 1)];
}
