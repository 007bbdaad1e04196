/**
 * The full disk: a host on a small file system of its own, filled to the last byte by its own writes or by a stranger's
 * file, again and again. Everything acknowledged is read all the time, writes are refused at once and definitely,
 * deletes are taken, and when there is space again writes are too, by themselves. Now and then the host is killed while
 * the disk is full. The test runs three rounds, `npm run bench -- disk-full` as many as one likes. Linux and root only.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Prng } from '../../src/lib/prng.ts';
import { type Program, startProgram, Terminal } from './program.ts';

export type DiskFullOptions = {
  readonly rounds: number;
  readonly seed: number;
  /** Where the small file system is mounted. */
  readonly directory: string;
  readonly onLine: (line: string) => void;
};

export type DiskFullReport = {
  acknowledged: number;
  refused: number;
  deleted: number;
  deletesRefused: number;
  reads: number;
  lost: number;
  /** Writes that were answered with neither success nor DISK. */
  otherwise: number;
  /** Milliseconds: of all refusals but the slowest hundredth, and of the longest wait for a write after space returned. */
  refusalMs: number;
  returnMs: number;
};

const MEBIBYTES = 8;
const KEYS = 60;
const VALUE_BYTES_MAX = 20_000;
/** Refusals that a round asks for. */
const REFUSALS = 20;
const RETURN_LIMIT_MS = 10_000;
const STRANGER_BYTES = 1024 * 1024;
const DELETES_MS_MAX = 2_000;

/** Mounts a small file system, or answers why it cannot. */
export function mountSmall(directory: string): string | null {
  mkdirSync(directory, { recursive: true });
  const { status, error, stderr } = spawnSync(
    'mount',
    ['-t', 'tmpfs', '-o', `size=${MEBIBYTES}m`, 'tmpfs', directory],
    { encoding: 'utf8' },
  );
  return status === 0 ? null : (error?.message ?? stderr.trim());
}

export function unmountSmall(directory: string): void {
  spawnSync('umount', ['-l', directory]);
}

/** Runs the loop in a directory on a small file system; the report says how it went. */
export async function diskFull({ rounds, seed, directory, onLine }: DiskFullOptions): Promise<DiskFullReport> {
  const report: DiskFullReport = {
    acknowledged: 0,
    refused: 0,
    deleted: 0,
    deletesRefused: 0,
    reads: 0,
    lost: 0,
    otherwise: 0,
    refusalMs: 0,
    returnMs: 0,
  };
  const loop = new Loop(report, new Prng(seed), join(directory, 'stranger'));
  const data = join(directory, 'data');
  mkdirSync(data);
  let program = await startProgram(['--empty', '--quiet'], data);
  for (let round = 1; round <= rounds; round++) {
    const terminal = await open(program);
    // Others have some of the disk, or all that was left of it.
    loop.fillByStranger(round % 2 === 0 ? Number.POSITIVE_INFINITY : STRANGER_BYTES);
    const written = await loop.fill(terminal);
    await loop.read(terminal);
    terminal.close();
    if (round % 3 === 0) {
      await program.kill();
      program = await startProgram(['--empty', '--quiet'], data);
    }
    const again = await open(program);
    await loop.read(again);
    const deleted = await loop.deleteMost(again);
    const isByDeletes = round % 2 === 1 && (await loop.hasSpace(again));
    loop.giveBack();
    const returnMs = isByDeletes ? 0 : await loop.waitForSpace(again);
    await loop.read(again);
    again.close();
    onLine(
      `round ${round}: ${written} written until full, ${deleted} deleted, writes again ${isByDeletes ? 'by deletes alone' : `after ${returnMs} ms`}`,
    );
  }
  await program.stop();
  loop.close();
  return report;
}

export function diskFullSummary(report: DiskFullReport): string {
  const { acknowledged, refused, deleted, deletesRefused, reads, lost, otherwise, refusalMs, returnMs } = report;
  return (
    `Acknowledged: ${acknowledged}, Refused: ${refused} in ${refusalMs.toFixed(1)} ms (p99), Deleted: ${deleted}, ` +
    `Deletes refused: ${deletesRefused}, ` +
    `Reads: ${reads}, Lost: ${lost}, Otherwise: ${otherwise}, Writes again after at most ${returnMs} ms`
  );
}

async function open(program: Program): Promise<Terminal> {
  const terminal = await Terminal.open(program.text);
  await terminal.ask('FORMAT json');
  return terminal;
}

