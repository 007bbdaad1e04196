import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { utf8 } from '../../src/lib/bytes.ts';
import { ownersOf } from '../../src/routing/placement.ts';
import { allUp, type Program, startProgram, Terminal } from './program.ts';

type Answer = {
  readonly ok: boolean;
  readonly code?: string;
  readonly message?: string;
  readonly found?: boolean;
  readonly value?: { readonly v: number } | null;
  readonly uncertain?: boolean;
  readonly warnings?: readonly string[];
};

const KEYS = Array.from({ length: 60 }, (_, i) => `key${i}`);
const SHAPES = [
  { servers: 3, replicas: 2 },
  { servers: 4, replicas: 3 },
  { servers: 5, replicas: 2 },
  { servers: 5, replicas: 3 },
];

describe.each(SHAPES)('$servers servers, $replicas copies', ({ servers, replicas }) => {
  let program: Program;
  let terminal: Cluster;
  /** What every key holds; written anew with servers down, so that a copy left behind would be seen. */
  let written = 0;

  beforeAll(async () => {
    program = await startProgram([
      '--enable-faults',
      '--empty',
      '--quiet',
      '--servers',
      String(servers),
      '--replicas',
      String(replicas),
    ]);
    terminal = await Cluster.open(program.text);
    await terminal.writeAll(written);
  });

  afterAll(async () => {
    terminal.close();
    await program.stop();
  });

  // F-01, E-11
  test.each(subsets(servers, replicas - 1))(
    'without $names every answer is right and without a warning',
    async ({ down }) => {
      await terminal.crash(down);

      const answers = await terminal.getAll();
      const missing = await terminal.ask('GET nobody');
      const deleted = await terminal.ask(`DELETE ${KEYS[0]}`);
      const kept = await terminal.ask(`GET ${KEYS[0]}`);
      const rewritten = await terminal.writeAll(written + 1);
      const after = await terminal.getAll();
      await terminal.heal();

      expect(answers.map(told)).toEqual(KEYS.map(() => written));
      expect(missing).toEqual({ ok: true, found: false, key: 'nobody', value: null, warnings: [] });
      expect(deleted).toMatchObject({ ok: false, code: 'UNRELIABLE' });
      for (const server of down) expect(deleted.message).toContain(server);
      expect(told(kept)).toBe(written);
      expect(rewritten).toMatchObject({ ok: true });
      expect(after.map(told)).toEqual(KEYS.map(() => written + 1));
      written++;
    },
  );

  // F-02, R-12
  test.each(subsets(servers, replicas))(
    'without $names there is a warning and nothing wrong is certain',
    async ({ down }) => {
      await terminal.crash(down);

      const answers = await terminal.getAll();
      const deleted = await terminal.ask(`DELETE ${KEYS[0]}`);
      await terminal.heal();
      const after = await terminal.getAll();

      const warning = `${replicas} or more servers are down (${replicas} of ${servers}), correct output cannot be guaranteed`;
      for (const [i, answer] of answers.entries()) {
        // Only a key whose every copy is on the servers that are down may be doubted.
        const isLost = ownersOf({ servers, replicas }, utf8(KEYS[i] as string)) === maskOf(down);
        expect(answer).toMatchObject({ ok: true, value: isLost ? null : { v: written }, warnings: [warning] });
        expect(answer.uncertain === true).toBe(isLost);
      }
      expect(deleted).toMatchObject({ ok: false, code: 'UNRELIABLE' });
      expect(after.map(told)).toEqual(KEYS.map(() => written));
    },
  );

  // F-03
  test('without any server it says so, and is there again when they are', async () => {
    await terminal.crash(['all']);

    const down = [await terminal.ask(`GET ${KEYS[0]}`), await terminal.writeAll(-1)];
    await terminal.heal();
    const after = await terminal.getAll();

    expect(down[0]).toMatchObject({ ok: false, code: 'UNAVAILABLE', message: 'all servers are down' });
    expect(down[1]).toMatchObject({ ok: false, code: 'UNAVAILABLE' });
    expect(after.map(told)).toEqual(KEYS.map(() => written));
  });
});

/** The value of an answer that is certain and carries no warning; the whole answer when it is anything else. */
function told(answer: Answer): unknown {
  return answer.uncertain === true || answer.warnings?.length !== 0 ? answer : (answer.value?.v ?? answer);
}

/** Servers by name as a set of bits. */
function maskOf(names: readonly string[]): number {
  return names.reduce((mask, name) => mask | (1 << (Number(name.slice(1)) - 1)), 0);
}

/** Every choice of `size` out of s1 … sN. */
function subsets(servers: number, size: number): { names: string; down: string[] }[] {
  const found: { names: string; down: string[] }[] = [];
  for (let mask = 0; mask < 1 << servers; mask++) {
    const members = Array.from({ length: servers }, (_, i) => `s${i + 1}`).filter((_, i) => (mask & (1 << i)) !== 0);
    if (members.length === size) found.push({ names: members.join(' and '), down: members });
  }
  return found;
}

/** One operator at the text port of a cluster. */
class Cluster {
  readonly #port: number;
  readonly #terminal: Terminal;

  private constructor(port: number, terminal: Terminal) {
    this.#port = port;
    this.#terminal = terminal;
  }

  static async open(port: number): Promise<Cluster> {
    const terminal = await Terminal.open(port);
    await terminal.ask('FORMAT json');
    return new Cluster(port, terminal);
  }

  async ask(request: string): Promise<Answer> {
    return JSON.parse(await this.#terminal.final(request)) as Answer;
  }

  async getAll(): Promise<Answer[]> {
    const answers = await this.#terminal.askAll(KEYS.map((key) => `GET ${key}`));
    return answers.map(([answer]) => JSON.parse(answer as string) as Answer);
  }

  /** The same value under every key, all or nothing. */
  writeAll(value: number): Promise<Answer> {
    return this.ask(`BULKSET ${JSON.stringify(KEYS.map((key) => [key, { v: value }]))}`);
  }

  async crash(servers: readonly string[]): Promise<void> {
    const answer = await this.ask(`FAULT crash ${servers.join(',')}`);
    if (!answer.ok) throw new Error(`nothing crashed: ${answer.message}`);
  }

  async heal(): Promise<void> {
    await this.ask('FAULT heal');
    await allUp(this.#port);
  }

  close(): void {
    this.#terminal.close();
  }
}
