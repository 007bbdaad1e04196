/** One connection of the kill loop: writes without waiting for single answers, and knows which of its operations were acknowledged. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Prng } from '../../src/lib/prng.ts';
import type { Register } from './kill-loop-register.ts';
import type { Ring } from './kill-loop-ring.ts';

/** Commands that one writer has in flight. */
const WINDOW = 24;
const PADDING_BYTES_MAX = 1_500;
/** Bytes of the values of one bulk together. */
const BULK_BYTES_MAX = 30_000;
const SNAPSHOT_PROBABILITY = 0.002;
const RING_PROBABILITY = 0.01;
const RING_STRETCH = 100;

/** What the answer to a command says of it. */
type Asked = { acknowledge(): void; refuse(): void } | null;

export class Writer {
  readonly #socket: Socket;
  readonly #name: string;
  readonly #prng: Prng;
  /** Oldest first; null for a command that stores nothing. */
  readonly #inFlight: Asked[] = [];
  readonly #closed: Promise<unknown>;
  #isWriting = false;
  #registers: readonly Register[] = [];
  #ring: Ring | null = null;
  #buffer = '';
  #written = 0;
  acknowledged = 0;
  /** Answers that were errors, of whatever outcome. */
  refused = 0;

  private constructor(socket: Socket, name: string, prng: Prng) {
    this.#socket = socket;
    this.#name = name;
    this.#prng = prng;
    this.#closed = new Promise((settle) => socket.once('close', settle));
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => this.#onData(chunk));
    socket.on('error', () => socket.destroy());
  }

  static async open(port: number, name: string, prng: Prng): Promise<Writer> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new Writer(socket, name, prng);
  }

  get inFlight(): number {
    return this.#inFlight.length;
  }

  /** Writes until `finish`, or until the connection ends. */
  write(registers: readonly Register[], ring: Ring | null = null): void {
    this.#registers = registers;
    this.#ring = ring;
    this.#isWriting = true;
    this.#fill();
  }

  /** Writes nothing more; settles when everything is answered, or never will be. */
  async finish(): Promise<void> {
    this.#isWriting = false;
    if (this.#inFlight.length === 0) this.#socket.destroy();
    await this.#closed;
  }

  /** Writes one bulk and nothing else. */
  writeOnce(family: Register): void {
    this.#socket.write(`${this.#bulk(family)}\n`);
  }

  async closed(): Promise<void> {
    await this.#closed;
  }

  #fill(): void {
    let lines = '';
    while (this.#isWriting && this.#inFlight.length < WINDOW) lines += `${this.#next()}\n`;
    if (lines !== '') this.#socket.write(lines);
  }

  #next(): string {
    if (this.#prng.chance(SNAPSHOT_PROBABILITY)) {
      this.#inFlight.push(null);
      return 'SNAPSHOT';
    }
    if (this.#ring !== null && this.#prng.chance(RING_PROBABILITY)) return this.#stretch(this.#ring);
    const register = this.#pick();
    if (register.keys.length > 1) return this.#bulk(register);
    const [key] = register.keys;
    const value = this.#prng.chance(0.2) ? null : this.#value(PADDING_BYTES_MAX);
    this.#inFlight.push(settled(register, register.begin(this.#name, value)));
    if (value === null) return `DELETE ${key}`;
    return this.#prng.chance(0.5) ? `SET ${key} {"v":"${value}"}` : `PUT "${key}" -> [ "v" -> "${value}" ]`;
  }

  /** Large bulks are rare: they would leave no time for anything else. */
  #pick(): Register {
    for (;;) {
      const register = this.#prng.pick(this.#registers);
      if (this.#prng.chance(1 / register.keys.length ** 0.75)) return register;
    }
  }

  #bulk(family: Register): string {
    const value = this.#value(Math.min(PADDING_BYTES_MAX, BULK_BYTES_MAX / family.keys.length));
    this.#inFlight.push(settled(family, family.begin(this.#name, value)));
    return `BULKSET ${JSON.stringify(family.keys.map((key) => [key, { v: value }]))}`;
  }

  #stretch(ring: Ring): string {
    const value = this.#value(BULK_BYTES_MAX / RING_STRETCH);
    const bulk = ring.begin(this.#name, value, this.#prng.below(ring.keys.length), RING_STRETCH);
    this.#inFlight.push(settled(ring, bulk));
    return `BULKSET ${JSON.stringify([...bulk.keys].map((position) => [ring.keys[position], { v: value }]))}`;
  }

  #value(paddingMax: number): string {
    return `${this.#name}n${this.#written++}-${'x'.repeat(this.#prng.below(Math.max(1, Math.floor(paddingMax))))}`;
  }

  #onData(chunk: string): void {
    const lines = (this.#buffer + chunk).split('\n');
    this.#buffer = lines.pop() ?? '';
    for (const line of lines) if (!line.startsWith('WARNING:')) this.#onAnswer(line);
    if (this.#isWriting && !this.#socket.destroyed) this.#fill();
    else if (this.#inFlight.length === 0) this.#socket.destroy();
  }

  #onAnswer(line: string): void {
    const asked = this.#inFlight.shift();
    if (asked === null || asked === undefined) return;
    if (!line.startsWith('ERROR ')) {
      this.acknowledged++;
      asked.acknowledge();
      return;
    }
    this.refused++;
    if (!line.startsWith('ERROR TIMEOUT')) asked.refuse();
  }
}

function settled<T>(keeper: { acknowledge(operation: T): void; refuse(operation: T): void }, operation: T): Asked {
  return { acknowledge: () => keeper.acknowledge(operation), refuse: () => keeper.refuse(operation) };
}
