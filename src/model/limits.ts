/** Every limit, with its unit and its reason. What grows is bounded by one of these; an error names the limit it met. */

/** Storage servers of one cluster: owner sets are 16-bit masks, and C(16, 8) placement groups still fit a table. */
export const SERVERS_MAX = 16;

/** Bytes of a key. Long enough for any path or URL; short enough that a page of keys fits a frame. */
export const KEY_BYTES_MAX = 65_536;

/** Bytes of one packed document, and of one request line or bulk. */
export const DOCUMENT_BYTES_MAX = 16 * 1024 * 1024;

/** Nested sets below the top-level set. Node's own structuredClone dies at 3,299. */
export const DEPTH_MAX = 1_000;

/** Fields of one set and elements of one array: an index is 32-bit, this keeps one document's work bounded. */
export const FIELDS_MAX = 1_000_000;

/** Items of one bulk. */
export const BULK_ITEMS_MAX = 100_000;

/** Bytes of the keys and values of one change, a bulk or a transaction: it is one frame of a link and one record of a log. */
export const CHANGE_BYTES_MAX = 96 * 1024 * 1024;

/** Segments of one path: one more than the deepest document can use. */
export const PATH_SEGMENTS_MAX = DEPTH_MAX + 2;

/** Bytes of a COMPUTE expression; nodes, depth and bindings of its tree. */
export const EXPRESSION_BYTES_MAX = 4_096;
export const EXPRESSION_NODES_MAX = 1_000;
export const EXPRESSION_DEPTH_MAX = 100;
export const BINDINGS_MAX = 64;
/** Decimal digits of an exact integer on the way of a COMPUTE; beyond it arithmetic is TOOCOMPLEX. */
export const INTEGER_DIGITS_MAX = 1_000;

/** Bytes of one direction of a link's shared ring. Larger frames travel in pieces. */
export const RING_BYTES = 1024 * 1024;

/** Bytes of frames a server was sent and has not answered for; beyond it commands are refused with BUSY. */
export const SERVER_BYTES_IN_FLIGHT_MAX = 64 * 1024 * 1024;

/** Requests in flight at the broker, over all connections; beyond it commands are refused with BUSY. */
export const REQUESTS_IN_FLIGHT_MAX = 200_000;

/** Keys in one answer of KEYS, and in one page of a scan between broker and server. */
export const SCAN_KEYS_MAX = 10_000;

/** Connections of one gateway. */
export const CONNECTIONS_MAX = 10_000;

/** Commands of one connection that are in flight: reading its socket pauses beyond it. */
export const CONNECTION_COMMANDS_MAX = 20_000;

/**
 * Commands of all connections of a host that are under way: beyond it they take turns. As many as keep the servers busy
 * and their batches large; few enough that one who asks for one thing waits some milliseconds behind them.
 */
export const GATEWAY_COMMANDS_MAX = 1_024;

/**
 * Bytes of a request under way that count as one more command: no more than 8 MiB are on their way to the servers, but
 * for the last request, so that a batch is written and synced long before its server is missed.
 */
export const GATEWAY_COMMAND_BYTES = 8 * 1024;

/**
 * Bytes of replies that a connection has not read: its reads pause beyond the soft limit, it is closed beyond the hard one.
 * Requests whose replies may have any length are in flight up to as many as soft limits fill the hard one: enough of them
 * that a pipeline of short replies loses nothing, few enough that their replies fit memory if each has a mebibyte.
 */
export const OUTPUT_BYTES_SOFT_MAX = 1024 * 1024;
export const OUTPUT_BYTES_HARD_MAX = 128 * 1024 * 1024;

/** Milliseconds a connection may stay silent in the middle of a request, or send less of it than this many bytes a second. */
export const REQUEST_TIMEOUT_MS = 30_000;
export const REQUEST_BYTES_PER_SECOND_MIN = 16 * 1024;

/** Milliseconds a connection may take none of the replies that wait for it: what they take would stay taken. */
export const OUTPUT_TIMEOUT_MS = 30_000;

/** Milliseconds until a command that got no answer is answered TIMEOUT. */
export const DEADLINE_MS = 10_000;

/** Milliseconds between heartbeats, and how many may be missed before a server is put out: silence of 500 ms. */
export const HEARTBEAT_INTERVAL_MS = 100;
export const HEARTBEATS_MISSED_MAX = 5;

/**
 * RESP: bytes of an inline request or of the head of a word; words and bytes of one request, and of one not
 * authenticated, whose unread replies may not be more either.
 */
export const INLINE_BYTES_MAX = 64 * 1024;
export const REQUEST_ARGUMENTS_MAX = 1024 * 1024;
export const REQUEST_BYTES_MAX = 64 * 1024 * 1024;
export const UNTRUSTED_ARGUMENTS_MAX = 10;
export const UNTRUSTED_BYTES_MAX = 16 * 1024;

/**
 * RESP: commands of one transaction and bytes that their words take in memory; beyond them it is discarded. Keys that are
 * watched take no more bytes either.
 */
export const TRANSACTION_COMMANDS_MAX = 100_000;
export const TRANSACTION_BYTES_MAX = 64 * 1024 * 1024;
/**
 * RESP: bytes that its commands, or those of one JSON.MSET, may store and answer with, and milliseconds after which no more
 * of them begin: all of it happens at one moment, and everybody waits.
 */
export const EXEC_BYTES_MAX = 128 * 1024 * 1024;
export const EXEC_MS_MAX = 2_000;

/** RESP: SCAN cursors that a host remembers, and bytes of the keys where they go on; the oldest are forgotten first. */
export const SCAN_CURSORS_MAX = 100_000;
export const SCAN_CURSORS_BYTES_MAX = 64 * 1024 * 1024;

/** RESP: keys of connections that cache what they read, and their bytes; beyond it the oldest are told to be forgotten. */
export const TRACKED_KEYS_MAX = 1_000_000;
export const TRACKED_BYTES_MAX = 128 * 1024 * 1024;

/** RESP: channels and patterns of one connection, and bytes of their names. */
export const LISTENED_MAX = 10_000;
export const LISTENED_BYTES_MAX = 16 * 1024 * 1024;

/** RESP: users, patterns or passwords of one, refusals that ACL LOG keeps, addresses whose failed AUTHs are remembered. */
export const ACL_USERS_MAX = 10_000;
export const ACL_PATTERNS_MAX = 1_000;
export const ACL_LOG_MAX = 128;
export const ACL_ADDRESSES_MAX = 10_000;

/** RESP: bytes of a pattern of KEYS, SCAN or PSUBSCRIBE: matching costs its length for each byte of text. */
export const PATTERN_BYTES_MAX = 1_024;

/**
 * RESP: bytes of a JSON path, tests of one of its filters, values that the steps of all paths of a command may lead to or
 * look at, and bytes of JSON that it may answer with: a path can name every value many times over.
 */
export const JSON_PATH_BYTES_MAX = 128 * 1024;
export const JSON_PATH_TESTS_MAX = 32;
export const JSON_PATH_VALUES_MAX = 2_000_000;
export const JSON_REPLY_BYTES_MAX = 64 * 1024 * 1024;
