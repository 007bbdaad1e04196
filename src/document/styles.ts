/**
 * How each dialect writes a value: brackets, marks, words and quotes, as bytes.
 *
 *   arrow  [ "a" -> 1 | "b" -> [] | "c" -> ( 1 | 2 ) ]     reads back to the same packed bytes
 *   plain  [ a -> 1 | b -> [] | c -> ( 1 | 2 ) ]           for people: names and strings without quotes
 *   brace  {'a': 1, 'b': {}, 'c': [1, 2]}                  a Python literal; reads back too
 *   json   {"a":1,"b":{},"c":[1,2]}                        loses nothing
 */
import { utf8 } from '../lib/bytes.ts';

export type Dialect = 'arrow' | 'plain' | 'brace' | 'json';
export const DIALECTS: readonly Dialect[] = ['arrow', 'plain', 'brace', 'json'];

export type Style = {
  readonly mapOpen: Uint8Array;
  readonly mapClose: Uint8Array;
  readonly mapEmpty: Uint8Array;
  readonly arrayOpen: Uint8Array;
  readonly arrayClose: Uint8Array;
  readonly arrayEmpty: Uint8Array;
  readonly pairMark: Uint8Array;
  readonly separator: Uint8Array;
  /** null, false, true. */
  readonly words: readonly [Uint8Array, Uint8Array, Uint8Array];
  /** The quote around names and strings; 0: none. */
  readonly quote: 0 | 0x22 | 0x27;
};

const ARROW_STYLE: Style = {
  mapOpen: utf8('[ '),
  mapClose: utf8(' ]'),
  mapEmpty: utf8('[]'),
  arrayOpen: utf8('( '),
  arrayClose: utf8(' )'),
  arrayEmpty: utf8('()'),
  pairMark: utf8(' -> '),
  separator: utf8(' | '),
  words: [utf8('null'), utf8('false'), utf8('true')],
  quote: 0x22,
};

const BRACE_STYLE: Style = {
  mapOpen: utf8('{'),
  mapClose: utf8('}'),
  mapEmpty: utf8('{}'),
  arrayOpen: utf8('['),
  arrayClose: utf8(']'),
  arrayEmpty: utf8('[]'),
  pairMark: utf8(': '),
  separator: utf8(', '),
  words: [utf8('None'), utf8('False'), utf8('True')],
  quote: 0x27,
};

/** JSON without blanks. */
export const JSON_STYLE: Style = {
  ...BRACE_STYLE,
  pairMark: utf8(':'),
  separator: utf8(','),
  words: ARROW_STYLE.words,
  quote: 0x22,
};

export const STYLES: Readonly<Record<Dialect, Style>> = {
  arrow: ARROW_STYLE,
  plain: { ...ARROW_STYLE, quote: 0 },
  brace: BRACE_STYLE,
  json: JSON_STYLE,
};
