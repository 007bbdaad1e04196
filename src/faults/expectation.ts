/** Whether a check holds now, with what was found, in words. Asks the host; decides when an expectation is settled. */
import { HEARTBEAT_INTERVAL_MS } from '../model/limits.ts';
import type { ScriptHost, Verdict } from './script-host.ts';
import type { Interval, Statistics } from './statistics.ts';
import type { Check, Comparison, Span } from './syntax.ts';

export type Finding = { readonly holds: boolean; readonly found: string };

export type Watching = {
  readonly host: ScriptHost;
  readonly statistics: Statistics;
  readonly replicas: number;
  /** When the run began. */
  readonly startMs: number;
};

/** Answers once, when it is settled: at once, at the first look that holds (within) or does not (during), or at their end. */
export function watch(check: Check, span: Span, watching: Watching, settled: (finding: Finding) => void): void {
  const { host } = watching;
  const fromMs = host.now();
  const untilMs = fromMs + ('ms' in span ? span.ms : 0);
  const isMeasured = MEASURED.has(check.kind);
  const look = (): void => {
    const toMs = host.now();
    const interval = { fromMs: span.kind === 'within' || span.kind === 'during' ? fromMs : watching.startMs, toMs };
    examine(check, interval, watching, (finding) => {
      const leftMs = untilMs - host.now();
      // Less than a microsecond is nothing, and may be less than what moves the clock on.
      const isOver = leftMs < 0.001;
      // A share or a quantile says something about the whole span, when it is over.
      const decides = span.kind === 'during' ? !finding.holds && !isMeasured : finding.holds;
      if (decides || isOver) settled(finding);
      else host.after(Math.min(host.lookMs, leftMs), look);
    });
  };
  // What happened in the same moment has not been noticed yet: `within` would be met by the past.
  if (span.kind === 'within') host.after(Math.min(span.ms, NOTICE_MS), look);
  else look();
}

/** Whether it holds for what ended in the interval, or now. */
export function examine(
  check: Check,
  interval: Interval,
  watching: Watching,
  answer: (finding: Finding) => void,
): void {
  if (check.kind === 'reply') {
    watching.host.ask(check.to, (line) => answer({ holds: matches(check.pattern)(line), found: line }));
    return;
  }
  answer(look(check, interval, watching));
}

/** Whether a text is like the pattern, in which `*` stands for anything. */
export function matches(pattern: string): (text: string) => boolean {
  const source = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${source.join('.*')}$`, 'su');
  return (text) => expression.test(text);
}

/** Milliseconds until the end of a server's life is noticed by everybody. */
const NOTICE_MS = HEARTBEAT_INTERVAL_MS;

const MEASURED: ReadonlySet<Check['kind']> = new Set(['ok', 'latency', 'errors']);

const QUANTILE = { p50: 0.5, p99: 0.99, max: 1 } as const;

function look(
  check: Exclude<Check, { kind: 'reply' }>,
  interval: Interval,
  { host, statistics, replicas }: Watching,
): Finding {
  switch (check.kind) {
    case 'leader': {
      const leader = host.servers().findIndex(({ isLeader }) => isLeader);
      if (leader < 0) return { holds: false, found: 'nobody leads' };
      const wanted = check.is === null ? null : host.pick(check.is);
      if (wanted !== null && !wanted.ok) return { holds: false, found: wanted.error };
      return { holds: wanted === null || wanted.value.some((one) => one === leader), found: `s${leader + 1} leads` };
    }
    case 'no-leader': {
      const leader = host.servers().findIndex(({ isLeader }) => isLeader);
      return { holds: leader < 0, found: leader < 0 ? 'nobody leads' : `s${leader + 1} leads` };
    }
    case 'state': {
      const picked = host.pick(check.of);
      if (!picked.ok) return { holds: false, found: picked.error };
      const states = picked.value.map((server) => ({ server, state: host.servers()[server]?.state ?? 'down' }));
      return {
        holds: states.every(({ state }) => check.states.includes(state)),
        found: states.map(({ server, state }) => `s${server + 1} ${state}`).join(', '),
      };
    }
    case 'ok':
      return compared(statistics.okPercent(interval), check.compare, check.percent, '%');
    case 'errors':
      return compared(statistics.errors(interval, check.code), check.compare, check.count, '');
    case 'latency': {
      const ms = statistics.latencyMs(interval, check.operation, QUANTILE[check.quantile]);
      return compared(ms, check.compare, check.ms, ' ms');
    }
    case 'lost':
      return judged(host.verdicts().lost, check.compare, check.count);
    case 'partial-bulks':
      return judged(host.verdicts().partialBulks, check.compare, check.count);
    case 'linearizable':
      return judged(host.verdicts().linearizable, '=', 0);
    case 'serializable':
      return judged(host.verdicts().serializable, '=', 0);
    case 'converged': {
      if (!host.isWhole()) return { holds: false, found: statesOf(host) };
      const differences = host.differences();
      const found = ['all servers are up', ...differences].join('\n');
      return { holds: differences.length === 0, found: differences.length === 0 ? 'all copies are alike' : found };
    }
    case 'copies': {
      const away = host.servers().filter(({ state }) => state !== 'up').length;
      return compared(Math.max(0, replicas - away), check.compare, check.count, ' of a key at least');
    }
    case 'unhandled':
      return compared(host.unhandled(), check.compare, check.count, '');
    case 'rss':
      return compared(host.rssBytes(), check.compare, check.bytes, ' bytes');
    case 'mailbox': {
      const picked = check.of === null ? null : host.pick(check.of);
      if (picked !== null && !picked.ok) return { holds: false, found: picked.error };
      return compared(host.mailbox(picked === null ? null : picked.value), check.compare, check.count, '');
    }
    case 'log': {
      const holds = host.hasLogged(matches(check.pattern));
      return { holds, found: holds ? 'there is such a line' : 'there is no such line' };
    }
    default:
      return check satisfies never;
  }
}

function compared(value: number | null, compare: Comparison, limit: number, unit: string): Finding {
  if (value === null) return { holds: false, found: 'no operation ended' };
  return { holds: holds(value, compare, limit), found: `${Math.round(value * 100) / 100}${unit}` };
}

function judged({ count, details }: Verdict, compare: Comparison, limit: number): Finding {
  return { holds: holds(count, compare, limit), found: [`${count}`, ...details].join('\n') };
}

function holds(value: number, compare: Comparison, limit: number): boolean {
  switch (compare) {
    case '<=':
      return value <= limit;
    case '>=':
      return value >= limit;
    case '!=':
      return value !== limit;
    case '<':
      return value < limit;
    case '>':
      return value > limit;
    case '=':
      return value === limit;
    default:
      return compare satisfies never;
  }
}

function statesOf(host: ScriptHost): string {
  return host
    .servers()
    .map(({ state }, server) => `s${server + 1} ${state}`)
    .join(', ');
}
