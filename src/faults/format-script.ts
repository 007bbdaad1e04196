/** Lines of a script as text, as their parser reads them: parsing what is printed here gives the same script again. */
import { formatDuration, formatFaultStatement, formatSelector } from './format.ts';
import type { Check, EventPattern, Script, Span, Statement, When } from './syntax.ts';
import { quote } from './tokens.ts';

/** A whole script, one statement a line. */
export function formatScript({ servers, replicas, mode, lines }: Script): string {
  const head = `CLUSTER servers ${servers} replicas ${replicas} mode ${mode}`;
  return `${[head, ...lines.map(({ when, statement }) => formatLine(when, statement))].join('\n')}\n`;
}

/** `at 2s EXPECT state s1 = up within 1s` */
export function formatLine(when: When, statement: Statement): string {
  return [formatWhen(when), formatStatement(statement)].filter((part) => part !== '').join(' ');
}

export function formatStatement(statement: Statement): string {
  switch (statement.kind) {
    case 'load': {
      const { name, clients, rate, mix, keys, forMs } = statement;
      const shares = mix.map(({ operation, weight }) => `${operation}:${weight}`).join(',');
      const lasting = forMs === null ? '' : ` FOR ${formatDuration(forMs)}`;
      return `LOAD ${name} clients ${clients} rate ${rate} mix ${shares} keys ${keys}${lasting}`;
    }
    case 'stop':
      return `STOP ${statement.name}`;
    case 'expect':
      return `EXPECT ${formatCheck(statement.check)}${formatSpan(statement.span)}`;
    case 'cluster':
      return `CLUSTER servers ${statement.servers} replicas ${statement.replicas} mode ${statement.mode}`;
    case 'seed':
      return `SEED ${statement.seed}`;
    case 'phase':
      return `PHASE ${statement.phase}${statement.core === null ? '' : ` ${formatSelector(statement.core)}`}`;
    case 'set':
      return `SET ${statement.knob} ${formatDuration(statement.ms)}`;
    case 'wait':
      return `WAIT ${formatDuration(statement.ms)}`;
    case 'assert-healed':
      return 'ASSERT-HEALED';
    case 'end':
      return 'END';
    case 'note':
      return `NOTE ${statement.text}`.trimEnd();
    default:
      return formatFaultStatement(statement);
  }
}

export function formatCheck(check: Check): string {
  switch (check.kind) {
    case 'leader':
      return check.is === null ? 'leader' : `leader = ${formatSelector(check.is)}`;
    case 'no-leader':
      return 'no leader';
    case 'state':
      return `state ${formatSelector(check.of)} = ${check.states.join('|')}`;
    case 'reply':
      return `reply ${quote(check.to)} = ${quote(check.pattern)}`;
    case 'ok':
      return `ok ${check.compare} ${check.percent}%`;
    case 'errors':
      return `errors ${check.code === null ? '' : `${check.code} `}${check.compare} ${check.count}`;
    case 'latency':
      return `${check.quantile}(${check.operation}) ${check.compare} ${formatDuration(check.ms)}`;
    case 'lost':
    case 'copies':
    case 'unhandled':
      return `${check.kind} ${check.compare} ${check.count}`;
    case 'partial-bulks':
      return `partial bulks ${check.compare} ${check.count}`;
    case 'linearizable':
    case 'serializable':
    case 'converged':
      return check.kind;
    case 'rss':
      return `rss ${check.compare} ${check.bytes}b`;
    case 'mailbox':
      return `mailbox ${check.of === null ? '' : `${formatSelector(check.of)} `}${check.compare} ${check.count}`;
    case 'log':
      return `log ${quote(check.pattern)}`;
    default:
      return check satisfies never;
  }
}

function formatWhen(when: When): string {
  switch (when.kind) {
    case 'next':
      return '';
    case 'at':
    case 'after':
      return `${when.kind} ${formatDuration(when.ms)}`;
    case 'at-end':
      return 'at end';
    case 'every': {
      const jitter = when.jitterPercent === 0 ? '' : ` jitter ${when.jitterPercent}%`;
      return `every ${formatDuration(when.ms)}${jitter}${when.times === null ? '' : ` times ${when.times}`}`;
    }
    case 'on':
      return `on ${formatEvent(when.event)}${when.nth === 1 ? '' : ` #${when.nth}`}`;
    case 'when':
      return `when ${formatCheck(when.check)}`;
    default:
      return when satisfies never;
  }
}

function formatEvent(event: EventPattern): string {
  if ('state' in event) return `state ${formatSelector(event.server)} ${event.state}`;
  if ('server' in event) return `${event.kind} ${formatSelector(event.server)}`;
  return 'name' in event ? `${event.kind} ${event.name}` : event.kind;
}

function formatSpan(span: Span): string {
  if (span.kind === 'now') return '';
  return 'ms' in span ? ` ${span.kind} ${formatDuration(span.ms)}` : ' at end';
}
