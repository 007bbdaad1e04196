/** What a process has used, as Linux tells it. */
import { readFileSync } from 'node:fs';

/** The kernel counts processor time in ticks of 1/100 s, whatever its own clock does. */
const TICKS_A_SECOND = 100;
const FIELDS_BEFORE_STATE = 2;
const USER_TIME = 13;
const SYSTEM_TIME = 14;

/** Seconds of processor time of all its threads, up to now. */
export function processorSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program, in brackets, may have blanks in it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = [USER_TIME, SYSTEM_TIME].map((field) => Number(fields[field - FIELDS_BEFORE_STATE]));
  return ticks.reduce((sum, value) => sum + value, 0) / TICKS_A_SECOND;
}

/** Bytes of memory that are its own, not those of files that are mapped. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kibibytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return (kibibytes('RssAnon') + kibibytes('RssShmem')) * 1_024;
}
