/** A client that has many requests in flight and keeps account of each: what was asked, when, and what became of it. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Prng } from '../../src/lib/prng.ts';
import { type ErrorCode, ERRORS, isIndefinite } from '../../src/model/errors.ts';
import { type Operation, Register } from './kill-loop-register.ts';

const KEYS_EACH = 10;

/** One connection that sends all its requests at once and knows what became of each. */
export class Client {
  readonly registers: readonly Register[];
  readonly tookMs: number[] = [];
  /** Values whose writing was refused for certain. */
  readonly refused = new Set<string>();
  sent = 0;
  surplus = 0;
  uncertain = 0;
  definite = 0;
  readonly #socket: Socket;
  readonly #name: string;
  readonly #prng: Prng;
  readonly #pending: { register: Register; operation: Operation | null; sentAt: number }[] = [];
  readonly #waiting: (() => void)[] = [];
  #buffer = '';
  #isOpen = true;

  private constructor(socket: Socket, name: string, prng: Prng) {
    this.#socket = socket;
    this.#name = name;
    this.#prng = prng;
    this.registers = Array.from({ length: KEYS_EACH }, (_, i) => new Register([`${name}k${i}`]));
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => this.#onData(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#isOpen = false;
      this.#settle();
    });
  }

  static async open(port: number, name: string, prng: Prng): Promise<Client> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    const client = new Client(socket, name, prng);
    await client.#begin();
    return client;
  }

  get inFlight(): number {
    return this.#pending.length;
  }

  /** Removes what earlier rounds left. */
  async #begin(): Promise<void> {
    const lines = this.registers.map((register) => this.#line(register, `DELETE ${register.keys[0]}`, null));
    await this.#ask(lines);
    this.sent = 0;
    this.tookMs.length = 0;
  }

  /** Sends so many requests at once; settles when nothing is in flight any more. */
  send(round: string, requests: number): Promise<void> {
    const lines = Array.from({ length: requests }, (_, i) => {
      const register = this.#prng.pick(this.registers);
      const [key] = register.keys;
      if (this.#prng.chance(0.25)) return this.#line(register, `GET ${key}`);
      const value = this.#prng.chance(0.1) ? null : `${this.#name}${round}n${i}`;
      if (value === null) return this.#line(register, `DELETE ${key}`, null);
      const verb = this.#prng.pick([`SET ${key} "${value}"`, `BULKSET [["${key}","${value}"]]`]);
      return this.#line(register, verb, value);
    });
    return this.#ask(lines);
  }

  /** Answers whether the connection lived to the end; what still came is counted. */
  async end(): Promise<boolean> {
    if (!this.#isOpen) return false;
    const isOver = this.#pending.length === 0;
    if (isOver) await this.#ask([this.#line(this.registers[0] as Register, 'PING')]);
    this.#socket.destroy();
    return isOver;
  }

  #line(register: Register, line: string, value?: string | null): string {
    const operation = value === undefined ? null : register.begin(this.#name, value);
    this.#pending.push({ register, operation, sentAt: performance.now() });
    return `${line}\n`;
  }

  #ask(lines: readonly string[]): Promise<void> {
    this.sent += lines.length;
    return new Promise((settle) => {
      this.#waiting.push(settle);
      this.#socket.write(lines.join(''));
    });
  }

  #onData(chunk: string): void {
    const lines = (this.#buffer + chunk).split('\n');
    this.#buffer = lines.pop() ?? '';
    for (const line of lines) if (!line.startsWith('WARNING:')) this.#onAnswer(line);
    if (this.#pending.length === 0) this.#settle();
  }

  #settle(): void {
    for (const settle of this.#waiting.splice(0)) settle();
  }

  #onAnswer(line: string): void {
    const asked = this.#pending.shift();
    if (asked === undefined) {
      this.surplus++;
      return;
    }
    const { register, operation, sentAt } = asked;
    this.tookMs.push(performance.now() - sentAt);
    const code = /^ERROR (\w+)/.exec(line)?.[1] as ErrorCode | undefined;
    if (code !== undefined && code in ERRORS && isIndefinite(code)) this.uncertain++;
    else if (operation !== null && code === undefined) register.acknowledge(operation);
    else if (code !== undefined) {
      this.definite++;
      if (operation === null) return;
      register.refuse(operation);
      if (operation.value !== null) this.refused.add(operation.value);
    }
  }
}
