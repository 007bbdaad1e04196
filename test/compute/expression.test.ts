import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { evaluate } from '../../src/compute/evaluate.ts';
import { parseExpression, variablesOf } from '../../src/compute/expression.ts';
import { parseJson } from '../../src/document/json.ts';
import { utf8 } from '../../src/lib/bytes.ts';

type Bound = Record<string, string>;

/** What COMPUTE prints for an expression, or its error; bindings are JSON texts. */
function compute(expression: string, bound: Bound = {}, angle: 'rad' | 'deg' = 'rad', strictTypes = false): string {
  const program = parseExpression(expression);
  if (!program.ok) return `${program.error.code} ${program.error.message}`;
  const bindings = new Map(Object.entries(bound).map(([name, json]) => [name, packed(json)]));
  const result = evaluate(program.value, bindings, { angle, strictTypes });
  return result.ok ? result.value.text : `${result.error.code} ${result.error.message}`;
}

function packed(json: string): Uint8Array {
  const parsed = parseJson(utf8(json));
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

const PERSONS = { x: '12', y: '22', z: '1.75' };

const GOLDENS: readonly (readonly [expression: string, bound: Bound, printed: string])[] = [
  ['2*x', PERSONS, '24'],
  ['2-x', PERSONS, '-10'],
  ['x+x', PERSONS, '24'],
  ['x/2', PERSONS, '6'],
  ['2^x', PERSONS, '4096'],
  ['2*x+3', PERSONS, '27'],
  ['2*(x+3)', PERSONS, '30'],
  ['log(2*(x+3))', PERSONS, '1.4771212547196624'],
  ['2/(x+3*(y+z))', PERSONS, '0.024024024024024024'],
  ['cos(x)-tan(2*y+3)', PERSONS, '0.9683815268652294'],
  ['log(x)+tan(y)-2x', { x: '54', y: '11' }, '-332.21845269437216'],
  ['x+2*(y+3)', { x: '4', y: '11' }, '32'],
  ['x+2', { x: '2' }, '4'],
  ['2*x+3', { x: '4' }, '11'],
];

/** Precedence, implicit products, functions and output: rows G-02 … G-04, G-12, G-13. */
const TABLE: readonly (readonly [expression: string, printed: string, bound?: Bound])[] = [
  ['1+1', '2'],
  ['1+2*3', '7'],
  ['(1+2)*3', '9'],
  ['2-3-4', '-5'],
  ['24/4/2', '3'],
  ['24/4*2', '12'],
  ['-2^2', '-4'],
  ['(-2)^2', '4'],
  ['2^-1', '0.5'],
  ['2^3^2', '512'],
  ['2^-3^2', '0.001953125'],
  ['2**3', '8'],
  ['2**3**2', '512'],
  ['7%3', '1'],
  ['-7%3', '2'],
  ['7%-3', '-2'],
  ['7.5%2', '1.5'],
  ['2*7%3', '2'],
  ['--2', '2'],
  ['2--3', '5'],
  ['+-+2', '-2'],
  ['2*-3', '-6'],
  ['2x', '108', { x: '54' }],
  ['2(x+3)', '12', { x: '3' }],
  ['(x)(y)', '6', { x: '2', y: '3' }],
  ['x(y)', '6', { x: '2', y: '3' }],
  ['x(y+1)(2)', '16', { x: '2', y: '3' }],
  ['x y', '6', { x: '2', y: '3' }],
  ['2sin(0)', '0'],
  ['2 pi', '6.283185307179586'],
  ['2x^2', '18', { x: '3' }],
  ['2^2x', '12', { x: '3' }],
  ['2^x(y)', '12', { x: '2', y: '3' }],
  ['1/2x', '2', { x: '4' }],
  ['x/2y', '6', { x: '4', y: '3' }],
  ['1/2(4)', '2'],
  ['(2)3', '6'],
  ['-2x', '-6', { x: '3' }],
  ['2-x', '-1', { x: '3' }],
  ['SIN(0)+Cos(0)', '1'],
  ['LOG(1000)', '3'],
  ['ln(e)', '1'],
  ['log2(8)', '3'],
  ['sqrt(16)', '4'],
  ['abs(-2.5)', '2.5'],
  ['exp(0)', '1'],
  ['min(3,1,2)', '1'],
  ['max(3, 1, 2)', '3'],
  ['round(2.5)', '3'],
  ['round(-2.5)', '-3'],
  ['floor(-1.5)', '-2'],
  ['ceil(-1.5)', '-1'],
  ['1e3', '1000'],
  ['.5+1.', '1.5'],
  ['2e', '5.43656365691809'],
  ['2e3x', '6000', { x: '3' }],
  ['2ex', '8', { ex: '4' }],
  ['0.1+0.2', '0.30000000000000004'],
  ['1.0*24.0', '24'],
  ['0*-1', '0'],
  ['0^0', '1'],
  ['6/4', '1.5'],
  [
    's+t+n+a+o+l+g+sin1+sinx+log1',
    '55',
    { s: '1', t: '2', n: '3', a: '4', o: '5', l: '6', g: '7', sin1: '8', sinx: '9', log1: '10' },
  ],
  ['in+to*mod-not', '10', { in: '1', to: '2', mod: '5', not: '1' }],
  ['e', '5', { e: '5' }],
  ['x+X', '3', { x: '1', X: '2' }],
  ['true+null+constructor', '6', { true: '1', null: '2', constructor: '3' }],
];

describe('COMPUTE prints', () => {
  test.each(GOLDENS)('the golden value of %s with %j: %s', (expression, bound, printed) => {
    const answer = compute(expression, bound);

    expect(answer).toBe(printed);
  });

  test.each(TABLE.map(([expression, printed, bound]) => ({ expression, printed, bound: bound ?? {} })))(
    '$expression as $printed',
    ({ expression, printed, bound }) => {
      const answer = compute(expression, bound);

      expect(answer).toBe(printed);
    },
  );

  test.each([
    ['cos(x)-tan(2*y+3)', '-0.0942211092908769'],
    ['sin(180)+cos(90)', '0'],
    ['sin(-90)', '-1'],
    ['cos(720)', '1'],
    ['tan(45)', '0.9999999999999999'],
  ])('%s in degrees as %s', (expression, printed) => {
    const answer = compute(expression, PERSONS, 'deg');

    expect(answer).toBe(printed);
  });

  test.each([
    ['9007199254740993', '9007199254740993'],
    ['9007199254740992+1', '9007199254740993'],
    ['9007199254740993-9007199254740992', '1'],
    ['9007199254740993*3', '27021597764222979'],
    ['-9007199254740993', '-9007199254740993'],
    ['99999999999999999999*99999999999999999999', '9999999999999999999800000000000000000001'],
    ['2^53+1', '9007199254740993'],
    ['3^33', '5559060566555523'],
    ['27021597764222979/3', '9007199254740993'],
    ['27021597764222979%9007199254740992', '3'],
    ['2^64', '18446744073709551616'],
    ['(-3)^41', '-36472996377170786403'],
    ['max(9007199254740993,9007199254740992)', '9007199254740993'],
    ['abs(-9007199254740993)', '9007199254740993'],
    ['2^100', '1.2676506002282294e+30'],
  ])('%s with every digit: %s', (expression, printed) => {
    const answer = compute(expression);

    expect(answer).toBe(printed);
  });

  test('big integers of a document exactly', () => {
    const bound = { x: '9007199254740993' };

    const answer = compute('x+1', bound);

    expect(answer).toBe('9007199254740994');
  });
});

describe('COMPUTE refuses', () => {
  test.each([
    ['1/0', 'MATH division by zero'],
    ['1/(x-12)', 'MATH division by zero'],
    ['5%0', 'MATH division by zero'],
    ['0^-1', 'MATH division by zero'],
    ['log(0)', 'MATH log(0) is not a real number'],
    ['ln(-1)', 'MATH ln(-1)'],
    ['sqrt(-1)', 'MATH sqrt(-1)'],
    ['(-8)^(1/3)', 'MATH -8^0.3333333333333333 is not a real number'],
    ['10^400', 'MATH the power overflows'],
    ['1e308*10', 'MATH the product overflows'],
    ['1e400', 'MATH the number overflows'],
    ['exp(1000)', 'MATH exp overflows'],
    ['9^9^9^9', 'MATH the power overflows'],
  ])('%s: %s', (expression, error) => {
    const answer = compute(expression, PERSONS);

    expect(answer.startsWith(error), answer).toBe(true);
  });

  test.each([
    ['', 1],
    ['1+', 3],
    ['1 2', 3],
    ['1..2', 3],
    ['(1', 3],
    ['1)', 2],
    ['()', 2],
    ['x!', 2],
    ['5%', 3],
    ['2*/3', 3],
    ['max()', 5],
    ['sin(1,2)', 1],
    ['(1,2)', 3],
    ['a.b', 2],
    ['[1]', 1],
    ['f(x)=x', 5],
    ['"s"', 1],
    ['x;y', 2],
    ['lgo(2)', 1],
    ['α+1', 1],
    ['__import__("os")', 12],
    ['import(x)', 1],
    ['sin + 1', 1],
    ['5 to cm', 3],
    ['constructor(1)(2)', 1],
  ])('%s with the column %i', (expression, column) => {
    const answer = compute(expression, { x: '1', y: '2', cm: '1' });

    expect(answer).toMatch(
      expression === '5 to cm' ? /^NOTFOUND variable 'to' at column 3/ : new RegExp(`^PARSE .*column ${column}\\b`),
    );
  });

  test('an unknown function with the one that was meant', () => {
    const answers = [compute('lgo(2)'), compute('lgo(1,2)'), compute('Sqrrt(4)')];

    expect(answers.map((answer) => /did you mean '(\w+)'/.exec(answer)?.[1])).toEqual(['log', 'log', 'sqrt']);
  });

  test('a name that is not bound', () => {
    const answer = compute('x+y', { x: '1' });

    expect(answer).toMatch(/^NOTFOUND variable 'y' at column 3 is not bound/);
  });

  test.each([
    ['"Mary"', 'x is STRING, can not compute'],
    ['{"a":1}', 'x is a SET, can not compute'],
    ['[1]', 'x is an ARRAY, can not compute'],
    ['null', 'x is NULL, can not compute'],
    ['true', 'x is BOOL, can not compute'],
    ['""', 'x is STRING, can not compute'],
    ['"1 "', 'x is STRING, can not compute'],
    ['"0x10"', 'x is STRING, can not compute'],
  ])('the document %s: %s', (json, message) => {
    const answer = compute('x+1', { x: json });

    expect(answer).toBe(`TYPE ${message}`);
  });

  test('a numeric string only when types are strict, and warns otherwise', () => {
    const program = parseExpression('x+1');
    if (!program.ok) throw new Error('parses');

    const lenient = evaluate(program.value, new Map([['x', packed('"55"')]]), { angle: 'rad', strictTypes: false });
    const strict = compute('x+1', { x: '"55"' }, 'rad', true);

    expect(lenient).toEqual({ ok: true, value: { text: '56', warnings: ['x is the STRING "55", taken as a number'] } });
    expect(strict).toBe('TYPE x is STRING, can not compute');
  });

  test.each([
    ['a thousand parentheses', '('.repeat(1000) + '1' + ')'.repeat(1000)],
    ['101 signs', `${'-'.repeat(101)}1`],
    ['101 powers', '1^'.repeat(101) + '1'],
    ['nested remainders', '(1%'.repeat(101) + '1' + ')'.repeat(101)],
    ['more than 1000 nodes', '1+'.repeat(600) + '1'],
    ['more than 4096 characters', '1 '.repeat(3000)],
    ['an integer of more than 1000 digits', '9'.repeat(1001)],
    ['a product of more than 1000 digits', Array(3).fill('9'.repeat(400)).join('*')],
  ])('%s as TOOCOMPLEX', (_name, expression) => {
    const answer = compute(expression);

    expect(answer).toMatch(/^TOOCOMPLEX .*(limit|INTEGER_DIGITS_MAX)/);
  });
});

describe('parseExpression', () => {
  test('takes what lies just below the budgets', () => {
    const deep = compute('('.repeat(99) + '1' + ')'.repeat(99));
    const remainders = compute('(1+1%'.repeat(49) + '3' + ')'.repeat(49));
    const long = compute(`${'1+'.repeat(499)}1`);

    expect([deep, remainders, long]).toEqual(['1', '2', '500']);
  });

  test('lists each name once, in the order of the text', () => {
    const program = parseExpression('y+x*sin(y)+pi');

    expect(program.ok && variablesOf(program.value)).toEqual(['y', 'x', 'pi']);
  });

  test('warns that 1/2x is (1/2)*x, and not of 1/2*x', () => {
    const programs = ['1/2x', '1/2*x', '1/2+2x', '1/(2x)'].map((expression) => parseExpression(expression));

    expect(programs.map((program) => program.ok && program.value.warnings.length)).toEqual([1, 0, 0, 0]);
  });

  test('keeps no binding of an earlier evaluation', () => {
    const before = compute('x+2', { x: '1' });

    const after = compute('x+y', { y: '1' });

    expect([before, after.slice(0, 21)]).toEqual(['3', "NOTFOUND variable 'x'"]);
  });

  test('agrees with JavaScript on any expression of numbers, and is never NaN or infinite', () => {
    type Tree = { readonly text: string; readonly value: number };
    const leaf = fc.nat({ max: 50 }).map((value) => ({ text: String(value), value }));
    const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        leaf,
        fc.tuple(tie('tree'), fc.constantFrom('+', '-', '*', '/'), tie('tree')).map(join),
      ),
    }));
    function join([a, sign, b]: [Tree, string, Tree]): Tree {
      const results = {
        '+': a.value + b.value,
        '-': a.value - b.value,
        '*': a.value * b.value,
        '/': quotient(a.value, b.value),
      };
      const value = results[sign as keyof typeof results];
      return { text: `(${a.text}${sign}${b.text})`, value };
    }

    // Unlike in JavaScript, a division by zero is the end: 0/(1/0) has no value.
    function quotient(a: number, b: number): number {
      return b === 0 ? Number.NaN : a / b;
    }

    fc.assert(
      fc.property(tree, ({ text, value }) => {
        const answer = compute(text);
        if (Number.isFinite(value)) expect(Number(answer)).toBeCloseTo(value, 6);
        else expect(answer).toMatch(/^MATH /);
      }),
      { numRuns: 300 },
    );
  });

  test('answers anything within its budgets, and never throws', () => {
    const pieces = fc.constantFrom(
      '1',
      '2.5',
      'x',
      'sin(',
      '(',
      ')',
      '+',
      '-',
      '*',
      '/',
      '^',
      '%',
      '**',
      ',',
      ' ',
      'in',
      'mod',
      '!',
      '"',
      '$0',
      '[',
      'e',
      '1e',
      '.',
      'max(',
      'é',
      '\u0000',
    );

    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        const answer = compute(parts.join(''), { x: '2' });
        expect(answer).toMatch(/^(-?\d|PARSE |MATH |NOTFOUND |TOOCOMPLEX )/);
        expect(answer).not.toMatch(/NaN|Infinity|not understood|\n/);
      }),
      { numRuns: 3000 },
    );
  });

  test('answers what would take a naive parser or evaluator for ever', () => {
    const bound = { x: '12345678901234567890' };
    const expressions = [
      '9^9^9^9',
      '('.repeat(1000),
      `${'(1%'.repeat(33)}1${')'.repeat(33)}`,
      `${'(x*'.repeat(99)}x${')'.repeat(99)}`,
      `${'x+'.repeat(499)}x`,
    ];

    const codes = expressions.map((expression) => compute(expression, bound).split(' ', 1)[0]);

    expect(codes).toEqual(['MATH', 'TOOCOMPLEX', 'MATH', 'TOOCOMPLEX', '6172839450617283945000']);
  });
});
