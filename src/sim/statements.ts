/**
 * A scenario's happenings in the words of the fault language (reliability.md 3.12), to be read by people and, where the
 * language has a word for it, by machines: what only the simulator can do stands in a comment.
 */
import type { DamagedFile, DirectedLink, DiskDamage, DiskFault, FaultAction, Neighbour } from '../faults/action.ts';
import type { ServerIndex } from '../model/ids.ts';
import type { LinkRule } from '../routing/link-rules.ts';
import type { Happening, Scenario } from './scenario.ts';

/** Lines of a script: the cluster, then what happens in its order. */
export function scriptOf({ seed, config, happenings }: Scenario): string[] {
  return [
    `SEED ${seed}`,
    `CLUSTER servers ${config.servers} replicas ${config.replicas} mode ${config.mode}`,
    ...happenings.flatMap((happening) => linesOf(happening).map((line) => `at ${ms(happening.atMs)} ${line}`)),
  ].map((line) => (line.startsWith('at ') && line.includes(' # ') ? `# ${line.replace(' # ', ' ')}` : line));
}

function linesOf(happening: Happening): string[] {
  switch (happening.kind) {
    case 'fault':
      return statements(happening.action).map((line) =>
        happening.forMs === null ? line : `${line} FOR ${ms(happening.forMs)}`,
      );
    case 'restart':
      return [`RESTART ${names([happening.server])}`];
    case 'blackout': {
      const { blackout, absent, absentMs } = happening;
      const what = blackout.survivors === null ? 'the process dies' : `the machine goes dark (${blackout.survivors})`;
      const file = blackout.losesEpochFile ? ', its epoch file is lost' : '';
      const late = absent.length === 0 ? '' : `, ${names(absent)} ${ms(absentMs)} later`;
      return [`# ${what}${file}; back after ${ms(blackout.offMs)}${late}`];
    }
    case 'crash-point': {
      const { at, nth, call, survivors } = happening.point;
      const what =
        at === 'disk' ? (call === undefined ? 'call to its disk' : `${call} of its disk`) : 'frame that it sends';
      const left = survivors === null ? '' : `, and loses power (${survivors})`;
      return [`# ${names([happening.server])} dies at the ${nth}th ${what}${left}`];
    }
    case 'host-clock': {
      const { fault, forMs } = happening;
      const how =
        fault.kind === 'drift'
          ? `runs at ${fault.rate}`
          : `is ${ms(fault.byMs)} off${fault.kind === 'strobe' ? `, and back, every ${ms(fault.everyMs)}` : ''}`;
      return [`# the broker's clock ${how} for ${ms(forMs)}`];
    }
    case 'hang-host':
      return [`# the broker hangs for ${ms(happening.forMs)}`];
    case 'calm':
      return [`# all is healed and becomes whole; ${names(happening.reread)} read their disks anew`];
    default:
      return happening satisfies never;
  }
}

function statements(action: FaultAction): string[] {
  if (action.kind === 'link') return action.links.map((link) => linkStatement(link, action.rule));
  if (action.kind === 'client') {
    return [`CLIENT ${'bytes' in action.fault ? `${action.fault.act} ${action.fault.bytes}` : action.fault.act}`];
  }
  const servers = names(action.servers);
  switch (action.kind) {
    case 'crash':
    case 'hang':
    case 'oom':
    case 'wipe':
      return [`${action.kind.toUpperCase()} ${servers}`];
    case 'slow':
      return [`SLOW ${servers} ${action.factor}x`];
    case 'throw':
    case 'flap':
      return [`${action.kind.toUpperCase()} ${servers} ${action.count}`];
    case 'flaky':
      return [`FLAKY ${servers} ${action.probability}`];
    case 'point': {
      const { point, act } = action.fault;
      const how = act.kind === 'sleep' ? ` ${ms(act.forMs)}` : act.kind === 'error' ? ` ${act.code}` : '';
      return [`POINT ${point} ${servers} ${act.kind}${how}`];
    }
    case 'power':
      return [`POWER ${servers} ${action.survivors}`];
    case 'disk':
      return [diskStatement(servers, action.fault)];
    case 'damage':
      return [damageStatement(servers, action.damage)];
    case 'clock':
      switch (action.fault.kind) {
        case 'skew':
          return [`SKEW ${servers} ${action.fault.byMs < 0 ? '-' : '+'}${ms(Math.abs(action.fault.byMs))}`];
        case 'drift':
          return [`DRIFT ${servers} ${action.fault.rate}`];
        case 'strobe':
          return [`STROBE ${servers} ${ms(action.fault.byMs)} every ${ms(action.fault.everyMs)}`];
        default:
          return action.fault satisfies never;
      }
    default:
      return action satisfies never;
  }
}

function linkStatement({ from, to }: DirectedLink, rule: LinkRule): string {
  const link = `${nameOf(from)}->${nameOf(to)}`;
  switch (rule.kind) {
    case 'cut':
    case 'clog':
      return `${rule.kind.toUpperCase()} ${link}`;
    case 'drop':
      return `DROP ${link} ${percent(rule.probability)}`;
    case 'duplicate':
      return `DUP ${link} ${percent(rule.probability)}`;
    case 'reorder':
      return `REORDER ${link} ${percent(rule.probability)}`;
    case 'delay':
      return `DELAY ${link} ${ms(rule.delayMs)} +-${ms(rule.jitterMs)} ${rule.distribution ?? 'uniform'}`;
    case 'rate':
      return `RATE ${link} ${rule.bytesPerSecond}/s`;
    default:
      return rule satisfies never;
  }
}

function diskStatement(servers: string, fault: DiskFault): string {
  switch (fault.kind) {
    case 'sync-fail':
      return `FSYNC FAIL ${servers} TIMES ${fault.count}`;
    case 'write-fail':
      return `WRITE FAIL ${servers} ${fault.code} P ${percent(fault.probability)}`;
    case 'read-fail':
      return `READ FAIL ${servers} P ${percent(fault.probability)}`;
    case 'torn-write':
      return `TORN WRITE ${servers}`;
    case 'full':
      return `DISK FULL ${servers}`;
    case 'slow':
      return `DISK SLOW ${servers} ${fault.delayMs > 0 ? ms(fault.delayMs) : `${fault.factor}x`}`;
    case 'stall':
      return `DISK STALL ${servers}`;
    case 'misdirect':
      return `MISDIRECT ${servers}`;
    case 'lose-write':
      return `LOSE WRITE ${servers}`;
    default:
      return fault satisfies never;
  }
}

function damageStatement(servers: string, damage: DiskDamage): string {
  const file = fileName(damage.file);
  switch (damage.kind) {
    case 'flip':
      return `BITFLIP ${servers} ${file} ${damage.bits}`;
    case 'rot':
      return `BITFLIP ${servers} ${file} ${damage.percent}%`;
    case 'truncate':
      return `TRUNCATE ${servers} ${file} ${damage.bytes}`;
    default:
      return damage satisfies never;
  }
}

function fileName(file: DamagedFile): string {
  if (file.kind === 'named') return `"${file.name}"`;
  return file.kind === 'checkpoint' ? 'snap' : file.kind;
}

function names(servers: readonly ServerIndex[]): string {
  return servers.map(nameOf).join(',');
}

function nameOf(actor: Neighbour): string {
  return actor === 'broker' ? actor : `s${actor + 1}`;
}

function ms(value: number): string {
  return `${Number(value.toFixed(3))}ms`;
}

function percent(probability: number): string {
  return `${Number((probability * 100).toFixed(3))}%`;
}
