/** The options of a fault: `FOR 2s AS old`, in any order, each once; a form takes the ones that mean something to it. */
import type { Cursor } from './cursor.ts';
import type { Form } from './forms.ts';
import { parseNewName } from './parse-selector.ts';
import type { FaultOptions } from './syntax.ts';

/** Reads to the end of the line. `positionalMs`: a time that stood where FOR would be. */
export function parseOptions(cursor: Cursor, form: Form, positionalMs: number | null): FaultOptions {
  let options: FaultOptions = { forMs: positionalMs, percent: null, nth: null, times: null, name: null, seed: null };
  const seen = new Set<string>(positionalMs === null ? [] : ['for']);
  while (!cursor.isAtEnd) {
    const word = cursor.word() ?? '';
    const isAllowed = takes(form, word);
    if (!isAllowed || seen.has(word)) {
      cursor.expected(optionsOf(form, seen));
      break;
    }
    seen.add(word);
    cursor.skip();
    if (word === 'for') options = { ...options, forMs: cursor.duration() };
    else if (word === 'p') options = { ...options, percent: cursor.percent() };
    else if (word === 'times') options = { ...options, times: cursor.whole('how many times', 1) };
    else if (word === 'as') options = { ...options, name: parseNewName(cursor) };
    else if (word === 'seed') options = { ...options, seed: cursor.whole('a seed', 0, 0xffff_ffff) };
    else {
      const first = cursor.whole('which call', 1);
      options = {
        ...options,
        nth: { first, every: cursor.take('+') ? cursor.whole('every how many calls', 1) : null },
      };
    }
  }
  return options;
}

function takes(form: Form, option: string): boolean {
  if (option === 'for') return form.lasts;
  return option === 'as' || option === 'seed' || form.options.some((one) => one.toLowerCase() === option);
}

function optionsOf(form: Form, seen: ReadonlySet<string>): string {
  const words = ['FOR', 'P', 'NTH', 'TIMES', 'AS', 'SEED'].filter(
    (word) => takes(form, word.toLowerCase()) && !seen.has(word.toLowerCase()),
  );
  return [...words, 'the end'].join(', ');
}
