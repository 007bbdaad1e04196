/**
 * Rare behaviour that is always legal: a buffer of one byte, a page of one key, a table that is told twice. Code asks
 * at the sites named here, once each. Threads answer no for ever; the simulator says yes now and then, so that what
 * hides behind size and luck is met in every batch of seeds (FoundationDB's buggify). A site must never stand for what
 * would break a promise: what it does may happen anyway. Where a command passes by there is none: there a limit is asked
 * for once, when what it limits is made.
 */

/** Every site: what happens there when the answer is yes. */
export const RARE_SITES = [
  'broker: frames are built from one byte on',
  'broker: numbers of reads begin near their end',
  'broker: numbers of scans begin near their end',
  'broker: two requests may be in flight',
  'broker: hardly any bytes may wait for a server',
  'broker: a heartbeat is left out',
  'broker: a server is put out after a short silence',
  'broker: a starting server is put out early',
  'broker: a ping says that nothing is agreed',
  'broker: a ping says that nothing was sent',
  'broker: a checkpoint is asked for',
  'broker: reads are asked again',
  'broker: scans are asked again',
  'broker: updates look again',
  'broker: writes are answered before their deadline',
  'broker: reads are answered before their deadline',
  'broker: scans are answered before their deadline',
  'broker: updates are answered before their deadline',
  'broker: an epoch is told again',
  'broker: a catch-up is given up',
  'broker: a catch-up is of one group',
  'broker: a catch-up begins later',
  'broker: a complete catch-up waits',
  'broker: an acknowledgement waits for a heartbeat',
  'broker: a recovery waits for a heartbeat',
  'broker: versions are skipped',
  'broker: a page of a scan has one key',
  'broker: a scan waits for a heartbeat',
  'broker: a tail is asked for from its beginning',
  'broker: tails are asked for once more',
  'broker: a damaged directory waits for a heartbeat',
  'replica: frames are built from one byte on',
  'replica: a batch begins with one byte',
  'replica: a batch begins with one frame',
  'replica: the end of a turn passes by',
  'replica: a mark is written between two batches',
  'replica: an epoch is confirmed twice',
  'replica: a pong is left out',
  'replica: a catch-up has a window of one page',
  'replica: a page of a catch-up has one leaf',
  'replica: a catch-up looks at one leaf a step',
  'replica: a catch-up pauses',
  'replica: pages are built from one byte on',
  'replica: a checkpoint has one leaf a step',
  'replica: a checkpoint is due at once',
  'replica: a checkpoint pauses',
  'replica: a finished checkpoint is dropped',
  'replica: a finished checkpoint waits',
  'replica: a checkpoint is taken after a recovery',
  'replica: one delete is pruned',
  'replica: no delete is pruned',
  'replica: one expired key is named',
  'replica: an expired key is named again at once',
  'replica: each record is remembered alone',
  'replica: a tail is read from the beginning',
  'replica: a record of a tail is sent twice',
  'replica: a page of a scan ends after one key',
  'replica: a page of a scan is built from one byte on',
  'replica: every change of room is told',
  'replica: a full disk is asked at each heartbeat',
  'replica: what is agreed is logged without news',
  'replica: what is agreed is logged later',
  'replica: its standing is logged with a batch',
  'storage: a segment grows by little',
  'storage: the next segment is prepared early',
  'storage: a segment ends before it is full',
  'storage: a checkpoint begins a segment for little',
  'storage: a checkpoint stays in the segment',
  'storage: a chunk of a checkpoint has one block',
  'storage: a block of a checkpoint has one leaf',
  'storage: each chunk of a checkpoint is synced',
  'storage: a checkpoint is built from one byte on',
  'storage: records are framed from one byte on',
  'storage: a stray file stays at a start',
  'storage: a file that nobody needs stays',
  'storage: no copy of a torn tail is kept',
] as const;

export type RareSite = (typeof RARE_SITES)[number];

/** Whether what the site names happens now. */
export type Rare = (site: RareSite) => boolean;

/** What threads answer. */
export const NEVER: Rare = () => false;
