/** A host of ours as a process, and what it says of itself. */
import type { ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { ask } from './client.ts';
import { end, run, scratchFolder, start } from './processes.ts';

const ENTRY = resolve(import.meta.dirname, '../../actors/launch.mjs');

export type Host = {
  readonly text: number;
  readonly resp: number;
  readonly pid: number;
  readonly directory: string;
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>;
};

export type HostOptions = {
  readonly servers?: number;
  readonly replicas?: number;
  readonly directory?: string;
  readonly flags?: readonly string[];
  /** A command that starts the host: a tracer. */
  readonly under?: readonly string[];
};

/** The smallest host: each write is stored and synced once, as by a Redis alone. */
export const ONE_COPY = { servers: 1, replicas: 1 } as const;
/** What `coppice start` does unless told otherwise. */
export const TWO_COPIES = { servers: 3, replicas: 2 } as const;

export type Shape = typeof ONE_COPY | typeof TWO_COPIES | { readonly servers: number; readonly replicas: number };

/** `k = 2 on 3 servers` */
export function showShape({ servers, replicas }: Shape): string {
  return `k = ${replicas} on ${servers} server${servers === 1 ? '' : 's'}`;
}

/** Starts a host on free ports over a fresh folder unless one is named; settles when it is ready. */
export async function startHost(options: HostOptions = {}): Promise<Host> {
  const { servers = 3, replicas = 2, directory = scratchFolder(), flags = [], under = [] } = options;
  const child = start([
    ...[...under, process.execPath, ENTRY, 'start', '--dir', directory, '--empty', '--quiet'],
    ...['--port', '0', '--resp-port', '0', '--http-port', 'off'],
    ...['--servers', String(servers), '--replicas', String(replicas), ...flags],
  ]);
  const ready = await readyLine(child);
  const number = (name: string): number => Number(new RegExp(`${name}=(?:\\S+:)?(\\d+)`).exec(ready)?.[1]);
  return {
    text: number('text'),
    resp: number('resp'),
    pid: number('pid'),
    directory,
    stop: (signal) => end(child, signal),
  };
}

/** Runs one `coppice` command to its end; its standard output. */
export function coppice(args: readonly string[]): Promise<string> {
  return run([process.execPath, ENTRY, ...args]);
}

export type Status = {
  readonly durability: string;
  readonly replicas: number;
  readonly servers: readonly { readonly id: string; readonly state: string; readonly walBytes: number }[];
};

export async function statusOf(host: Host): Promise<Status> {
  const answer = await ask(host.text, ['FORMAT json', 'STATUS']);
  return JSON.parse(answer[1] as string) as Status;
}

async function readyLine(child: ChildProcess): Promise<string> {
  let output = '';
  child.stdout?.setEncoding('utf8');
  return new Promise((settle, reject) => {
    child.once('exit', (code) => reject(new Error(`a host ended with ${code} before it was ready`)));
    child.stdout?.on('data', (chunk: string) => {
      output += chunk;
      const line = /^coppice ready .*$/m.exec(output);
      if (line !== null) settle(line[0]);
    });
  });
}
