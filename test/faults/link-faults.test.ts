import { expect, test } from 'vitest';
import type { DirectedLink, Neighbour } from '../../src/faults/action.ts';
import { LinkFaults } from '../../src/faults/link-faults.ts';
import type { ServerIndex } from '../../src/model/ids.ts';
import type { LinkRule } from '../../src/routing/link-rules.ts';

const s1 = 0 as ServerIndex;
const s2 = 1 as ServerIndex;
const cut: LinkRule = { kind: 'cut' };
const drop: LinkRule = { kind: 'drop', probability: 0.5 };

/** What each link was told last, as `from>to: kinds`. */
function recorded(): { faults: LinkFaults; rules: () => string[] } {
  const told = new Map<string, string>();
  const faults = new LinkFaults((from: Neighbour, to: Neighbour, rules) => {
    told.set(`${from}>${to}`, rules.map(({ kind }) => kind).join(' '));
  });
  return { faults, rules: () => [...told].map(([link, kinds]) => `${link}: ${kinds}`) };
}

function link(from: Neighbour, to: Neighbour): DirectedLink {
  return { from, to };
}

test('a link has the rules of all its faults, in the order in which they were begun', () => {
  const { faults, rules } = recorded();

  faults.begin([link(s1, s2), link('broker', s1)], drop);
  faults.begin([link(s1, s2)], cut);

  expect(rules()).toEqual(['0>1: drop cut', 'broker>0: drop']);
});

test('a healed fault takes away its own rule alone', () => {
  const { faults, rules } = recorded();
  const heal = faults.begin([link(s1, s2), link(s2, s1)], cut);
  faults.begin([link(s1, s2)], cut);

  heal();

  expect(rules()).toEqual(['0>1: cut', '1>0: ']);
});
