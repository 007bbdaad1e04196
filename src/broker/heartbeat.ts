/** A ping: what is agreed, up to where a server has been sent everything, the time. Its answer is a sign of life. */
import { FRAME } from '../model/frames.ts';
import type { ServerIndex } from '../model/ids.ts';
import { type BrokerState, committedFor } from './state.ts';

export function ping(state: BrokerState, server: ServerIndex): void {
  const { out } = state;
  const { rare } = state.host;
  out.reset();
  out.u8(FRAME.ping);
  out.f64(rare('broker: a ping says that nothing is agreed') ? 0 : committedFor(state, server));
  // In the order of the link: every write up to here that it is addressed by went before.
  out.f64(rare('broker: a ping says that nothing was sent') ? 0 : state.lastVersion);
  out.f64(state.host.wallMs());
  state.host.send(server, out.view());
}
