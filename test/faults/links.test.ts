import { describe, expect, test } from 'vitest';
import { everybody, linksAround, ringLinks } from '../../src/faults/links.ts';
import type { ServerIndex } from '../../src/model/ids.ts';

describe('links', () => {
  test('around one of three servers are those with its peers and the broker, each way', () => {
    const links = linksAround([0 as ServerIndex], 3);

    expect(links).toHaveLength(6);
    expect(links.every(({ from, to }) => from === 0 || to === 0)).toBe(true);
  });

  test.each([3, 4, 5, 6, 7, 8, 9])('a ring of %i leaves each a majority, and no two the same one', (size) => {
    const circle = everybody(size).filter((one): one is ServerIndex => one !== 'broker');

    const cut = new Set(ringLinks(circle).map(({ from, to }) => `${from}>${to}`));

    const seen = circle.map((from) => circle.filter((to) => !cut.has(`${from}>${to}`)).join());
    expect(cut.size).toBeGreaterThan(0);
    for (const view of seen) expect(view.split(',').length).toBeGreaterThan(size / 2);
    expect(new Set(seen).size).toBe(size);
  });
});
