/** Everything that a run of the suite leaves in the folder for temporary files is in one of its own, gone when it ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let directory: string | null = null;

/** Before the first test process, which inherits where temporary files go. */
export function setup(): void {
  directory = mkdtempSync(join(tmpdir(), 'coppice-tests-'));
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = directory;
  // Hosts are started by the hundred: compiled once, they start in half of the time, as they do for users (launch.mjs).
  process.env['NODE_COMPILE_CACHE'] = join(directory, 'compiled');
}

/** After the last one. It may have been ended in the middle of its last write, hence the retries. */
export function teardown(): void {
  if (directory !== null) rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
