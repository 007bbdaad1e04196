/** Where a command finds its cluster, and how it prints: flags that all commands against a running cluster share. */
import { type Endpoint, parseEndpoints } from '../client/endpoints.ts';
import { err, type Result } from '../lib/result.ts';
import { anyText, duration, type Environment, type Flag, FlagReader, type FlagValues, wholeNumber } from './flags.ts';

export const CONNECT_FLAGS: readonly Flag[] = [
  { flags: '-p, --port <P>', summary: 'text port of the cluster (default 7400)' },
  { flags: '--host <H>', summary: 'its address (default 127.0.0.1)' },
  { flags: '-u, --url <URL>', summary: 'both as coppice://<host>:<port>' },
  { flags: '--timeout <TIME>', summary: 'how long an answer may take (default 30s)' },
  { flags: '--json', summary: 'print JSON' },
];

export type ConnectOptions = { readonly endpoint: Endpoint; readonly timeoutMs: number; readonly json: boolean };

const TIMEOUT_MS = 30_000;

/** Reads CONNECT_FLAGS among `flags`. */
export function connectOptions(
  flags: readonly Flag[],
  values: FlagValues,
  env: Environment,
): Result<ConnectOptions, string> {
  const reader = new FlagReader(flags, values, env);
  const host = reader.get('host', anyText) ?? '127.0.0.1';
  const port = reader.get('port', wholeNumber(1, 65_535)) ?? 7400;
  const timeoutMs = reader.get('timeout', duration) ?? TIMEOUT_MS;
  const json = reader.has('json');
  // Flags beat the environment: a port on the command line is not overruled by a COPPICE_URL.
  const isPlaced = values['host'] !== undefined || values['port'] !== undefined;
  const url = values['url'] !== undefined || !isPlaced ? reader.get('url', anyText) : null;
  const name = host.includes(':') ? `[${host}]` : host;
  const endpoints = parseEndpoints(url ?? `${name}:${port}`);
  if (!endpoints.ok) return err(endpoints.error);
  return reader.done({ endpoint: endpoints.value[0] as Endpoint, timeoutMs, json });
}
