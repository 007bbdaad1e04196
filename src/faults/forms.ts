/**
 * The faults there are, as a table: how each is written, what it does, which options it takes. Parser, printer and
 * `FAULT HELP` read it; what a form's parameters mean is in parse-fault.ts.
 */
import { POINT_CALLS } from './point-names.ts';
import type { FaultKind } from './syntax.ts';

export type Form = {
  readonly kind: FaultKind;
  /** The words it starts with, and other spellings of them. */
  readonly words: string;
  readonly aliases: readonly string[];
  readonly parameters: string;
  readonly meaning: string;
  /** Whether it acts until it is healed: then FOR may say for how long. */
  readonly lasts: boolean;
  readonly options: readonly ('P' | 'NTH' | 'TIMES')[];
};

type Extra = Partial<Pick<Form, 'aliases' | 'options'>> & { readonly once?: true };

export const FORMS: readonly Form[] = [
  form('crash', 'CRASH', 'SERVERS', 'ended at once, and down until healed or restarted', { aliases: ['kill'] }),
  form('hang', 'HANG', 'SERVERS [TIME]', 'does nothing, then goes on where it was', { aliases: ['pause'] }),
  form('slow', 'SLOW', 'SERVERS 10x', 'each turn takes so many times as long'),
  form('throw', 'THROW', 'SERVERS [COUNT]', 'the next messages make its handler throw', { once: true }),
  form('oom', 'OOM', 'SERVERS', 'runs out of memory', { once: true }),
  form('wipe', 'WIPE', 'SERVERS', 'ended, and its directory is gone'),
  form('flap', 'FLAP', 'SERVERS COUNT', 'killed and started again, so many times', { once: true }),
  form(
    'flaky',
    'FLAKY',
    'SERVERS PROBABILITY',
    'a write is skipped in memory, never in the log, with this probability',
  ),
  form('power', 'POWER', '[SERVERS] [none|prefix|random]', 'ended, and what was not synced is lost or not', {
    aliases: ['power-loss', 'powerloss'],
  }),
  form('sync-fail', 'FSYNC FAIL', 'SERVERS', 'the next sync fails', {
    aliases: ['sync-fail', 'fsync-fail'],
    options: ['NTH', 'TIMES'],
  }),
  form('write-fail', 'WRITE FAIL', 'SERVERS CODE', 'writes fail with this code', {
    aliases: ['write-fail'],
    options: ['P', 'NTH', 'TIMES'],
  }),
  form('read-fail', 'READ FAIL', 'SERVERS', 'reads fail', { aliases: ['read-fail'], options: ['P', 'NTH', 'TIMES'] }),
  form('torn-write', 'TORN WRITE', 'SERVERS', 'crashes in the middle of the next write', {
    aliases: ['torn-write'],
    options: ['NTH', 'TIMES'],
  }),
  form('disk-full', 'DISK FULL', 'SERVERS', 'nothing can grow', { aliases: ['disk-full'] }),
  form('disk-slow', 'DISK SLOW', 'SERVERS TIME|FACTOR', 'every sync takes so much longer', {
    aliases: ['slow-disk', 'disk-slow'],
  }),
  form('disk-stall', 'DISK STALL', 'SERVERS', 'no sync comes back', { aliases: ['disk-stall'] }),
  form('bitflip', 'BITFLIP', 'SERVERS [FILE COUNT|PERCENT]', 'bits of a file are turned', {
    aliases: ['flip-bit', 'bit-flip'],
    once: true,
  }),
  form('misdirect', 'MISDIRECT', 'SERVERS', 'the next write lands elsewhere', { options: ['NTH', 'TIMES'] }),
  form('lose-write', 'LOSE WRITE', 'SERVERS', 'the next write succeeds and changes nothing', {
    aliases: ['lose-write', 'lost-write'],
    options: ['NTH', 'TIMES'],
  }),
  form('truncate', 'TRUNCATE', 'SERVERS FILE BYTES', 'a file loses its last bytes', { once: true }),
  form('skew', 'SKEW', 'SERVERS +TIME|-TIME', 'its wall clock is wrong by so much'),
  form('drift', 'DRIFT', 'SERVERS RATE', 'its clocks run so many times as fast'),
  form('strobe', 'STROBE', 'SERVERS TIME every TIME', 'its wall clock jumps to and fro'),
  form('partition', 'PARTITION', 'GROUP | GROUP ...', 'no message between the groups'),
  form('isolate', 'ISOLATE', 'SERVERS', 'no message to or from them', { aliases: [] }),
  form('cut', 'CUT', 'LINK, or GROUP | GROUP', 'no message on a link, one way or both'),
  form('ring', 'RING', '', 'each server reaches another majority'),
  form('swizzle', 'SWIZZLE', '', 'some servers are clogged one after the other, and freed in another order', {
    once: true,
  }),
  form('drop', 'DROP', '[LINK] PERCENT', 'messages are lost'),
  form('dup', 'DUP', '[LINK] PERCENT', 'messages arrive twice', { aliases: ['duplicate'] }),
  form('reorder', 'REORDER', '[LINK] PERCENT', 'messages are overtaken'),
  form('clog', 'CLOG', '[LINK]', 'messages wait until it is healed'),
  form('delay', 'DELAY', '[LINK] TIME [+-TIME] [const|uniform|normal|exp]', 'messages come later'),
  form('rate', 'RATE', '[LINK] BYTES/s', 'so many bytes a second pass'),
  form(
    'client',
    'CLIENT',
    'rst|slice N|stall|close-after N',
    'connections of clients are reset, get answers in packets of N bytes, say and hear nothing, or close after N bytes of answers',
  ),
  form(
    'point',
    'POINT',
    'NAME [SERVERS] panic|sleep TIME|error CODE',
    `there a server ends (once, unless NTH or TIMES says more), waits or sees its call fail; points are before- and after- ${POINT_CALLS.join(', ')}`,
    { options: ['P', 'NTH', 'TIMES'] },
  ),
];

