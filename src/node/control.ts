/**
 * The control plane: comlink over one long-lived port per thread, for start, stop, status and faults, never for data.
 * Two holes of comlink are closed here: a call to a thread that died settles, and an error keeps its code and
 * detail. Every call has a deadline, because a thread may hang as well as die.
 */
import type { MessagePort } from 'node:worker_threads';
import * as Comlink from 'comlink';

/** What a thread offers; every method may return a promise. */
// biome-ignore lint/suspicious/noExplicitAny: the arguments of each method are its own business
export type ControlMethods = Record<string, (...args: any[]) => unknown>;

/** Why a call did not get an answer: whether it took effect is not known. */
export class ControlError extends Error {
  override name = 'ControlError';
  readonly code: 'DEAD' | 'TIMEOUT';

  constructor(code: ControlError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export type CallOptions = {
  readonly timeoutMs: number;
  /** Ports inside the arguments, handed over. */
  readonly transfer?: readonly MessagePort[];
};

/** Answers calls that come over `port` with these methods, until the port closes. */
export function serveControl(port: MessagePort, methods: ControlMethods): void {
  keepErrorDetails();
  Comlink.expose(methods, port as unknown as Comlink.Endpoint);
}

type Remote = Record<string, (...args: unknown[]) => Promise<unknown>>;

/** The calling side. One for a thread's whole life. */
export class ControlClient<Methods extends ControlMethods> {
  readonly #endpoint: PortEndpoint;
  readonly #remote: Remote;
  /** Comlink makes a proxy at each look-up of a method, and remembers every one. */
  readonly #methods = new Map<string, Remote[string]>();
  readonly #pending = new Set<(error: ControlError) => void>();
  #death: string | null = null;

  constructor(port: MessagePort) {
    keepErrorDetails();
    this.#endpoint = new PortEndpoint(port);
    this.#remote = Comlink.wrap(this.#endpoint as unknown as Comlink.Endpoint) as unknown as Remote;
  }

  /** Calls waiting for an answer. */
  get pending(): number {
    return this.#pending.size;
  }

  /**
   * Calls a method. Rejects with what the method threw (an Error with its `code` and `detail`, or whatever else it
   * was), or with a ControlError: DEAD when the thread ended before it answered, TIMEOUT when the deadline passed.
   */
  call<Name extends keyof Methods & string>(
    name: Name,
    args: Parameters<Methods[Name]>,
    options: CallOptions,
  ): Promise<Awaited<ReturnType<Methods[Name]>>> {
    if (this.#death !== null) return Promise.reject(new ControlError('DEAD', `${name}: ${this.#death}`));
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(deadline);
        this.#pending.delete(die);
        act();
      };
      const die = (error: ControlError): void => settle(() => reject(error));
      const deadline = setTimeout(
        () => die(new ControlError('TIMEOUT', `${name}: no answer within ${options.timeoutMs} ms`)),
        options.timeoutMs,
      );
      this.#pending.add(die);
      this.#invoke(name, args, options.transfer ?? []).then(
        (value) => settle(() => resolve(value as Awaited<ReturnType<Methods[Name]>>)),
        (error: unknown) => settle(() => reject(error)),
      );
    });
  }

  /** The thread is gone: everything pending rejects now, and every later call at once. */
  end(reason: string): void {
    if (this.#death !== null) return;
    this.#death = reason;
    for (const die of this.#pending) die(new ControlError('DEAD', reason));
    this.#endpoint.close();
  }

  #invoke(name: string, args: unknown[], transfer: readonly MessagePort[]): Promise<unknown> {
    // Comlink looks a transfer list up by the argument it belongs to.
    const last = args.at(-1);
    if (transfer.length > 0 && typeof last === 'object' && last !== null) {
      Comlink.transfer(last, [...transfer] as unknown as Parameters<typeof Comlink.transfer>[1]);
    }
    let method = this.#methods.get(name);
    if (method === undefined) {
      method = this.#remote[name] as Remote[string];
      this.#methods.set(name, method);
    }
    return method(...args);
  }
}

/**
 * A port as comlink wants it. Comlink keeps every endpoint it ever saw alive, and with it whatever waits for an answer
 * that never comes: when the thread is gone, nothing may hang on it any more.
 */
class PortEndpoint {
  #port: MessagePort | null;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  postMessage(message: unknown, transfer: MessagePort[] = []): void {
    this.#port?.postMessage(message, transfer);
  }

  addEventListener(_type: 'message', listener: (event: { readonly data: unknown }) => void): void {
    this.#port?.on('message', (data: unknown) => listener({ data }));
  }

  removeEventListener(): void {
    // Comlink removes listeners from endpoints it releases, which this side never asks for.
  }

  close(): void {
    this.#port?.removeAllListeners('message');
    this.#port?.close();
    this.#port = null;
  }
}

/** An error as it crosses a port. */
type WireError = {
  readonly isError: boolean;
  readonly value: unknown;
};

/** Replaces comlink's handler of thrown values, which keeps name, message and stack only. Once a thread is enough. */
function keepErrorDetails(): void {
  const original = Comlink.transferHandlers.get('throw');
  if (original === undefined || original === errorHandler.installed) return;
  const handler = {
    canHandle: (value: unknown): value is unknown => original.canHandle(value),
    serialize: ({ value }: { value: unknown }): [WireError, never[]] => [toWire(value), []],
    deserialize: (wire: WireError): never => {
      throw wire.isError ? fromWire(wire.value as ErrorFields) : wire.value;
    },
  };
  errorHandler.installed = handler as typeof original;
  Comlink.transferHandlers.set('throw', handler as typeof original);
}

const errorHandler: { installed: unknown } = { installed: null };

type ErrorFields = {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code?: unknown;
  readonly detail?: unknown;
};

function toWire(value: unknown): WireError {
  if (!(value instanceof Error)) return { isError: false, value };
  const { name, message, stack, code, detail } = value as Error & { code?: unknown; detail?: unknown };
  return { isError: true, value: { name, message, stack, code, detail } };
}

function fromWire({ message, ...fields }: ErrorFields): Error {
  return Object.assign(new Error(message), fields);
}
