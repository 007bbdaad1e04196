/**
 * `coppice fault SCRIPT`: a fault script in real time, against a fresh host of its own or a running one. 5 when something
 * that it expects did not come.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseScript } from '../faults/parse-script.ts';
import type { ScriptReport } from '../faults/report.ts';
import { checkScript, ScriptRunner } from '../faults/script-runner.ts';
import type { Script } from '../faults/syntax.ts';
import type { KvError } from '../model/errors.ts';
import type { ClusterStatus } from '../model/status.ts';
import { CONNECT_FLAGS, connectOptions } from './connect-options.ts';
import { exitCodeOf } from './exit-codes.ts';
import { FAULT_FLAGS } from './fault-options.ts';
import { readText } from './files.ts';
import { FlagReader, type FlagValues, wholeNumber } from './flags.ts';
import type { StartHost } from './host.ts';
import { interruption } from './interruption.ts';
import { startOrFail } from './run-host.ts';
import { removeKeys } from './script-keys.ts';
import { localTarget, remoteTarget, type ScriptTarget, socketTarget } from './script-target.ts';
import { passedPoints, ThreadScriptHost } from './script-threads.ts';
import { startOptions } from './start-options.ts';
import { checked, sure, tellReport } from './script-report.ts';
import { tell, type Terminal } from './terminal.ts';
import { CommandFailed } from './text-socket.ts';

const SEED_MAX = 0xffff_ffff;

/** Milliseconds that a host has to heal when a signal ended its script. */
const HEAL_MS_MAX = 5_000;

/** Runs a script on threads; resolves with the exit code. Nothing is begun when the script is wrong. */
export async function runFaultScript(
  file: string,
  values: FlagValues,
  startHost: StartHost,
  terminal: Terminal,
): Promise<number> {
  const reader = new FlagReader(FAULT_FLAGS, values, terminal.env);
  const seed = reader.get('seed', wholeNumber(0, SEED_MAX)) ?? randomInt(SEED_MAX);
  const options = checked(reader.done({ json: reader.has('json') }));
  const text = await readText(file);
  const isRemote = values['port'] !== undefined || values['url'] !== undefined || values['host'] !== undefined;
  const own = isRemote ? null : sure(file, parseScript(text, null));
  // From here on a signal ends the script and not the program: what was started goes with it.
  const { exitCode, stopListening } = interruption(terminal);
  try {
    const target = own === null ? await connected(values, terminal) : await started(own, seed, startHost);
    let ended: ScriptReport | number;
    try {
      ended = await runOn({ file, text, own, seed, target, exitCode, terminal });
    } finally {
      await target.close();
    }
    // Last of all, for whoever reads it may go away in the middle.
    return typeof ended === 'number' ? ended : tellReport(ended, options, terminal);
  } finally {
    stopListening();
  }
}

type Run = {
  readonly file: string;
  readonly text: string;
  /** The script, when the host is its own. */
  readonly own: Script | null;
  readonly seed: number;
  readonly target: ScriptTarget;
  /** Of a signal, when one comes. */
  readonly exitCode: Promise<number>;
  readonly terminal: Terminal;
};

/** The report, or the exit code of a signal. */
async function runOn({ file, text, own, seed, target, exitCode, terminal }: Run): Promise<ScriptReport | number> {
  const status = await target.status();
  const script = own ?? sure(file, parseScript(text, shapeOf(status)));
  // A host that injects no faults says so before the script begins.
  const points = await passedPoints(target).catch(failed);
  // A running host has data of its own, and perhaps that of an earlier script.
  const keyPrefix = own === null ? `fault-${randomBytes(6).toString('hex')}-` : '';
  const host = new ThreadScriptHost(target, status, { seed: script.seed ?? seed, keyPrefix, points });
  try {
    sure(file, checkScript(script, host));
    const reported = new Promise<ScriptReport>((resolve) => {
      new ScriptRunner(script, host, script.seed ?? seed, resolve).start();
    });
    const ended = await Promise.race([exitCode, reported]);
    // Nobody asks anything any more.
    host.close();
    // A host that answers no more has nothing left to heal.
    if (typeof ended === 'number') await Promise.race([target.fault('HEAL all').catch(() => ''), pause(HEAL_MS_MAX)]);
    if (own !== null) return ended;
    const left = await removeKeys(host.history.events, target);
    if (left > 0) tell(terminal, `up to ${left} keys of the script stay there; their names begin with ${keyPrefix}`);
    return ended;
  } finally {
    host.close();
  }
}

async function connected(values: FlagValues, terminal: Terminal): Promise<ScriptTarget> {
  return remoteTarget(checked(connectOptions(CONNECT_FLAGS, values, terminal.env)).endpoint);
}

/** A host with a folder of its own, which is gone with it. */
async function started(
  { servers, replicas, mode, seed, lines }: Script,
  drawn: number,
  startHost: StartHost,
): Promise<ScriptTarget> {
  const directory = await mkdtemp(join(tmpdir(), 'coppice-fault-'));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  // Only then do its clients need connections.
  const hasClientFaults = lines.some(
    ({ statement }) => statement.kind === 'fault' && statement.fault.kind === 'client',
  );
  const flags: FlagValues = {
    dir: join(directory, 'data'),
    servers: `${servers}`,
    replicas: `${replicas}`,
    mode,
    port: hasClientFaults ? '0' : 'off',
    'resp-port': 'off',
    'http-port': 'off',
    'enable-faults': true,
    empty: true,
    quiet: true,
    seed: `${seed ?? drawn}`,
  };
  try {
    const host = await startOrFail(startHost, checked(startOptions(flags, {})));
    const stop = async (): Promise<void> => {
      await host.stop();
      await remove();
    };
    return hasClientFaults ? await socketTarget(host, stop) : localTarget(host, stop);
  } catch (error) {
    await remove();
    throw error;
  }
}

function failed(error: unknown): never {
  const { code, message } = error as Partial<KvError>;
  throw new CommandFailed(`${code ?? ''} ${message ?? String(error)}`.trim(), exitCodeOf(`${code}`), { cause: error });
}

function shapeOf({ servers, replicas, mode }: ClusterStatus): Pick<Script, 'servers' | 'replicas' | 'mode'> {
  return { servers: servers.length, replicas, mode };
}
