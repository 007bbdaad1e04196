import { expect, test } from 'vitest';
import { fromPlain } from '../../src/document/plain.ts';
import { utf8 } from '../../src/lib/bytes.ts';
import { NEVER } from '../../src/lib/rare.ts';
import type { ServerIndex, ServerMask, Version } from '../../src/model/ids.ts';
import { Checkpointing } from '../../src/replica/checkpointing.ts';
import { Copies } from '../../src/replica/copies.ts';
import { DIRECTORY, newDisk, start, unwrap } from '../storage/scenario.ts';

const MEBIBYTE = 1024 * 1024;

test('a step of a checkpoint writes a mebibyte or two, however large the values are', () => {
  const leaves = 40;
  const copies = new Copies(0 as ServerIndex);
  const value = unwrap(fromPlain('v'.repeat(MEBIBYTE / 2)));
  for (let i = 1; i <= leaves; i++) copies.applyLeaf(utf8(`key${i}`), i as Version, 1 as ServerMask, value);
  const disk = newDisk();
  const written = (): number =>
    disk
      .namesIn(DIRECTORY)
      .filter((name) => name.startsWith('checkpoint'))
      .reduce((sum, name) => sum + disk.contentOf(`${DIRECTORY}/${name}`).length, 0);
  const steps: number[] = [];

  const checkpointing = new Checkpointing(
    start(disk),
    MEBIBYTE,
    NEVER,
    () => undefined,
    () => undefined,
  );
  checkpointing.request();
  while (checkpointing.hasWork) {
    const before = written();
    checkpointing.step(copies, { committed: leaves as Version, mayPublish: true, logFrom: null });
    steps.push(written() - before);
  }

  expect(written()).toBeGreaterThan((leaves * MEBIBYTE) / 2);
  expect(Math.max(...steps)).toBeLessThan(3 * MEBIBYTE);
});