class Loop {
  readonly #report: DiskFullReport;
  readonly #prng: Prng;
  readonly #stranger: string;
  /** What was acknowledged last of each key, null when it was deleted. */
  readonly #values = new Map<string, string | null>();
  readonly #refusalsMs: number[] = [];
  #written = 0;

  constructor(report: DiskFullReport, prng: Prng, stranger: string) {
    this.#report = report;
    this.#prng = prng;
    this.#stranger = stranger;
  }

  /** A file of somebody else takes all there is. */
  fillByStranger(bytesMax: number): void {
    const file = openSync(this.#stranger, 'w');
    const zeros = new Uint8Array(4096);
    try {
      for (let bytes = 0; bytes < bytesMax; bytes += zeros.length) writeSync(file, zeros);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  giveBack(): void {
    rmSync(this.#stranger, { force: true });
  }

  /** Writes until every key is refused. Answers how many were acknowledged. */
  async fill(terminal: Terminal): Promise<number> {
    let written = 0;
    for (let refusals = 0; refusals < REFUSALS; ) {
      if (await this.#put(terminal)) {
        written++;
        refusals = 0;
      } else {
        refusals++;
      }
    }
    return written;
  }

  /** One write; answers whether it was acknowledged. */
  async #put(terminal: Terminal): Promise<boolean> {
    const report = this.#report;
    const key = `key${this.#prng.below(KEYS)}`;
    const value = `${++this.#written}-${'x'.repeat(this.#prng.below(VALUE_BYTES_MAX))}`;
    const startMs = performance.now();
    const answer = (await terminal.ask(`SET ${key} {"v":"${value}"}`)).at(-1) ?? '';
    if (answer.startsWith('{"ok":true')) {
      this.#values.set(key, value);
      report.acknowledged++;
      return true;
    }
    if (codeOf(answer) === 'DISK') {
      report.refused++;
      this.#refusalsMs.push(performance.now() - startMs);
    } else {
      // What became of it is unknown: the key counts no more.
      this.#values.delete(key);
      report.otherwise++;
    }
    return false;
  }

  /** Works out what is told of all rounds. */
  close(): void {
    const sorted = this.#refusalsMs.sort((a, b) => a - b);
    this.#report.refusalMs = sorted[Math.floor(sorted.length * 0.99)] ?? 0;
  }

  /** Every key holds what was acknowledged last. */
  async read(terminal: Terminal): Promise<void> {
    for (const [key, value] of this.#values) {
      const answer = (await terminal.ask(`GET ${key}`)).at(-1) ?? '';
      const found = JSON.parse(answer) as { ok: boolean; value?: { v: string } | null; uncertain?: boolean };
      this.#report.reads++;
      if (!found.ok || found.uncertain === true || (found.value?.v ?? null) !== value) this.#report.lost++;
    }
  }

  /** Deletes all keys but a few. Answers how many deletes were acknowledged. */
  async deleteMost(terminal: Terminal): Promise<number> {
    let deleted = 0;
    for (const [key, value] of this.#values) {
      if (value === null || this.#prng.chance(0.05)) continue;
      const answer = (await terminal.ask(`DELETE ${key}`)).at(-1) ?? '';
      if (!answer.startsWith('{"ok":true')) {
        this.#report.deletesRefused++;
        continue;
      }
      this.#values.set(key, null);
      deleted++;
    }
    this.#report.deleted += deleted;
    return deleted;
  }

  /** Whether deletes alone made room within a while: they do when a checkpoint of what is left fits in what is kept for it. */
  async hasSpace(terminal: Terminal): Promise<boolean> {
    const endMs = performance.now() + DELETES_MS_MAX;
    while (!(await this.#put(terminal))) {
      if (performance.now() > endMs) return false;
      await pause(10);
    }
    return true;
  }

  /** Writes until one is taken. Answers after how many milliseconds. */
  async waitForSpace(terminal: Terminal): Promise<number> {
    const startMs = performance.now();
    while (!(await this.#put(terminal)) && performance.now() - startMs < RETURN_LIMIT_MS) await pause(10);
    const tookMs = Math.round(performance.now() - startMs);
    this.#report.returnMs = Math.max(this.#report.returnMs, tookMs);
    return tookMs;
  }
}

function codeOf(answer: string): string {
  return (JSON.parse(answer) as { code?: string }).code ?? '';
}
