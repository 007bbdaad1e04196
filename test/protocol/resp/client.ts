/** A RESP session over a store in memory, and the words to ask it with. */
import { createHash } from 'node:crypto';
import { text, utf8 } from '../../../src/lib/bytes.ts';
import { RESP_COMMANDS } from '../../../src/protocol/resp/command-table.ts';
import type { HostFacts } from '../../../src/protocol/resp/facts.ts';
import { RespHost } from '../../../src/protocol/resp/resp-host.ts';
import { RespSession } from '../../../src/protocol/resp/session.ts';
import { NaiveAdministration } from '../naive-store.ts';
import { type Decoded, decodeAll, ErrorReply } from './decode.ts';
import { MemoryStore } from './memory-store.ts';

export type Opened = {
  readonly session: RespSession;
  readonly store: MemoryStore;
  readonly host: RespHost;
  readonly administration: NaiveAdministration;
  wakes(): number;
};

/** A host over a store; sessions of it see one another. */
export function newHost(store = new MemoryStore(), facts: Partial<HostFacts> = {}): Omit<Opened, 'session' | 'wakes'> {
  const administration = new NaiveAdministration();
  const host = new RespHost({
    store,
    administration,
    index: RESP_COMMANDS,
    facts: {
      putMode: 'upsert',
      version: '0.1.0',
      pid: 42,
      runId: '0'.repeat(40),
      os: 'Linux',
      arch: 'x64',
      executable: '/usr/bin/node',
      directory: '/data',
      connectionsMax: 10_000,
      wallMs: () => store.now,
      clockMs: () => store.now,
      random: () => 0.5,
      sha256: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
      secret: (count) => new Uint8Array(count).fill(0xab),
      later: (_milliseconds, run) => run(),
      users: null,
      memory: () => ({ used: 1_000_000, resident: 2_000_000, peak: 1_500_000, total: 8_000_000 }),
      processorSeconds: () => ({ user: 1, system: 0.5 }),
      requestsInFlight: () => 0,
      port: () => 7401,
      ...facts,
    },
  });
  return { store, host, administration };
}

export function open(on: Omit<Opened, 'session' | 'wakes'> = newHost()): Opened {
  let wakes = 0;
  const peer = { address: '127.0.0.1:5000', localAddress: '127.0.0.1:7401' };
  const session = new RespSession(on.host, peer, () => wakes++);
  return { ...on, session, wakes: () => wakes };
}

/** A request as clients send it. */
export function request(...words: readonly (string | Uint8Array)[]): Uint8Array {
  const parts = words.map((word) => (typeof word === 'string' ? utf8(word) : word));
  const chunks = [
    utf8(`*${parts.length}\r\n`),
    ...parts.flatMap((part) => [utf8(`$${part.length}\r\n`), part, utf8('\r\n')]),
  ];
  return joined(chunks);
}

export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** The bytes that a session has ready. */
export function raw({ session }: Pick<Opened, 'session'>): string {
  const output = text(session.output());
  session.sent();
  return output;
}

/** Sends one command and answers its reply as a client sees it: an error as its line. */
export function ask(opened: Pick<Opened, 'session'>, ...words: readonly (string | Uint8Array)[]): Decoded {
  const replies = askAll(opened, [words]);
  if (replies.length !== 1) throw new Error(`${replies.length} replies to ${String(words[0])}`);
  return replies[0] as Decoded;
}

/** Sends commands at once and answers all replies. */
export function askAll(
  { session }: Pick<Opened, 'session'>,
  commands: readonly (readonly (string | Uint8Array)[])[],
): Decoded[] {
  session.push(joined(commands.map((words) => request(...words))));
  const replies = decodeAll(session.output().slice());
  session.sent();
  return replies.map(plain);
}

function plain(reply: Decoded): Decoded {
  if (reply instanceof ErrorReply) return `-${reply.line}`;
  return Array.isArray(reply) ? reply.map(plain) : reply;
}
