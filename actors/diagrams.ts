/**
 * `node actors/diagrams.ts`: draws the machines of the actors into actors/README.md, from the machines themselves, so
 * that a picture is never older than the code. Each is a Mermaid state diagram between two marks; what stands outside
 * of them is not touched. A test compares the file with what this would write.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { brokerMachine } from './broker/machine.ts';
import { gatewayMachine } from './gateway/machine.ts';
import { storageServerMachine } from './storage-server/machine.ts';
import { supervisorMachine } from './supervisor/machine.ts';

export const MACHINES: readonly AnyStateMachine[] = [
  supervisorMachine,
  brokerMachine,
  storageServerMachine,
  gatewayMachine,
];

export const DIAGRAMS_FILE = fileURLToPath(new URL('./README.md', import.meta.url));

/** The text with the diagram of each machine between its marks; throws when a machine has none. */
export function withDiagrams(text: string): string {
  return MACHINES.reduce((drawn, machine) => {
    const [begin, end] = [`<!-- machine ${machine.id} -->\n`, `<!-- end ${machine.id} -->`];
    const [from, to] = [drawn.indexOf(begin), drawn.indexOf(end)];
    if (from === -1 || to < from) throw new Error(`no place for the machine ${machine.id}: ${begin.trim()} … ${end}`);
    return `${drawn.slice(0, from + begin.length)}\`\`\`mermaid\n${diagramOf(machine)}\`\`\`\n${drawn.slice(to)}`;
  }, text);
}

/** A Mermaid state diagram: every state, and every transition that a state knows itself. Ends with a line feed. */
export function diagramOf(machine: AnyStateMachine): string {
  const lines = ['stateDiagram-v2', ...linesOf(machine.root, arrowsBelow(machine.root), '  ')];
  return lines.map((line) => `${line}\n`).join('');
}

type Arrow = { readonly source: AnyStateNode; readonly target: AnyStateNode; readonly event: string };

/** Where a state begins, the insides of its inner states, and the arrows between these; the root has all that is left. */
function linesOf(node: AnyStateNode, arrows: readonly Arrow[], indent: string): string[] {
  const first = node.initial.target?.[0];
  const compound = Object.values(node.states).filter(({ type }) => type === 'compound');
  const isInside = ({ source, target }: Arrow): boolean =>
    compound.some((state) => source.parent === state && target.parent === state);
  const events = new Map<string, string[]>();
  for (const arrow of arrows.filter((each) => !isInside(each))) {
    const ends = `${arrow.source.key} --> ${arrow.target.key}`;
    events.set(ends, [...(events.get(ends) ?? []), arrow.event]);
  }
  return [
    ...(first === undefined ? [] : [`${indent}[*] --> ${first.key}`]),
    ...compound.flatMap((state) => [
      `${indent}state ${state.key} {`,
      ...linesOf(state, arrows.filter(isInside), `${indent}  `),
      `${indent}}`,
    ]),
    ...[...events].map(([ends, list]) => `${indent}${ends}: ${list.join(', ')}`),
  ];
}

/** What the states below this one know. The root's own events are those that no state knows: they are only counted. */
function arrowsBelow(node: AnyStateNode): Arrow[] {
  return Object.values(node.states).flatMap((source) => [
    ...[...source.transitions.values(), source.always ?? []]
      .flat()
      .flatMap(({ target, eventType, guard }) =>
        (target ?? [source]).map((to) => ({ source, target: to, event: eventType || conditionOf(guard) })),
      ),
    ...arrowsBelow(source),
  ]);
}

function conditionOf(guard: unknown): string {
  return typeof guard === 'string' ? `[${guard}]` : '[otherwise]';
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(DIAGRAMS_FILE, withDiagrams(readFileSync(DIAGRAMS_FILE, 'utf8')));
}
