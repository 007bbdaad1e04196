import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { AnyStateNode } from 'xstate';
import { DIAGRAMS_FILE, diagramOf, MACHINES, withDiagrams } from '../../actors/diagrams.ts';

test('the diagrams of the machines are those of the code: `node actors/diagrams.ts` changes nothing', () => {
  const text = readFileSync(DIAGRAMS_FILE, 'utf8');

  const drawn = withDiagrams(text);

  expect(drawn).toBe(text);
});

test.each(MACHINES.map((machine) => [machine.id, machine] as const))('every state of %s is drawn', (_id, machine) => {
  const names = namesBelow(machine.root);

  const drawn = diagramOf(machine);

  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(drawn))).toEqual([]);
});

test('a text without a place for a diagram is refused', () => {
  expect(() => withDiagrams('# The actors\n')).toThrow('no place for the machine');
});

function namesBelow(node: AnyStateNode): string[] {
  return Object.values(node.states).flatMap((state) => [state.key, ...namesBelow(state)]);
}
