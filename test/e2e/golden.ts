/** The golden transcript (semantics 4): one line asked, what must come back. */

type Expected = string | RegExp | readonly (string | RegExp)[];
export type Exchange = readonly [request: string, answer: Expected];

const PERSON1 = 'person1 -> [ "name" -> "John" | "age" -> 22 ]';
const DOWN = 'WARNING: 2 or more servers are down (2 of 3), correct output cannot be guaranteed';

export const WRITES: readonly Exchange[] = [
  ['PUT "person1" -> [ "name" -> "John" | "age" -> 22 ]', 'OK'],
  ['PUT "person2" -> [ "name" -> "Mary" | "address" -> [ "street" -> "Panepistimiou" | "number" -> 12 ] ]', 'OK'],
  ['PUT "person3" -> [ "height" -> 1.75 | "profession" -> "student" ]', 'OK'],
  ['PUT "person4" -> []', 'OK'],
  ['PUT "person5" -> "hello"', /^ERROR PARSE .*expected '\[' at column 18$/],
  ['PUT "person6" -> [ "address" -> [ "there" ] ]', /^ERROR PARSE /],
];

export const READS: readonly Exchange[] = [
  ['GET person1', PERSON1],
  ['GET "person1"', PERSON1],
  ['GET name', 'name -> NOT FOUND'],
  ['GET person4', 'person4 -> []'],
  ['QUERY person2.name', 'person2.name -> Mary'],
  ['QUERY person2.address.number', 'person2.address.number -> 12'],
  ['QUERY person2.address', 'person2.address -> [ "street" -> "Panepistimiou" | "number" -> 12 ]'],
  ['COMPUTE 2*x WHERE x = QUERY person2.address.number', '24'],
  ['COMPUTE 2-x WHERE x = QUERY person2.address.number', '-10'],
  ['COMPUTE x/2 WHERE x = QUERY person2.address.number', '6'],
  ['COMPUTE 2^x WHERE x = QUERY person2.address.number', '4096'],
  ['COMPUTE log(2*(x+3)) WHERE x = QUERY person2.address.number', '1.4771212547196624'],
  [
    'COMPUTE 2/(x+3*(y+z)) WHERE x = QUERY person2.address.number AND y = QUERY person1.age AND z = QUERY person3.height',
    '0.024024024024024024',
  ],
  ['COMPUTE cos(x)-tan(2*y+3) WHERE x = QUERY person2.address.number AND y = QUERY person1.age', '0.9683815268652294'],
];

/** With s2 down: everything right, nothing deleted. */
export const ONE_DOWN: readonly Exchange[] = [
  ['FAULT crash s2', /^OK/],
  ['GET person1', [PERSON1]],
  ['DELETE person3', /^ERROR UNRELIABLE delete cannot be reliably executed: 1 of 3 servers is down \(s2.*\)$/],
  ['GET person3', ['person3 -> [ "height" -> 1.75 | "profession" -> "student" ]']],
];

/** With s2 and s3 down: a warning, and the best answer there is. */
export const TWO_DOWN: readonly Exchange[] = [
  ['FAULT crash s3', /^OK/],
  ['GET person1', [DOWN, /^person1 -> (\[ "name" -> "John" \| "age" -> 22 \]|NOT FOUND)$/]],
  ['FAULT restart s2', /^OK/],
  ['FAULT restart s3', /^OK/],
];

export const AFTER: readonly Exchange[] = [
  ['DELETE person3', 'person3 -> OK'],
  ['GET person3', 'person3 -> NOT FOUND'],
  ['QUERY person3.height', 'person3.height -> NOT FOUND'],
];

/** Null when the answer is as expected, else what differs. */
export function mismatch(answer: readonly string[], expected: Expected): string | null {
  const wanted = Array.isArray(expected) ? (expected as readonly (string | RegExp)[]) : [expected as string | RegExp];
  const lines = Array.isArray(expected) ? answer : answer.slice(-1);
  const matches = wanted.length === lines.length && wanted.every((want, i) => fits(lines[i] as string, want));
  return matches ? null : `expected ${wanted.join(' / ')}, got ${answer.join(' / ')}`;
}

function fits(line: string, want: string | RegExp): boolean {
  return typeof want === 'string' ? line === want : want.test(line);
}
