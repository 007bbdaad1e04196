import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NEVER, RARE_SITES } from '../../src/lib/rare.ts';

const SRC = new URL('../../src/', import.meta.url).pathname;

const SITES_MIN = 60;

/** The text of every file of src but the list itself. */
const SOURCES = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && path !== join('lib', 'rare.ts'))
  .map((path) => readFileSync(join(SRC, path), 'utf8'));

test(`there are ${SITES_MIN} sites of rare behaviour and more, each with a name of its own`, () => {
  expect(RARE_SITES.length).toBeGreaterThanOrEqual(SITES_MIN);
  expect(new Set(RARE_SITES).size).toBe(RARE_SITES.length);
});

test.each(RARE_SITES)('is asked at one place: %s', (site) => {
  const places = SOURCES.reduce((count, source) => count + source.split(`rare('${site}')`).length - 1, 0);

  expect(places).toBe(1);
});

test('threads never do what is rare', () => {
  expect(RARE_SITES.filter(NEVER)).toEqual([]);
});
