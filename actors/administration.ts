/** What an operator may do with a running host (model/status.ts, Administration), over the actors that do it. */
import type { HostOptions } from '../src/cli/host.ts';
import type { ActiveFaults } from '../src/faults/active-faults.ts';
import type { Result } from '../src/lib/result.ts';
import type { KvError } from '../src/model/errors.ts';
import { type ServerIndex, serverIndex, serverName } from '../src/model/ids.ts';
import type { Administration } from '../src/model/status.ts';
import type { BrokerActor } from './broker/handlers.ts';
import type { StatusBoard } from './status-board.ts';
import type { ThreadFaultHost } from './supervisor/fault-host.ts';

export type Operated = {
  readonly options: HostOptions;
  readonly broker: BrokerActor;
  readonly faults: ActiveFaults;
  readonly faultHost: ThreadFaultHost;
  readonly board: StatusBoard;
  readonly stop: () => void;
};

export function operations({ options, broker, faults, faultHost, board, stop }: Operated): Administration {
  const { servers } = options.cluster;
  return {
    status: () => board.status(),
    async fault(statement) {
      if (!options.faults) throw asError({ code: 'FAULTSOFF', message: 'start with --enable-faults to inject faults' });
      const { text } = valueOf(faults.say(statement));
      // OK means that it has happened: whoever asks next must see it.
      await faultHost.settled();
      return text;
    },
    async force(names) {
      const indexes = names.map((name) => {
        const index = serverIndex(name, servers);
        if (index !== null) return index;
        const last = serverName((servers - 1) as ServerIndex);
        throw asError({ code: 'USAGE', message: `no server ${name}; there are s1 to ${last}` });
      });
      return valueOf(broker.force(indexes));
    },
    async snapshot() {
      return valueOf(broker.snapshot());
    },
    shutdown: stop,
  };
}

/** The value, or its error thrown for a session to answer. */
export function valueOf<T>(result: Result<T, KvError>): T {
  if (result.ok) return result.value;
  throw asError(result.error);
}

/** A KvError that can be thrown: the session answers its code and message. */
export function asError(error: KvError): Error & KvError {
  return Object.assign(new Error(error.message), error);
}
