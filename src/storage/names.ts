/** Names of the files of one storage server's directory. */

/** Ends the name of a file that does not count yet: recovery removes it. */
export const TEMPORARY = '.tmp';

/** Ends the name of a file that keeps room for the next content of another one. */
export const SPARE = '.spare';

/** Ends the name of the copy of a torn tail. */
export const TORN = '.torn';

export type StoreFile =
  | { readonly kind: 'segment' | 'checkpoint'; readonly name: string; readonly number: number }
  | { readonly kind: 'temporary' | 'torn' | 'other'; readonly name: string };

/** `wal-0000000007` */
export function segmentName(number: number): string {
  return `wal-${String(number).padStart(10, '0')}`;
}

/** Named by its beginning: the first LSN that it does not cover. `checkpoint-0000000000000042` */
export function checkpointName(begin: number): string {
  return `checkpoint-${String(begin).padStart(16, '0')}`;
}

export function classify(name: string): StoreFile {
  if (name.endsWith(TEMPORARY)) return { kind: 'temporary', name };
  if (name.endsWith(TORN)) return { kind: 'torn', name };
  const match = /^(wal|checkpoint)-(\d{10,16})$/.exec(name);
  if (match === null) return { kind: 'other', name };
  return { kind: match[1] === 'wal' ? 'segment' : 'checkpoint', name, number: Number(match[2]) };
}

/** Number of the segment that the name stands for, temporary and torn ones too; 0 for other files. */
export function segmentNumber(name: string): number {
  return Number(/^wal-(\d{10})/.exec(name)?.[1] ?? 0);
}
