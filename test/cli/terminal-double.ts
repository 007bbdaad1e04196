/** A terminal in memory: what a command printed, and what it is given to read. */
import { PassThrough, Readable, Writable } from 'node:stream';
import type { Terminal } from '../../src/cli/terminal.ts';

export type MemoryTerminal = Terminal & {
  readonly output: () => string;
  readonly complaints: () => string;
  signal(name: 'SIGINT' | 'SIGTERM'): void;
};

export function memoryTerminal(input = '', env: Record<string, string> = {}): MemoryTerminal {
  const printed: string[] = [];
  const told: string[] = [];
  const handlers = new Set<(signal: 'SIGINT' | 'SIGTERM') => void>();
  return {
    stdin: Readable.from(input === '' ? [] : [Buffer.from(input)]),
    stdout: collector(printed),
    stderr: collector(told),
    env,
    onSignal: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    output: () => printed.join(''),
    complaints: () => told.join(''),
    signal: (name) => {
      for (const handler of handlers) handler(name);
    },
  };
}

/** A terminal whose input stays open. */
export function openTerminal(): MemoryTerminal & { readonly typing: PassThrough } {
  const typing = new PassThrough();
  return { ...memoryTerminal(), stdin: typing, typing };
}

function collector(chunks: string[]): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
}
