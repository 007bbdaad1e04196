/** `coppice gen`: reads the key file, draws a seed if none was given, writes the data. */
import { randomInt } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { parseKeyFile } from '../document/key-file.ts';
import { EXIT_OK, EXIT_USAGE } from './exit-codes.ts';
import { readText, unreadable } from './files.ts';
import type { FlagValues } from './flags.ts';
import type { Pool } from '../node/pool.ts';
import { generate, POOL_LINES_MIN } from './gen.ts';
import { genFiles, genOrder } from './gen-options.ts';
import { tell, type Terminal } from './terminal.ts';
import { CommandFailed } from './text-socket.ts';

const STANDARD_OUTPUT = '-';

/** `openPool`: starts the pool that makes parts of large files. Resolves with the exit code. */
export async function runGen(values: FlagValues, openPool: () => Pool, terminal: Terminal): Promise<number> {
  const files = genFiles(values, terminal.env);
  if (!files.ok) throw new CommandFailed(files.error, EXIT_USAGE);
  const { keyFile, output } = files.value;
  const keys = parseKeyFile(await readText(keyFile));
  if (!keys.ok) throw new CommandFailed(`${keyFile}: ${keys.error.message}`, EXIT_USAGE);
  const order = genOrder(values, terminal.env, { keys: keys.value, drawnSeed: randomInt(0x1_0000_0000) });
  if (!order.ok) throw new CommandFailed(order.error, EXIT_USAGE);
  for (const warning of order.value.warnings) tell(terminal, `WARNING: ${warning}`);
  const { generation, lines } = order.value;
  const pool = lines >= POOL_LINES_MIN ? openPool() : null;
  try {
    if (output === STANDARD_OUTPUT) {
      await generate(generation, lines, terminal.stdout, pool);
      return EXIT_OK;
    }
    const file = createWriteStream(output);
    const written = finished(file);
    await Promise.race([generate(generation, lines, file, pool), written]);
    file.end();
    await written;
    return EXIT_OK;
  } catch (error) {
    throw unreadable(output, error);
  } finally {
    await pool?.close();
  }
}
