/** Where a client finds its cluster: `coppice://127.0.0.1:7400`, several separated by commas or as a list. */
import { err, ok, type Result } from '../lib/result.ts';

export type Endpoint = { readonly host: string; readonly port: number };

const SCHEME = 'coppice://';
const PORT_DEFAULT = 7400;

/** The endpoints of one or more addresses, or one line that says what is wrong. The scheme and the port may be left out. */
export function parseEndpoints(addresses: string | readonly string[]): Result<Endpoint[], string> {
  const endpoints: Endpoint[] = [];
  for (const address of typeof addresses === 'string' ? [addresses] : addresses) {
    const scheme = /^([a-z][a-z\d+.-]*):\/\//i.exec(address);
    if (scheme !== null && scheme[0].toLowerCase() !== SCHEME)
      return err(`${address}: expected ${SCHEME}<host>:<port>`);
    const rest = address.slice(scheme === null ? 0 : SCHEME.length).replace(/\/$/, '');
    for (const part of rest.split(',')) {
      const endpoint = parseEndpoint(part.trim());
      if (endpoint === null) return err(`"${part}" is not <host>:<port>`);
      endpoints.push(endpoint);
    }
  }
  return endpoints.length === 0 ? err('no address to connect to') : ok(endpoints);
}

/** `host:port`, with brackets around an IPv6 address. */
export function showEndpoint(endpoint: Endpoint): string {
  return endpoint.host.includes(':') ? `[${endpoint.host}]:${endpoint.port}` : `${endpoint.host}:${endpoint.port}`;
}

function parseEndpoint(part: string): Endpoint | null {
  const match = /^(?:\[([\da-f:.]+)\]|([^\s:/@?#[\]]+))(?::(\d{1,5}))?$/i.exec(part);
  if (match === null) return null;
  const port = match[3] === undefined ? PORT_DEFAULT : Number(match[3]);
  if (port < 1 || port > 65_535) return null;
  return { host: (match[1] ?? match[2]) as string, port };
}