const OPTION_WORDS = { P: '[P PERCENT]', NTH: '[NTH N[+M]]', TIMES: '[TIMES N]' } as const;

/** Other statements, for HELP and for what could have been meant. */
export const OTHER_STATEMENTS: readonly (readonly [words: string, parameters: string, meaning: string])[] = [
  ['RESTART', 'SERVERS', 'starts servers that are down, and those that run anew'],
  ['RESUME', 'SERVERS', 'ends their hang'],
  ['HEAL', '[all | NAME | KIND | SERVERS]', 'ends faults; without more: all, and every server is started'],
  ['LIST', '', 'the faults that act now, as one line of JSON'],
  ['POINTS', '', 'how often each server passed each named point, as one line of JSON'],
  ['HELP', '[KIND]', 'this'],
];

export function formOf(kind: FaultKind): Form {
  return FORMS.find((row) => row.kind === kind) as Form;
}

/** Forms that a statement may begin with when its first word is this: several for DISK, none when it is unknown. */
export function formsStarting(word: string): readonly Form[] {
  const wanted = word.toLowerCase();
  const first = FORMS.filter((row) => row.words.split(' ')[0]?.toLowerCase() === wanted);
  return first.length > 0 ? first : FORMS.filter((row) => row.aliases.includes(wanted));
}

/** One line on a kind, or on all; null when there is no such kind. */
export function helpOn(topic: string | null): string | null {
  if (topic === null) {
    const names = [...FORMS.map(({ words }) => words), ...OTHER_STATEMENTS.map(([words]) => words)];
    return `${names.join(', ')}; options FOR TIME, P PERCENT, NTH N[+M] (the Nth call, or it and every Mth after it), TIMES N, AS NAME, SEED N; HELP KIND says more`;
  }
  const wanted = topic.toLowerCase();
  const row =
    FORMS.find((one) => one.kind === wanted || one.words.toLowerCase() === wanted) ?? formsStarting(wanted)[0];
  if (row !== undefined) {
    const options = [
      ...(row.lasts ? ['[FOR TIME]'] : []),
      ...row.options.map((name) => OPTION_WORDS[name]),
      '[AS NAME]',
    ];
    const others = row.aliases.length === 0 ? '' : ` (also ${row.aliases.join(', ')})`;
    return `${[row.words, row.parameters, ...options].filter((part) => part !== '').join(' ')}: ${row.meaning}${others}`;
  }
  const other = OTHER_STATEMENTS.find(([words]) => words.toLowerCase() === wanted);
  return other === undefined ? null : `${[other[0], other[1]].filter((part) => part !== '').join(' ')}: ${other[2]}`;
}

function form(kind: FaultKind, words: string, parameters: string, meaning: string, extra: Extra = {}): Form {
  const { aliases = [], options = [], once } = extra;
  return { kind, words, aliases, parameters, meaning, lasts: once !== true, options };
}
