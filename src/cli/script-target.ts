/**
 * The cluster that a fault script runs against: a host of this process, or one behind a text port. Promises here; the
 * script itself knows none.
 */
import { CoppiceError } from '../client/error.ts';
import type { Endpoint } from '../client/endpoints.ts';
import { TextTransport } from '../client/text-transport.ts';
import type { Answer, Request, Transport } from '../client/transport.ts';
import type { Command, Reply } from '../model/commands.ts';
import type { ClusterStatus } from '../model/status.ts';
import { LineAsker } from '../sim/line-asker.ts';
import { Dialogue } from './dialogue.ts';
import type { Host } from './host.ts';
import { openTextSocket } from './text-socket.ts';

export type ScriptTarget = {
  /** Whether the cluster runs in this process, whose memory is its memory. */
  readonly isHere: boolean;
  /** Values of a reply are valid during the call. */
  submit(client: number, command: Command, settle: (reply: Reply | CoppiceError) => void): void;
  /** The text after OK. Rejects with an error that has a code. */
  fault(statement: string): Promise<string>;
  status(): Promise<ClusterStatus>;
  ask(line: string, answer: (line: string) => void): void;
  close(): Promise<void>;
};

/** Connections that share the clients of a load: a connection answers in order, so a slow answer holds up its others. */
const CONNECTIONS = 16;

/** A host of this process; `stop` ends it. */
export function localTarget({ commandPort, administration }: Host, stop: () => Promise<void>): ScriptTarget {
  const asker = new LineAsker(commandPort, administration);
  return {
    isHere: true,
    submit: (_, command, settle) => commandPort.submit(command, settle),
    fault: (statement) => administration.fault(statement),
    status: async () => administration.status(),
    ask: (line, answer) => asker.ask(line, answer),
    close: stop,
  };
}

/** The same, asked over its text port on this machine: for scripts that break connections of clients. */
export async function socketTarget(host: Host, stop: () => Promise<void>): Promise<ScriptTarget> {
  const [address = '', port = ''] = (host.ports.text ?? '').split(':');
  const clients = connections({ host: address, port: Number(port) });
  const close = async (): Promise<void> => {
    await Promise.all(clients.map((transport) => transport.close()));
    await stop();
  };
  return {
    ...localTarget(host, close),
    submit: (client, command, settle) => submitTo(clients, client, command, settle),
  };
}

/** A running host. Rejects with DISCONNECTED when nobody answers there. */
export async function remoteTarget(endpoint: Endpoint): Promise<ScriptTarget> {
  // An operator's command waits for everything asked before it on its connection: it has one of its own.
  const operator = new TextTransport([endpoint]);
  const clients = connections(endpoint);
  let dialogue: Dialogue | null = null;
  const close = async (): Promise<void> => {
    dialogue?.close();
    await Promise.all([operator, ...clients].map((transport) => transport.close()));
  };
  try {
    await operator.ready();
    dialogue = new Dialogue(await openTextSocket(endpoint));
  } catch (error) {
    await close();
    throw error;
  }
  const asking = dialogue;
  return {
    isHere: false,
    submit: (client, command, settle) => submitTo(clients, client, command, settle),
    fault: async (statement) => {
      const answer = await sent(operator, { kind: 'fault', statement });
      return answer.kind === 'said' ? answer.text : '';
    },
    status: async () => {
      const answer = await sent(operator, { kind: 'status' });
      if (answer.kind === 'status') return answer.status;
      throw unlike(answer);
    },
    ask: (line, answer) => {
      void asking.ask(line).then((lines) => answer(lines.at(-1) ?? 'no answer'));
    },
    close,
  };
}

function connections(endpoint: Endpoint): readonly TextTransport[] {
  return Array.from({ length: CONNECTIONS }, () => new TextTransport([endpoint]));
}

function submitTo(
  clients: readonly TextTransport[],
  client: number,
  command: Command,
  settle: (reply: Reply | CoppiceError) => void,
): void {
  const transport = clients[client % clients.length] as TextTransport;
  transport.send({ kind: 'command', command }, (answer) => settle(replyOf(answer)));
}

function sent(transport: Transport, request: Request): Promise<Answer> {
  return new Promise((resolve, reject) => {
    transport.send(request, (answer) => {
      if (answer instanceof CoppiceError) reject(answer);
      else if (answer.kind === 'failed') reject(Object.assign(new Error(answer.error.message), answer.error));
      else resolve(answer);
    });
  });
}

function replyOf(answer: Answer | CoppiceError): Reply | CoppiceError {
  if (answer instanceof CoppiceError) return answer;
  if (answer.kind === 'said' || answer.kind === 'status' || answer.kind === 'computed') return unlike(answer);
  return answer;
}

function unlike({ kind }: Answer): CoppiceError {
  const message = `an answer of another kind: ${kind}`;
  return new CoppiceError({ code: 'DISCONNECTED', message, outcome: 'indefinite', retryable: false });
}
