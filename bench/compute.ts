/**
 * How fast is an expression read and evaluated, beside mathjs, which people would use for it? Whole numbers are exact here
 * and are not there. No timing is a test.
 */
import { create, all } from 'mathjs';
import { evaluate } from '../src/compute/evaluate.ts';
import { parseExpression } from '../src/compute/expression.ts';
import { parseJson } from '../src/document/json.ts';
import { assert } from '../src/lib/assert.ts';
import { utf8 } from '../src/lib/bytes.ts';
import { beside, type Row } from './measure/answer.ts';
import { perSecond } from './measure/loop.ts';
import { report } from './measure/report.ts';
import { interleaved } from './measure/rounds.ts';

const EXPRESSIONS = ['2/(x+3*(y+z))', 'sin(2*x)^2+cos(2*x)^2', '1+2*3-4/5+6*7-8/9+10*11-12'];
const VALUES = { x: 12, y: 22, z: 1.75 };

const math = create(all ?? {});
const packed = Object.entries(VALUES).map(([name, value]) => {
  const parsed = parseJson(utf8(String(value)));
  assert(parsed.ok, 'a number is JSON');
  return [name, parsed.value] as const;
});

const rows: Row[] = [];
for (const expression of EXPRESSIONS) {
  const bindings = new Map(packed.filter(([name]) => new RegExp(`\\b${name}\\b`).test(expression)));
  const figures = await interleaved({
    ours: () =>
      perSecond(() => {
        const program = parseExpression(expression);
        assert(program.ok, 'it is well formed');
        return evaluate(program.value, bindings, { angle: 'rad', strictTypes: true });
      }),
    mathjs: () =>
      perSecond(
        () =>
          math
            .parse(expression)
            .compile()
            .evaluate({ ...VALUES }) as unknown,
      ),
  });
  rows.push(beside([`\`${expression}\``, '/s'], figures.ours, ['mathjs', figures.mathjs]));
}
report({ question: 'compute', title: 'Reading and evaluating an expression', rows, notes: [] });
