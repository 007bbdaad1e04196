/**
 * How long does a `coppice` command take that does nothing, and a host with nothing in it? Beside `node -e 0`, which is
 * what no command can be faster than. No timing is a test.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { coppice, report, scratchDirectory, spreadOf, startHost } from './program.ts';

const ROUNDS = 15;

const scratch = scratchDirectory();
// What is compiled for the first time is kept for the next ones.
await coppice(['--version']);
const bare: number[] = [];
const command: number[] = [];
const host: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  bare.push(await milliseconds(() => spawnSync(process.execPath, ['-e', '0'])));
  command.push(await milliseconds(() => coppice(['--version'])));
  let running: Awaited<ReturnType<typeof startHost>> | null = null;
  host.push(
    await milliseconds(async () => {
      running = await startHost(join(scratch, `round${round}`));
    }),
  );
  await (running as Awaited<ReturnType<typeof startHost>> | null)?.stop();
}
report('start', {
  'ms of node -e 0': spreadOf(bare),
  'ms of coppice --version': spreadOf(command),
  'ms to ready of an empty host of 3 servers': spreadOf(host),
});

async function milliseconds(work: () => unknown): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}
