/** INFO: sections of `name:value` lines that tools read. Numbers come from the host and what this port counted. */
import type { RespHost } from './resp-host.ts';
import { REDIS_VERSION } from './redis-version.ts';

type Section = { readonly title: string; readonly isDefault: boolean; readonly fields: (host: RespHost) => Fields };
type Fields = readonly (readonly [name: string, value: string | number])[];

const BYTES_UNITS = ['B', 'K', 'M', 'G', 'T'];

const SECTIONS: readonly Section[] = [
  { title: 'Server', isDefault: true, fields: server },
  { title: 'Clients', isDefault: true, fields: clients },
  { title: 'Memory', isDefault: true, fields: memory },
  { title: 'Persistence', isDefault: true, fields: persistence },
  { title: 'Stats', isDefault: true, fields: stats },
  { title: 'Replication', isDefault: true, fields: replication },
  { title: 'CPU', isDefault: true, fields: processor },
  {
    title: 'Modules',
    isDefault: true,
    fields: () => [['module', 'name=ReJSON,ver=20600,api=1,filters=0,usedby=[],using=[],options=[]']],
  },
  { title: 'Commandstats', isDefault: false, fields: commandStats },
  { title: 'Errorstats', isDefault: true, fields: errorStats },
  { title: 'Latencystats', isDefault: false, fields: () => [] },
  { title: 'Cluster', isDefault: true, fields: () => [['cluster_enabled', 0]] },
  { title: 'Keyspace', isDefault: true, fields: keyspace },
  { title: 'Actors', isDefault: true, fields: actors },
];

/** The text of INFO; no names: those that are shown by default. Unknown names are left out, as everywhere. */
export function infoText(host: RespHost, names: readonly string[]): string {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  const all = wanted.has('all') || wanted.has('everything');
  const usual = wanted.size === 0 || wanted.has('default');
  return SECTIONS.filter(({ title, isDefault }) => all || wanted.has(title.toLowerCase()) || (usual && isDefault))
    .map(
      ({ title, fields }) =>
        `# ${title}\r\n${fields(host)
          .map(([name, value]) => `${name}:${value}\r\n`)
          .join('')}`,
    )
    .join('\r\n');
}

