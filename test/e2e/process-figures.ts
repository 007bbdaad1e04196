/** What a process uses, as Linux tells it. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

export type ProcessFigures = { readonly rssMiB: number; readonly threads: number; readonly files: number };

export const HAS_FIGURES = existsSync('/proc/self/status');

export function figuresOf(pid: number): ProcessFigures {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const number = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return {
    rssMiB: number('VmRSS') / 1_024,
    threads: number('Threads'),
    files: readdirSync(`/proc/${pid}/fd`).length,
  };
}

/** The most memory that it ever had at once, since `forgetPeak`. */
export function peakMiBOf(pid: number): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;
}

export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}
