/** On what all this was measured: figures of two machines are no comparison. */
import { execFileSync } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { percentile } from './figures.ts';
import { scratchFolder } from './processes.ts';

const SYNCS = 300;
const BLOCK_BYTES = 4_096;

export type Machine = {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly disk: string;
  readonly syncMicroseconds: number;
  /** Of others and of what ran before: near 0 on a machine that has nothing else to do. */
  readonly loadBefore: number;
  readonly versions: string;
};

export function thisMachine(): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown processor',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    disk: firstLine('stat', ['-f', '-c', '%T', tmpdir()]),
    syncMicroseconds: Math.round(syncMicroseconds()),
    loadBefore: loadavg()[0] as number,
    versions: `Node ${process.versions.node}, ${firstLine('redis-server', ['--version']).split(' sha')[0]}`,
  };
}

export function showMachine(machine: Machine): string {
  const { processor, cores, memoryGiB, system, disk, loadBefore, versions } = machine;
  return (
    `${cores} cores of ${processor}, ${memoryGiB} GiB, ${system}, ${versions}; ` +
    `a write of 4 KiB and its sync on ${disk}: ${machine.syncMicroseconds} µs; load before: ${loadBefore.toFixed(1)}`
  );
}

/** Median of a write of one block into a file that has its size already, and its fdatasync. */
export function syncMicroseconds(): number {
  const file = openSync(join(scratchFolder(), 'sync'), 'w+');
  const block = new Uint8Array(BLOCK_BYTES).fill(7);
  writeSync(file, new Uint8Array(SYNCS * BLOCK_BYTES));
  fdatasyncSync(file);
  const times: number[] = [];
  for (let i = 0; i < SYNCS; i++) {
    const begin = performance.now();
    writeSync(file, block, 0, BLOCK_BYTES, i * BLOCK_BYTES);
    fdatasyncSync(file);
    times.push((performance.now() - begin) * 1_000);
  }
  closeSync(file);
  return percentile(times, 0.5);
}

function firstLine(command: string, args: readonly string[]): string {
  try {
    const output = execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return output.split('\n')[0] as string;
  } catch {
    return `no ${command}`;
  }
}
