/**
 * serverFile: the storage servers of a cluster, one `<host> SP <port>` a line (semantics.md 1.2). CRLF, blank lines,
 * tabs, a missing final newline are fine; what is wrong is named by line number.
 *
 *   127.0.0.1 8000
 *   127.0.0.1 8001
 */
import { err, ok, type Result } from '../lib/result.ts';
import { SERVERS_MAX } from '../model/limits.ts';

export type ServerAddress = { readonly host: string; readonly port: number };

const PORT_MAX = 65_535;

/** The addresses in the order of the file, or one line that says what is wrong and where. */
export function parseServerFile(content: string): Result<ServerAddress[], string> {
  const addresses: ServerAddress[] = [];
  const lineOf = new Map<string, number>();
  const lines = content.replace(/^\uFEFF/, '').split('\n');
  for (const [index, line] of lines.entries()) {
    const words = line.split(/\s+/).filter((word) => word !== '');
    if (words.length === 0) continue;
    const at = `line ${index + 1}`;
    if (words.length !== 2) return err(`${at}: expected "<host> <port>", got ${words.length} words`);
    const [host, portText] = words as [string, string];
    const port = parsePort(portText);
    if (port === null) return err(`${at}: port ${portText} is not between 1 and ${PORT_MAX}`);
    const name = `${host.toLowerCase()} ${port}`;
    const before = lineOf.get(name);
    if (before !== undefined) return err(`${at}: ${host} ${port} was named already at line ${before}`);
    lineOf.set(name, index + 1);
    addresses.push({ host, port });
  }
  if (addresses.length === 0) return err('no servers in the file');
  if (addresses.length > SERVERS_MAX) return err(`${addresses.length} servers are more than ${SERVERS_MAX}`);
  return ok(addresses);
}

/** Null when `replicas` copies fit on `servers` servers; else the line to print. */
export function checkReplicas(replicas: number, servers: number): string | null {
  if (replicas > servers) return 'Not as many servers as the k number! Please reduce -k or change -s file.';
  if (replicas < 1) return `-k must be at least 1, got ${replicas}`;
  return null;
}

/** A port from 1 to 65535, or null. */
export function parsePort(text: string): number | null {
  if (!/^\d{1,5}$/.test(text)) return null;
  const port = Number(text);
  return port >= 1 && port <= PORT_MAX ? port : null;
}
