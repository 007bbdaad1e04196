/**
 * The one table of the RESP port: every command that it knows. Lists, sets, sorted sets, streams and scripts are not in
 * it, so they answer as any unknown command does.
 */
import { CommandIndex } from './command-index.ts';
import { ACL } from './commands/acl.ts';
import { CLIENT } from './commands/client.ts';
import { CONNECTION_ROWS } from './commands/connection.ts';
import { DOCUMENT_ROWS } from './commands/documents.ts';
import { EXPIRY_ROWS } from './commands/expiry.ts';
import { HASH_ROWS } from './commands/hashes.ts';
import { COMMAND } from './commands/introspection.ts';
import { JSON_ARRAY_ROWS } from './commands/json-arrays.ts';
import { JSON_DOCUMENT_ROWS } from './commands/json-documents.ts';
import { JSON_DEBUG, JSON_VALUE_ROWS } from './commands/json-values.ts';
import { KEY_ROWS, OBJECT } from './commands/keys.ts';
import { NUMBER_ROWS } from './commands/numbers.ts';
import { LATENCY, MEMORY, OBSERVE_ROWS, SLOWLOG } from './commands/observe.ts';
import { OPERATOR_ROWS } from './commands/operators.ts';
import { PUB_SUB_ROWS, PUBSUB } from './commands/pub-sub.ts';
import { SCAN_ROWS } from './commands/scans.ts';
import { CLUSTER, CONFIG, DEBUG, MODULE, SERVER_ROWS } from './commands/server.ts';
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
    ...HASH_ROWS,
    ...JSON_DOCUMENT_ROWS,
    ...JSON_VALUE_ROWS,
    ...JSON_ARRAY_ROWS,
    ...DOCUMENT_ROWS,
    ...OPERATOR_ROWS,
  ],
  [CLIENT, CLUSTER, COMMAND, CONFIG, OBJECT, MEMORY, SLOWLOG, LATENCY, MODULE, ACL, PUBSUB, DEBUG, JSON_DEBUG],
);
