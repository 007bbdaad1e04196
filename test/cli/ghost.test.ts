import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { showHints } from '../../src/cli/ghost.ts';
import { openTerminal } from './terminal-double.ts';

const GREY = '\u001b[90m hint\u001b[39m\u001b[5D';
const ERASED = '\u001b[K';

/** A line that is edited on a terminal of so many columns; `shown` answers what came since it was asked last. */
function editing({ columns = 80, isEditing = true } = {}) {
  const { typing, ...terminal } = openTerminal();
  const printed: string[] = [];
  const stdout = Object.assign(new PassThrough(), { columns });
  stdout.setEncoding('utf8').on('data', (chunk: string) => printed.push(chunk));
  const lines = createInterface({ input: typing, output: stdout, terminal: true, prompt: '> ' });
  const hintFor = (line: string): string => (line.startsWith('GET') ? ' hint' : '');
  showHints(lines, { ...terminal, stdin: typing, stdout }, { hintFor, isEditing: () => isEditing });
  return {
    lines,
    type: (text: string) => typing.emit('data', Buffer.from(text)),
    shown: () => printed.splice(0).join(''),
  };
}

test('a hint stands behind the cursor and is erased before the next key', () => {
  const { lines, type, shown } = editing();
  type('GE');
  expect(shown()).not.toContain('hint');

  type('T');
  expect(shown()).toBe(`T${GREY}`);
  type('x');

  expect(shown()).toBe(`${ERASED}x${GREY}`);
  expect(lines.line).toBe('GETx');
});

test('a line that was sent keeps no hint', () => {
  const { type, shown } = editing();
  type('GET');
  shown();

  type('\r');

  expect(shown().startsWith(ERASED)).toBe(true);
  expect(shown()).not.toContain('hint');
});

test.each([
  ['too few columns', { columns: 8 }, 'GET'],
  ['an answer that is awaited', { isEditing: false }, 'GET'],
  ['the cursor in the middle', {}, 'GET\u001b[D'],
  ['a completion that may still come', {}, 'GET\t'],
  ['a search of the history', {}, 'GET\u0012'],
])('no hint is left with %s', (_, options, keys) => {
  const { type, shown } = editing(options);

  type(keys);

  const after = shown();
  expect(after.lastIndexOf(GREY)).toBeLessThanOrEqual(after.lastIndexOf(ERASED));
});
