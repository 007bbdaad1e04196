import { expect, test } from 'vitest';
import { utf8 } from '../../../src/lib/bytes.ts';
import { TRANSACTION_BYTES_MAX } from '../../../src/model/limits.ts';
import { RESP_COMMANDS } from '../../../src/protocol/resp/command-table.ts';
import { Transaction } from '../../../src/protocol/resp/transaction.ts';
import { MemoryStore } from './memory-store.ts';

test('words that are queued count with what they take in memory, however short they are', () => {
  const transaction = new Transaction(new MemoryStore());
  const found = RESP_COMMANDS.named(utf8('mget'));
  const entry = found.kind === 'entry' ? found.entry : expect.fail('no MGET');
  const words = new Array<Uint8Array>(100_000).fill(new Uint8Array(0));
  transaction.begin();

  const added = Array.from({ length: 6 }, () => transaction.add(entry, words));

  expect(added).toEqual([true, true, true, true, true, false]);
  expect(transaction.hasFailed).toBe(true);
});

test('keys that are watched have no more bytes than a transaction may have', () => {
  const transaction = new Transaction(new MemoryStore());
  transaction.watch([new Uint8Array(60_000)], () => {});
  const fits = new Uint8Array(TRANSACTION_BYTES_MAX - 60_000);
  const tooLarge = new Uint8Array(TRANSACTION_BYTES_MAX - 60_000 + 1);

  const beside = [fits, tooLarge].map((key) => transaction.hasRoomToWatch([key]));
  transaction.unwatch();
  const alone = transaction.hasRoomToWatch([tooLarge]);

  expect([...beside, alone]).toEqual([true, false, true]);
});
