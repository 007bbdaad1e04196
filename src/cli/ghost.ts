/**
 * Hints in grey behind the cursor of a readline interface, gone with the next key. Draws after readline has handled a
 * key and erases before it handles the next one, so that readline never sees a screen other than the one it made.
 */
import type { Interface, Key } from 'node:readline';
import type { Terminal } from './terminal.ts';

export type Ghost = {
  /** What to show behind `line`; may be empty. */
  readonly hintFor: (line: string) => string;
  /** Whether the cursor stands on a line that is being edited, and not behind a question that was sent. */
  readonly isEditing: () => boolean;
};

const ERASE_RIGHT = '\u001b[K';

/** Shows hints for the life of `lines`, which must read from and print to the terminal. */
export function showHints(lines: Interface, { stdin, stdout }: Terminal, { hintFor, isEditing }: Ghost): void {
  let isShown = false;
  /** A history search shows its own line below; what is there is readline's until the search is over. */
  let isSearching = false;

  const erase = (): void => {
    if (isShown) stdout.write(ERASE_RIGHT);
    isShown = false;
  };
  const draw = (_: unknown, key: Key): void => {
    if (key.ctrl === true && (key.name === 'r' || key.name === 's')) isSearching = true;
    else if (key.name === 'return' || key.name === 'enter' || (key.ctrl === true && key.name === 'c')) {
      isSearching = false;
    }
    // What completion inserts comes later, and not by a key.
    if (isSearching || key.name === 'tab' || !isEditing() || lines.cursor !== lines.line.length) return;
    const hint = hintFor(lines.line);
    const room = (stdout.columns ?? 80) - lines.getCursorPos().cols - 1;
    if (hint === '' || hint.length > room) return;
    stdout.write(`\u001b[90m${hint}\u001b[39m\u001b[${hint.length}D`);
    isShown = true;
  };
  stdin.prependListener('keypress', erase);
  stdin.on('keypress', draw);
  lines.once('close', () => {
    stdin.removeListener('keypress', erase);
    stdin.removeListener('keypress', draw);
  });
}
