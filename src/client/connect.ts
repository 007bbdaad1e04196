/** `connect('coppice://127.0.0.1:7400')`: a client over the network. */
import { CoppiceClient, type ClientOptions } from './client.ts';
import { parseEndpoints } from './endpoints.ts';
import { fromKvError } from './error.ts';
import { TextTransport, type TextTransportOptions } from './text-transport.ts';

export type ConnectOptions = Partial<ClientOptions & TextTransportOptions>;

/**
 * A connected client. Several addresses, separated by commas or as a list, are tried in turn, now and whenever the
 * connection breaks. Rejects with USAGE for an address that is none, DISCONNECTED when nobody answers.
 */
export async function connect(
  addresses: string | readonly string[],
  options: ConnectOptions = {},
): Promise<CoppiceClient> {
  const endpoints = parseEndpoints(addresses);
  if (!endpoints.ok) throw fromKvError({ code: 'USAGE', message: endpoints.error });
  const transport = new TextTransport(endpoints.value, options);
  try {
    await transport.ready();
  } catch (error) {
    await transport.close();
    throw error;
  }
  return new CoppiceClient(transport, options);
}
