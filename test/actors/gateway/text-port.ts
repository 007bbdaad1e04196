/** A text gateway before a reference cluster on a free port, and raw sockets to it. */
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import type { ConnectionLimits } from '../../../actors/gateway/connection.ts';
import { TextGateway } from '../../../actors/gateway/text.ts';
import type { Turns } from '../../../actors/gateway/turns.ts';
import type { PutMode } from '../../../src/model/config.ts';
import { TextSession } from '../../../src/protocol/text-session.ts';
import { ADMINISTRATION, ReferenceCluster } from '../../client/reference-cluster.ts';

export type PortOptions = {
  readonly limits?: Partial<ConnectionLimits>;
  readonly connectionsMax?: number;
  readonly port?: number;
  readonly putMode?: PutMode;
  readonly role?: 'gateway' | 'server';
  /** Threads with its sockets. */
  readonly threads?: number;
  readonly turns?: Turns;
};

export type TextPort = {
  readonly cluster: ReferenceCluster;
  readonly gateway: TextGateway;
  readonly port: number;
  readonly url: string;
  [Symbol.asyncDispose](): Promise<void>;
};

export async function openTextPort(options: PortOptions = {}): Promise<TextPort> {
  const cluster = new ReferenceCluster();
  const gateway = new TextGateway({
    host: '127.0.0.1',
    port: options.port ?? 0,
    threads: options.threads ?? 0,
    openSession: (wake) =>
      new TextSession(
        cluster,
        ADMINISTRATION,
        { role: options.role ?? 'gateway', putMode: options.putMode ?? 'upsert', strictTypes: false, angle: 'rad' },
        wake,
      ),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.turns === undefined ? {} : { turns: options.turns }),
    ...(options.connectionsMax === undefined ? {} : { connectionsMax: options.connectionsMax }),
  });
  const { port } = await gateway.open();
  return {
    cluster,
    gateway,
    port,
    url: `coppice://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => gateway.destroy(),
  };
}

export async function dial(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
  await once(socket, 'connect');
  return socket;
}

/** Everything the other side says until it ends its half (or resets the connection). */
export function readAll(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
  });
}

/** Waits until `condition` holds, looking once a turn of the event loop. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
