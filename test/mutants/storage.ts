/** Defects of the log, of checkpoints and of what a start makes of them. */
import type { Mutant } from './mutant.ts';

export const STORAGE: readonly Mutant[] = [
  {
    name: 'a batch is not synced at all',
    expected: 'register',
    likely: ['power'],
    file: 'storage/wal-store.ts',
    find: "if (this.#life.durability === 'fsync') this.#tail.sync(onSynced);",
    replace: "if (this.#life.durability === 'fsync') onSynced(null);",
  },
  {
    name: 'a sync is asked for and not waited for',
    expected: 'register',
    likely: ['power'],
    file: 'storage/wal-store.ts',
    find: "if (this.#life.durability === 'fsync') this.#tail.sync(onSynced);",
    replace: "this.#tail.sync(() => undefined);\n    if (this.#life.durability === 'fsync') onSynced(null);",
  },
  {
    name: 'a failed sync is tried again, and believed',
    expected: 'register',
    likely: ['disk sync-fail'],
    file: 'storage/wal-store.ts',
    find: '        this.#isUnmarked = true;\n      } else {\n        this.#failure ??= error;',
    replace:
      '        this.#isUnmarked = true;\n      } else {\n        this.#isInFlight = true;\n        this.#tail.sync(onSynced);\n        return;',
  },
  {
    name: 'a failed sync counts as one that did not fail',
    expected: 'register',
    likely: ['disk sync-fail'],
    file: 'storage/wal-store.ts',
    find: 'if (error === null) {\n        this.#durableLsn = lsn;',
    replace: 'if (lsn > 0) {\n        this.#durableLsn = lsn;',
  },
  {
    name: 'a write that the disk refused is passed over',
    expected: 'register',
    likely: ['disk write-fail'],
    file: 'storage/wal-store.ts',
    find: '    if (!this.#attempt(() => this.#tail.write(this.#records, lsn))) {\n',
    replace:
      '    if (!this.#attempt(() => this.#tail.write(this.#records, lsn))) {\n      this.#failure = null;\n      this.#records.reset();\n',
  },
  {
    name: 'a new segment gets its name before its content is synced',
    expected: 'late',
    likely: ['power'],
    file: 'storage/segment-file.ts',
    find: '    disk.syncNow(this.handle);\n',
    replace: '',
  },
  {
    name: 'the name of a new segment is not made durable',
    expected: 'register',
    likely: ['power'],
    file: 'storage/segment-file.ts',
    find: '    disk.syncDirectory(this.#directory);\n',
    replace: '',
  },
  {
    name: 'a new directory is not made durable',
    expected: 'register',
    likely: ['power'],
    file: 'storage/files.ts',
    find: '    disk.syncDirectory(directoryOf(directory));\n',
    replace: '',
    also: [
      {
        file: 'storage/files.ts',
        find: '  if (missing.length === 0) disk.syncDirectory(directoryOf(path));\n',
        replace: '',
      },
    ],
  },
  {
    name: 'a checkpoint counts before it is synced',
    expected: 'register',
    likely: ['power', 'checkpoints'],
    file: 'storage/checkpoint-writer.ts',
    find: 'else this.#sync(() => done(this.error));',
    replace: 'else done(this.error);',
  },
  {
    name: 'the name of a checkpoint is not made durable before what it replaces goes',
    expected: 'late',
    likely: ['power', 'checkpoints'],
    file: 'storage/wal-store.ts',
    find: '      disk.syncDirectory(directory);\n',
    replace: '',
  },
  {
    name: 'the log is removed before the checkpoint that replaces it counts',
    expected: 'late',
    likely: ['power', 'checkpoints'],
    file: 'storage/wal-store.ts',
    find: 'isFinished = error === null;',
    replace:
      'isFinished = error === null;\n          for (const path of this.#tail.takeBelow(file.begin)) this.#remove(path);',
  },
  {
    name: 'checksums of records are not checked',
    expected: 'thrown',
    likely: ['damage flip'],
    file: 'storage/segment-scan.ts',
    find: 'return this.#crc32(this.bytes, seed, at + 4, end) === this.view.getUint32(at, true);',
    replace: 'return seed >= 0;',
  },
  {
    name: 'records count wherever they are',
    expected: 'register',
    outside: 'drives err by whole sectors, records begin anywhere; test/storage/segment-scan.test.ts puts one exactly',
    file: 'storage/segment-scan.ts',
    find: 'const seed = (this.header.crc ^ at) >>> 0;',
    replace: 'const seed = 0;',
    also: [
      {
        file: 'storage/record-buffer.ts',
        find: 'const seed = (place.identity ^ (place.offset + at)) >>> 0;',
        replace: 'const seed = 0;',
      },
      // Their numbers and marks would give it away, too.
      { file: 'storage/segment-scan.ts', find: 'if (lsn !== expected)', replace: 'if (lsn < 0)' },
      {
        file: 'storage/segment-scan.ts',
        find: 'if (mark !== at && mark !== this.mark.offset)',
        replace: 'if (mark < 0)',
      },
    ],
  },
  {
    name: 'checksums of the blocks of a checkpoint are not checked',
    expected: 'register',
    likely: ['damage flip', 'checkpoints'],
    file: 'storage/checkpoint-reader.ts',
    find: 'if (disk.crc32(sealed, blockSeed(header.value.crc, index)) !== window.u32(0)) {',
    replace: 'if (disk.crc32(sealed, blockSeed(header.value.crc, index)) < 0) {',
  },
  {
    name: 'whatever is bad in the newest segment is cut as a torn tail',
    expected: 'register',
    likely: ['losses storm', 'damage flip', 'blackout'],
    file: 'storage/segment-scan.ts',
    find: '    if (witness !== null) {',
    replace: '    if (witness !== null && witness.mark < 0) {',
    // It would be missed in what its server had acknowledged.
    also: [
      {
        file: 'broker/admission.ts',
        find: "  if (state.config.durability !== 'fsync') return hello;\n",
        replace: '  if (hello.last >= 0) return hello;\n',
      },
    ],
  },
  {
    name: 'what is bad in the middle of the log is left out',
    expected: 'register',
    likely: ['damage flip'],
    file: 'storage/segment-scan.ts',
    find: "  if (end.offset !== until.end) return err({ offset: end.offset, reason: walker.problem ?? 'no record' });\n  if (end.crc !== until.crc) return err({ offset: end.offset, reason: 'not the segment that its successor follows' });\n",
    replace: '',
    also: [
      {
        file: 'storage/survey.ts',
        find: 'if (end.value.lsn !== successor.firstLsn - 1) {',
        replace: 'if (end.value.lsn < 0) {',
      },
    ],
  },
  {
    name: 'the first record above the last durable mark is not written again at a start',
    expected: 'register',
    likely: ['crash'],
    file: 'storage/start.ts',
    find: 'if (start - RECORD_HEADER_BYTES >= mark) kept',
    replace: 'if (start - RECORD_HEADER_BYTES > mark) kept',
  },
  {
    name: 'the durable mark of a batch takes in the batch',
    expected: 'ledger',
    likely: ['power', 'slow syncs', 'batches', 'busy'],
    file: 'storage/wal-tail.ts',
    find: 'const mark = durability ===',
    replace: 'const mark = records.count > 1 ? this.#position + records.length : durability ===',
    also: [
      {
        file: 'storage/segment-scan.ts',
        find: 'if (mark !== at && mark !== this.mark.offset)',
        replace: 'if (mark < HEADER_BYTES)',
      },
      {
        file: 'storage/segment-scan.ts',
        find: 'if (mark <= from || mark > at) continue;',
        replace: 'if (mark <= from) continue;',
      },
    ],
  },
  {
    name: 'a rotten header of a segment is believed',
    outside: 'a flip hits one of these bytes in a thousand; bench/bit-flips.ts flips every bit of them',
    expected: 'late',
    likely: ['damage flip'],
    file: 'storage/segment.ts',
    find: 'if (crc !== crc32(bytes.subarray(0, 60), 0)) return err("the header\'s checksum does not match");',
    replace: '',
  },
];
