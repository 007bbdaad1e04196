/** FAULT statements as text, as the parser reads them: parsing what is printed here gives the same statement again. */
import { FORMS } from './forms.ts';
import type {
  Fault,
  FaultOptions,
  FaultStatement,
  FileSelector,
  Healed,
  LinkSelector,
  Selector,
  SelectorPart,
} from './syntax.ts';
import { quote } from './tokens.ts';

/** `HANG s2 FOR 2s AS old` */
export function formatFault(fault: Fault, options: FaultOptions): string {
  return [formatParameters(fault), ...formatOptions(options)].filter((part) => part !== '').join(' ');
}

export function formatFaultStatement(statement: FaultStatement): string {
  switch (statement.kind) {
    case 'fault':
      return formatFault(statement.fault, statement.options);
    case 'restart':
    case 'resume':
      return `${statement.kind.toUpperCase()} ${formatSelector(statement.servers)}`;
    case 'heal':
      return `HEAL ${formatHealed(statement.what)}`;
    case 'list':
    case 'points':
      return statement.kind.toUpperCase();
    case 'help':
      return statement.topic === null ? 'HELP' : `HELP ${statement.topic}`;
    default:
      return statement satisfies never;
  }
}

/** `2s`, `1500ms`, `250us`: whole units where there are some. */
export function formatDuration(ms: number): string {
  if (ms !== 0 && ms % 60_000 === 0) return `${ms / 60_000}m`;
  if (ms !== 0 && ms % 1_000 === 0) return `${ms / 1_000}s`;
  return `${ms}ms`;
}

/** `s1,s2`, `leader`, `random 2` */
export function formatSelector(selector: Selector): string {
  return selector.map(formatPart).join(',');
}

/** `s1 -> s2`, `s2`, `*` */
export function formatLink(link: LinkSelector): string {
  if (link.kind === 'every') return '*';
  if (link.kind === 'around') return formatGroup(link.selector);
  return `${formatGroup(link.from)} ${link.bothWays ? '<->' : '->'} ${formatGroup(link.to)}`;
}

function formatGroup(selector: Selector): string {
  return selector.map(formatPart).join(' ');
}

function formatPart(part: SelectorPart): string {
  if (part.kind === 'name') return part.name;
  if (part.kind === 'random') return `random ${part.count}`;
  return part.kind === 'follower' && part.nth !== null ? `follower ${part.nth}` : part.kind;
}

function formatParameters(fault: Fault): string {
  const words = FORMS.find(({ kind }) => kind === fault.kind)?.words ?? '';
  return `${words} ${parametersOf(fault)}`.trimEnd();
}

function parametersOf(fault: Fault): string {
  switch (fault.kind) {
    case 'slow':
      return `${formatSelector(fault.servers)} ${fault.factor}x`;
    case 'throw':
    case 'flap':
      return `${formatSelector(fault.servers)} ${fault.count}`;
    case 'flaky':
      return `${formatSelector(fault.servers)} ${fault.probability}`;
    case 'power':
      return `${formatSelector(fault.servers)} ${fault.survivors}`;
    case 'write-fail':
      return `${formatSelector(fault.servers)} ${fault.code}`;
    case 'disk-slow': {
      const { by } = fault;
      return `${formatSelector(fault.servers)} ${by.kind === 'factor' ? `${by.factor}x` : formatDuration(by.delayMs)}`;
    }
    case 'bitflip': {
      const { bits } = fault;
      const amount = bits.kind === 'count' ? `${bits.count}` : `${bits.percent}%`;
      return `${formatSelector(fault.servers)} ${formatFile(fault.file)} ${amount}`;
    }
    case 'truncate':
      return `${formatSelector(fault.servers)} ${formatFile(fault.file)} ${fault.bytes}`;
    case 'skew':
      return `${formatSelector(fault.servers)} ${fault.byMs < 0 ? '-' : '+'}${formatDuration(Math.abs(fault.byMs))}`;
    case 'drift':
      return `${formatSelector(fault.servers)} ${fault.rate}`;
    case 'strobe':
      return `${formatSelector(fault.servers)} ${formatDuration(fault.byMs)} every ${formatDuration(fault.everyMs)}`;
    case 'partition':
      return fault.groups.map(formatGroup).join(' | ');
    case 'isolate':
      return formatGroup(fault.servers);
    case 'ring':
    case 'swizzle':
      return '';
    case 'cut':
    case 'clog':
      return formatLink(fault.link);
    case 'drop':
    case 'dup':
    case 'reorder':
      return `${formatLink(fault.link)} ${fault.percent}%`;
    case 'delay': {
      const jitter = fault.jitterMs === 0 ? '' : ` +-${formatDuration(fault.jitterMs)}`;
      const distribution = fault.distribution === null ? '' : ` ${fault.distribution}`;
      return `${formatLink(fault.link)} ${formatDuration(fault.delayMs)}${jitter}${distribution}`;
    }
    case 'rate':
      return `${formatLink(fault.link)} ${fault.bytesPerSecond}b/s`;
    case 'client':
      return 'bytes' in fault.does ? `${fault.does.act} ${fault.does.bytes}` : fault.does.act;
    case 'point': {
      const { act } = fault;
      const where = `${fault.name} ${formatSelector(fault.servers)} ${act.kind}`;
      if (act.kind === 'sleep') return `${where} ${formatDuration(act.forMs)}`;
      return act.kind === 'error' ? `${where} ${act.code}` : where;
    }
    default:
      return formatSelector(fault.servers);
  }
}

function formatFile(file: FileSelector): string {
  return file.kind === 'named' ? quote(file.name) : file.kind;
}

function formatOptions({ forMs, percent, nth, times, name, seed }: FaultOptions): string[] {
  return [
    forMs === null ? '' : `FOR ${formatDuration(forMs)}`,
    percent === null ? '' : `P ${percent}%`,
    nth === null ? '' : `NTH ${nth.first}${nth.every === null ? '' : `+${nth.every}`}`,
    times === null ? '' : `TIMES ${times}`,
    name === null ? '' : `AS ${name}`,
    seed === null ? '' : `SEED ${seed}`,
  ];
}

function formatHealed(what: Healed): string {
  if (what.kind === 'all') return 'all';
  return what.kind === 'of'
    ? formatSelector(what.selector)
    : (FORMS.find(({ kind }) => kind === what.fault)?.words ?? '');
}
