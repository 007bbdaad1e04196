/** Bugs that earlier stores of this kind had (semantics 0.2), each as questions that show it and the right answers. */
import type { Exchange } from './golden.ts';

export type Trap = { readonly name: string; readonly exchanges: readonly Exchange[] };

/** One after the other on one connection to three servers with two copies; each trap uses keys of its own. */
export const TRAPS: readonly Trap[] = [
  {
    name: 'Z1: deleting a key leaves the keys that it is a prefix of',
    exchanges: [
      ['PUT "person1" -> [ "a" -> 1 ]', 'OK'],
      ['PUT "person10" -> [ "a" -> 10 ]', 'OK'],
      ['PUT "person14" -> [ "a" -> 14 ]', 'OK'],
      ['PUT "person" -> [ "a" -> 0 ]', 'OK'],
      ['DELETE person1', 'person1 -> OK'],
      ['GET person1', 'person1 -> NOT FOUND'],
      ['GET person10', 'person10 -> [ "a" -> 10 ]'],
      ['GET person14', 'person14 -> [ "a" -> 14 ]'],
      ['GET person', 'person -> [ "a" -> 0 ]'],
    ],
  },
  {
    name: 'Z2: a deleted key does not come back with the next PUT',
    exchanges: [
      ['PUT "z2a" -> [ "x" -> 1 ]', 'OK'],
      ['DELETE z2a', 'z2a -> OK'],
      ['PUT "z2b" -> [ "y" -> 2 ]', 'OK'],
      ['GET z2a', 'z2a -> NOT FOUND'],
      ['GET z2b', 'z2b -> [ "y" -> 2 ]'],
    ],
  },
  {
    name: 'Z3: a key with a dot is not the path of the same spelling',
    exchanges: [
      ['PUT "z3" -> [ "b" -> 1 ]', 'OK'],
      ['PUT "z3.b" -> [ "c" -> 2 ]', 'OK'],
      ['GET z3', 'z3 -> [ "b" -> 1 ]'],
      ['GET z3.b', 'z3.b -> [ "c" -> 2 ]'],
      ['QUERY z3.b.c', 'z3.b.c -> 2'],
      ['QUERY z3.b', 'z3.b -> [ "c" -> 2 ]'],
      ['DELETE z3.b', 'z3.b -> OK'],
      ['QUERY z3.b', 'z3.b -> 1'],
      ['GET z3.b', 'z3.b -> NOT FOUND'],
    ],
  },
  {
    name: 'Z4, Z5: a key can be written again after it was deleted, and a deleted one is simply not there',
    exchanges: [
      ['PUT "z4" -> [ "a" -> 1 ]', 'OK'],
      ['DELETE z4', 'z4 -> OK'],
      ['GET z4', ['z4 -> NOT FOUND']],
      ['QUERY z4.a', ['z4.a -> NOT FOUND']],
      ['DELETE z4', 'z4 -> NOT FOUND'],
      ['PUT "z4" -> [ "a" -> 2 ]', 'OK'],
      ['GET z4', ['z4 -> [ "a" -> 2 ]']],
    ],
  },
  {
    name: 'Z7: verbs and words in any case; a product before a sum',
    exchanges: [
      ['put "z7" -> [ "x" -> 4 ]', 'OK'],
      ['gEt z7', 'z7 -> [ "x" -> 4 ]'],
      ['compute 2*x+3 where x = query z7.x', '11'],
      ['COMPUTE 2*x+3 WHERE x = QUERY z7.x', '11'],
      ['Compute 3+2*x Where x = Query z7.x And y = Query z7.x', /^11$/],
      ['COMPUTE 2*(x+3) WHERE x = QUERY z7.x', '14'],
      ['COMPUTE 2-x-1 WHERE x = QUERY z7.x', '-3'],
      ['COMPUTE 16/x/2 WHERE x = QUERY z7.x', '2'],
      ['COMPUTE 2^3^2', '512'],
      ['COMPUTE -2^2', '-4'],
      ['COMPUTE SIN(0)+Cos(0)', '1'],
      ['GET Z7', 'Z7 -> NOT FOUND'],
    ],
  },
  {
    name: 'Z8: a variable lives for one COMPUTE only',
    exchanges: [
      ['PUT "z8" -> [ "x" -> 1 | "y" -> 2 ]', 'OK'],
      ['COMPUTE x+2 WHERE x = QUERY z8.x', '3'],
      ['COMPUTE x+y WHERE y = QUERY z8.y', /^ERROR [A-Z]+ .*\bx\b/],
      ['COMPUTE x', /^ERROR [A-Z]+ .*\bx\b/],
    ],
  },
  {
    name: 'Z11: floats, and whole numbers beyond 2^53, are numbers',
    exchanges: [
      ['PUT "z11" -> [ "h" -> 1.75 | "big" -> 9007199254740993 | "two" -> 2.0 ]', 'OK'],
      ['COMPUTE 2*h WHERE h = QUERY z11.h', '3.5'],
      ['COMPUTE b+1 WHERE b = QUERY z11.big', '9007199254740994'],
      ['GET z11', 'z11 -> [ "h" -> 1.75 | "big" -> 9007199254740993 | "two" -> 2.0 ]'],
    ],
  },
  {
    name: 'Z12: variables are replaced as words of the expression, and nothing is run as code',
    exchanges: [
      ['PUT "z12" -> [ "x" -> 54 | "y" -> 11 ]', 'OK'],
      ['COMPUTE log(x)+tan(y)-2x WHERE x = QUERY z12.x AND y = QUERY z12.y', '-332.21845269437216'],
      ['COMPUTE t+tan(0) WHERE t = QUERY z12.x', '54'],
      [
        'COMPUTE s+n+a+o+l+g WHERE s = QUERY z12.x AND n = QUERY z12.y AND a = QUERY z12.y AND o = QUERY z12.y AND l = QUERY z12.y AND g = QUERY z12.y',
        '109',
      ],
      ['COMPUTE sin1+log(10) WHERE sin1 = QUERY z12.y', '12'],
      ['COMPUTE __import__("os")', /^ERROR /],
      ['COMPUTE process.exit(1)', /^ERROR /],
      ['COMPUTE constructor', /^ERROR /],
      ['COMPUTE x.constructor WHERE x = QUERY z12.x', /^ERROR /],
      ['PING', 'PONG'],
    ],
  },
  {
    name: 'Z25: keys with tabs, line ends, zeros and lone quotes',
    exchanges: [
      ['SET "z25\\ttab" 1', 'OK'],
      ['SET "z25\\nline" 2', 'OK'],
      ['SET "z25\\u0000zero" 3', 'OK'],
      ['SET "z25\\"quote" 4', 'OK'],
      [`SET "z25'quote" 5`, 'OK'],
      ['SET "z25\\ttab\\n2" {"a\\tb\\n":"c\\td\\n\\u0000"}', 'OK'],
      ['GET "z25\\ttab"', 'z25\\ttab -> 1'],
      ['GET "z25\\nline"', 'z25\\nline -> 2'],
      ['GET "z25\\u0000zero"', 'z25\\u0000zero -> 3'],
      ['GET "z25\\"quote"', 'z25"quote -> 4'],
      [`GET "z25'quote"`, `z25'quote -> 5`],
      ['GET "z25\\ttab\\n2"', 'z25\\ttab\\n2 -> [ "a\\tb\\n" -> "c\\td\\n\\u0000" ]'],
      ['GET "z25"', 'z25 -> NOT FOUND'],
    ],
  },
  {
    name: 'Z26: a stored null is there; what is missing is not',
    exchanges: [
      ['SET z26 null', 'OK'],
      ['GET z26', 'z26 -> null'],
      ['SET z26b {"a":null}', 'OK'],
      ['QUERY z26b.a', 'z26b.a -> null'],
      ['QUERY z26b.b', 'z26b.b -> NOT FOUND'],
      ['GET z26c', 'z26c -> NOT FOUND'],
      ['FORMAT json', /^\{"ok":true/],
      ['GET z26', /^\{"ok":true,"key":"z26","value":null,"warnings":\[\]\}$/],
      ['GET z26c', /^\{"ok":true,"found":false,"key":"z26c","value":null,"warnings":\[\]\}$/],
      ['FORMAT arrow', /^OK/],
    ],
  },
];
