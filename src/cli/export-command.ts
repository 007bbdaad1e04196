/** `coppice export [PREFIX]`: every record as a line of JSON that `coppice load` reads, digits as they were stored. */
import { once } from 'node:events';
import type { CoppiceClient } from '../client/client.ts';
import { EXIT_OK } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** Records fetched and printed at a time. */
const PAGE_RECORDS = 500;

/** Resolves with the exit code; memory is bounded by a page however slowly stdout is read. */
export async function runExport(
  prefix: string,
  client: CoppiceClient,
  timeoutMs: number,
  terminal: Terminal,
): Promise<number> {
  for await (const line of client.lines(prefix, { timeoutMs, pageSize: PAGE_RECORDS })) {
    if (!terminal.stdout.write(`${line}\n`)) await once(terminal.stdout, 'drain');
  }
  return EXIT_OK;
}