/** `1.50M`, as people read it. */
export function humanBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_024 && unit < BYTES_UNITS.length - 1) {
    value /= 1_024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(2)}${BYTES_UNITS[unit]}`;
}

function server({ facts, startedMs }: RespHost): Fields {
  const seconds = Math.floor((facts.clockMs() - startedMs) / 1_000);
  return [
    ['redis_version', REDIS_VERSION],
    ['redis_git_sha1', '00000000'],
    ['redis_git_dirty', 0],
    ['redis_build_id', facts.version],
    ['redis_mode', 'standalone'],
    ['server_name', 'coppice'],
    ['coppice_version', facts.version],
    ['os', facts.os],
    ['arch_bits', 64],
    ['multiplexing_api', 'libuv'],
    ['process_id', facts.pid],
    ['process_supervised', 'no'],
    ['run_id', facts.runId],
    ['tcp_port', facts.port()],
    ['server_time_usec', Math.floor(facts.wallMs() * 1_000)],
    ['uptime_in_seconds', seconds],
    ['uptime_in_days', Math.floor(seconds / 86_400)],
    ['hz', 10],
    ['executable', facts.executable],
    ['config_file', ''],
  ];
}

function clients({ talks, facts, pubSub, tracking }: RespHost): Fields {
  return [
    ['connected_clients', talks.size],
    ['cluster_connections', 0],
    ['maxclients', facts.connectionsMax],
    ['blocked_clients', 0],
    ['tracking_clients', tracking.clients],
    ['pubsub_clients', [...talks.values()].filter(({ client }) => client.channels + client.patterns > 0).length],
    ['pubsub_channels_listened', pubSub.channelCount],
  ];
}

function memory({ facts }: RespHost): Fields {
  const { used, resident, peak, total } = facts.memory();
  return [
    ['used_memory', used],
    ['used_memory_human', humanBytes(used)],
    ['used_memory_rss', resident],
    ['used_memory_rss_human', humanBytes(resident)],
    ['used_memory_peak', peak],
    ['used_memory_peak_human', humanBytes(peak)],
    ['used_memory_peak_perc', `${((used / Math.max(1, peak)) * 100).toFixed(2)}%`],
    ['used_memory_overhead', 0],
    ['used_memory_startup', 0],
    ['used_memory_dataset', used],
    ['used_memory_dataset_perc', '100.00%'],
    ['total_system_memory', total],
    ['total_system_memory_human', humanBytes(total)],
    ['maxmemory', 0],
    ['maxmemory_human', '0B'],
    ['maxmemory_policy', 'noeviction'],
    ['mem_fragmentation_ratio', (resident / Math.max(1, used)).toFixed(2)],
    ['mem_allocator', 'v8'],
  ];
}

function persistence(host: RespHost): Fields {
  const recovering = host.administration.status().servers.filter(({ state }) => state === 'recovering');
  const isLoading = isRecovering(host);
  const progress = recovering.reduce((sum, server) => sum + (server.progress ?? 0), 0) / Math.max(1, recovering.length);
  const fields: (readonly [string, string | number])[] = [
    ['loading', isLoading ? 1 : 0],
    ['async_loading', 0],
    ['rdb_changes_since_last_save', 0],
    ['rdb_bgsave_in_progress', 0],
    ['rdb_last_save_time', Math.floor(host.savedMs / 1_000)],
    ['rdb_last_bgsave_status', 'ok'],
    ['rdb_last_bgsave_time_sec', 0],
    ['aof_enabled', host.administration.status().durability === 'memory' ? 0 : 1],
    ['aof_rewrite_in_progress', 0],
    ['aof_rewrite_scheduled', 0],
    ['aof_last_rewrite_time_sec', -1],
    ['aof_last_bgrewrite_status', 'ok'],
    ['aof_last_write_status', 'ok'],
  ];
  if (isLoading) {
    fields.push(['loading_loaded_perc', (progress * 100).toFixed(2)], ['loading_eta_seconds', 1]);
  }
  return fields;
}

/** Whether nobody answers yet: no server is up. */
export function isRecovering({ administration }: RespHost): boolean {
  const { servers } = administration.status();
  return servers.every(({ state }) => state !== 'up') && servers.some(({ state }) => state === 'recovering');
}

function stats({ statistics: counts, slowLog, pubSub, talks, tracking }: RespHost): Fields {
  const tracked = tracking.size;
  const perSecond = counts.rate();
  return [
    ['total_connections_received', counts.connections],
    ['total_commands_processed', counts.commands],
    ['instantaneous_ops_per_sec', perSecond],
    ['total_net_input_bytes', counts.inputBytes],
    ['total_net_output_bytes', counts.outputBytes],
    ['instantaneous_input_kbps', '0.00'],
    ['instantaneous_output_kbps', '0.00'],
    ['rejected_connections', counts.rejectedConnections],
    ['expired_keys', counts.expired],
    ['evicted_keys', 0],
    ['keyspace_hits', counts.hits],
    ['keyspace_misses', counts.misses],
    ['pubsub_channels', pubSub.channelCount],
    ['pubsub_patterns', pubSub.patterns],
    ['latest_fork_usec', 0],
    ['total_error_replies', counts.failures],
    ['tracking_total_keys', tracked.keys],
    ['tracking_total_items', tracked.items],
    ['tracking_total_prefixes', tracked.prefixes],
    ['slowlog_len', slowLog.size],
    ['current_connections', talks.size],
  ];
}

function replication({ facts }: RespHost): Fields {
  return [
    ['role', 'master'],
    ['connected_slaves', 0],
    ['master_failover_state', 'no-failover'],
    ['master_replid', facts.runId],
    ['master_repl_offset', 0],
    ['repl_backlog_active', 0],
  ];
}

function processor({ facts }: RespHost): Fields {
  const { user, system } = facts.processorSeconds();
  return [
    ['used_cpu_sys', system.toFixed(6)],
    ['used_cpu_user', user.toFixed(6)],
    ['used_cpu_sys_children', '0.000000'],
    ['used_cpu_user_children', '0.000000'],
  ];
}

function commandStats({ statistics }: RespHost): Fields {
  return [...statistics.byCommand].map(([{ name }, { calls, microseconds, refused, failed }]) => [
    `cmdstat_${name}`,
    `calls=${calls},usec=${Math.round(microseconds)},usec_per_call=${(microseconds / Math.max(1, calls)).toFixed(2)},rejected_calls=${refused},failed_calls=${failed}`,
  ]);
}

function errorStats({ statistics }: RespHost): Fields {
  return [...statistics.byFailure].map(([word, count]) => [`errorstat_${word}`, `count=${count}`]);
}

function keyspace({ administration }: RespHost): Fields {
  const { servers, replicas } = administration.status();
  const keys = Math.round(servers.reduce((sum, server) => sum + server.keys, 0) / replicas);
  return keys === 0 ? [] : [['db0', `keys=${keys},expires=0,avg_ttl=0,subexpiry=0`]];
}

function actors({ administration, facts }: RespHost): Fields {
  const { mode, replicas, durability, epoch, servers } = administration.status();
  return [
    ['mode', mode],
    ['replicas', replicas],
    ['durability', durability],
    ['epoch', epoch],
    ['requests_in_flight', facts.requestsInFlight()],
    ...servers.map(
      ({ id, state, role, keys, walBytes, incarnation }) =>
        [id, `state=${state},role=${role},keys=${keys},wal_bytes=${walBytes},incarnation=${incarnation}`] as const,
    ),
  ];
}
