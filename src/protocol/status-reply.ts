/** STATUS as a reply (row F-07): all of it in JSON, one line for people otherwise. */
import { type ByteWriter, utf8 } from '../lib/bytes.ts';
import type { ClusterStatus } from '../model/status.ts';
import { oneLine, type ReplyFormat } from './replies.ts';

/** STATUS: in JSON the whole of it, else one line for people. */
export function writeStatus(writer: ByteWriter, format: ReplyFormat, status: ClusterStatus): void {
  if (format.dialect === 'json') {
    writer.bytes(utf8(`${JSON.stringify({ ok: true, ...status })}\n`));
    return;
  }
  const { mode, replicas, durability, epoch, servers, faults } = status;
  const parts = [`mode=${mode} replicas=${replicas} durability=${durability} epoch=${epoch}`];
  for (const server of servers) {
    let part = `${server.id}${server.address === null ? '' : ` ${server.address}`} ${server.state} ${server.role}`;
    part += ` keys=${server.keys} wal=${server.walBytes} since=${server.since}`;
    if (server.progress !== null) part += ` progress=${Math.floor(server.progress * 100)}%`;
    if (server.reason !== null) part += ` reason=${server.reason}`;
    if (server.lastError !== null) part += ` error=${JSON.stringify(server.lastError)}`;
    if (server.clockOffsetMs !== 0) part += ` clock=${server.clockOffsetMs > 0 ? '+' : ''}${server.clockOffsetMs}ms`;
    parts.push(part);
  }
  for (const { id, statement, since } of faults) parts.push(`fault ${id} ${statement} since=${since}`);
  writer.bytes(utf8(`OK ${oneLine(parts.join(' | '))}\n`));
}
