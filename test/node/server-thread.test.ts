import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Incarnation } from '../../src/model/ids.ts';
import { nodeDisk } from '../../src/node/disk.ts';
import { keepIncarnation, lastIncarnation } from '../../src/node/server-thread.ts';

describe('the number of the last life in a directory', () => {
  let directory = '';

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'coppice-incarnation-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test('is what was kept last', () => {
    keepIncarnation(nodeDisk, directory, 41 as Incarnation);
    keepIncarnation(nodeDisk, directory, 42 as Incarnation);

    expect(lastIncarnation(nodeDisk, directory)).toBe(42);
  });

  test('is 0 where there was none, or where its file is damaged', () => {
    const before = lastIncarnation(nodeDisk, directory);
    writeFileSync(join(directory, 'incarnation'), 'garbage');

    expect([before, lastIncarnation(nodeDisk, directory)]).toEqual([0, 0]);
  });
});
