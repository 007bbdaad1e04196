/**
 * The one table of the RESP port: every command that it knows. Lists, sets, sorted sets, streams and scripts are not in
 * it, so they answer as any unknown command does.
 */
import { CommandIndex } from './command-index.ts';
import { ACL } from './commands/acl.ts';
import { CLIENT } from './commands/client.ts';
import { CONNECTION_ROWS } from './commands/connection.ts';
import { EXPIRY_ROWS } from './commands/expiry.ts';
import { COMMAND } from './commands/introspection.ts';
import { KEY_ROWS, OBJECT } from './commands/keys.ts';
import { NUMBER_ROWS } from './commands/numbers.ts';
import { LATENCY, MEMORY, OBSERVE_ROWS, SLOWLOG } from './commands/observe.ts';
import { PUB_SUB_ROWS, PUBSUB } from './commands/pub-sub.ts';
import { SCAN_ROWS } from './commands/scans.ts';
import { CONFIG, DEBUG, MODULE, SERVER_ROWS } from './commands/server.ts';
import { STRING_ROWS } from './commands/strings.ts';
import { TRANSACTION_ROWS } from './commands/transactions.ts';

export const RESP_COMMANDS = new CommandIndex(
  [
    ...CONNECTION_ROWS,
    ...STRING_ROWS,
    ...NUMBER_ROWS,
    ...KEY_ROWS,
    ...EXPIRY_ROWS,
    ...SCAN_ROWS,
    ...TRANSACTION_ROWS,
    ...SERVER_ROWS,
    ...OBSERVE_ROWS,
    ...PUB_SUB_ROWS,
  ],
  [CLIENT, COMMAND, CONFIG, OBJECT, MEMORY, SLOWLOG, LATENCY, MODULE, ACL, PUBSUB, DEBUG],
);
