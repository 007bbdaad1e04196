/**
 * What a host has before it says that it is ready: the sample of a first run, and the data files it was told to load.
 * Loaded like any client's writes, so they are durable and replicated when this settles.
 */
import { StartError } from '../src/cli/host.ts';
import { writeLine } from '../src/document/generate.ts';
import { GENERATE_DEFAULTS, prepareGeneration } from '../src/document/generate-options.ts';
import { parseKeyFile } from '../src/document/key-file.ts';
import { parseRecords } from '../src/document/records.ts';
import { SAMPLE_KEY_FILE, SAMPLE_LINES } from '../src/document/sample.ts';
import { assert } from '../src/lib/assert.ts';
import { ByteWriter, utf8 } from '../src/lib/bytes.ts';
import type { CommandPort, Item } from '../src/model/commands.ts';
import { parseFile } from '../src/node/pool.ts';

/** Generated records of the sample, key1 to key1000: enough to look around in. */
const SAMPLE_RECORDS = 1_000;
const SAMPLE_SEED = 1;

/** Writes in flight while loading. */
const WINDOW = 8_192;

const EXIT_FAILED = 1;
/** As of a load that had lines rejected. */
const EXIT_USAGE = 2;

/** Loads the sample, then the files in order. A StartError names the file and line that cannot be loaded. */
export async function loadData(
  port: CommandPort,
  { files, sample }: { readonly files: readonly string[]; readonly sample: boolean },
): Promise<void> {
  const loading = new Loading(port);
  if (sample) await loading.add(sampleItems());
  for (const file of files) {
    const parsed = await parseFile(file, {
      onBatch: (items) => loading.add(items),
      onError: (line, message) => {
        throw new StartError(`${file}:${line}: ${message.replace(/^\d+:\d+: /, '')}`, EXIT_USAGE);
      },
    });
    assert(parsed.records >= 0, 'a file has a number of records');
  }
  await loading.settled();
}

function sampleItems(): Item[] {
  const keys = parseKeyFile(SAMPLE_KEY_FILE);
  assert(keys.ok, 'the sample has a good key file');
  const prepared = prepareGeneration({
    ...GENERATE_DEFAULTS,
    seed: SAMPLE_SEED,
    keys: keys.value,
    depth: 3,
    maxKeys: 5,
    maxLength: 8,
  });
  assert(prepared.ok, 'the sample has good options');
  const lines = new ByteWriter(64 * 1024);
  for (const line of SAMPLE_LINES) lines.bytes(utf8(`${line}\n`));
  for (let index = 0; index < SAMPLE_RECORDS; index++) {
    writeLine(lines, prepared.value.generation, index);
    lines.u8(0x0a);
  }
  const parsed = parseRecords(lines.view(), 0, lines.length, 1);
  assert(parsed.ok, 'the sample is good data');
  return parsed.value.records;
}

/** Writes with a window: enough in flight to fill every sync, not so much that memory follows the file. */
class Loading {
  readonly #port: CommandPort;
  #inFlight = 0;
  #failure: StartError | null = null;
  #wake: (() => void) | null = null;

  constructor(port: CommandPort) {
    this.#port = port;
  }

  async add(items: readonly Item[]): Promise<void> {
    for (const item of items) {
      if (this.#inFlight >= WINDOW) await this.#until(WINDOW / 2);
      this.#inFlight++;
      this.#port.submit({ kind: 'write', items: [item], onExisting: 'overwrite' }, (reply) => {
        this.#inFlight--;
        if (reply.kind === 'failed') {
          const { code, message } = reply.error;
          this.#failure ??= new StartError(`loading failed: ${code} ${message}`, EXIT_FAILED);
        }
        this.#wake?.();
      });
    }
  }

  settled(): Promise<void> {
    return this.#until(0);
  }

  async #until(inFlight: number): Promise<void> {
    while (this.#inFlight > inFlight && this.#failure === null) {
      await new Promise<void>((settle) => {
        this.#wake = settle;
      });
    }
    this.#wake = null;
    if (this.#failure !== null) throw this.#failure;
  }
}
