import fc from 'fast-check';
import { create, type FunctionNode, type MathNode, type OperatorNode, parseDependencies } from 'mathjs/number';
import { describe, expect, test } from 'vitest';
import { parseExpression } from '../../src/compute/expression.ts';
import type { Step } from '../../src/compute/program.ts';

const { parse } = create(parseDependencies ?? {});

/** Texts of the grammar that mathjs reads as it is meant here: `%` and products without a sign it does not. */
const expressions = fc.array(fc.nat({ max: 255 }), { maxLength: 60 }).map((choices) => textOf(choices));

/** An expression that numbers choose; the one that they end in is short. */
function textOf(choices: readonly number[]): string {
  let at = 0;
  const choose = <T>(...from: readonly T[]): T => from[(choices[at++] ?? 0) % from.length] as T;
  const atom = (): string =>
    choose(
      () => choose('a', 'b', 'c'),
      () => String(choose(1, 2, 30)),
      () => `(${sum()})`,
      () => `sqrt(${sum()})`,
      () => `max(${sum()},${sum()})`,
    )();
  const unary = (): string =>
    choose(
      atom,
      atom,
      () => `-${unary()}`,
      () => `+ ${unary()}`,
      () => `${atom()}^${unary()}`,
    )();
  const sum = (): string => {
    const sign = choose('', '+', '-', '*', '/', ' - ');
    return sign === '' ? unary() : unary() + sign + sum();
  };
  return sum();
}

describe('a program', () => {
  test('has the steps of the tree that mathjs finds', () => {
    fc.assert(
      fc.property(expressions, (text) => {
        const program = parseExpression(text);

        expect(program.ok && program.value.steps.map(wordOf)).toEqual(postfixOf(parse(text)));
      }),
      { numRuns: 500 },
    );
  });

  test('of a product without a sign is the one with it', () => {
    const pairs = [
      ['2a^2', '2*a^2'],
      ['-2a', '-2*a'],
      ['2^2a', '2^2*a'],
      ['1/2a', '1/2*a'],
      ['(a)(b)^c(2)', '(a)*(b)^c*(2)'],
      ['2sqrt(a)b', '2*sqrt(a)*b'],
      ['a(b+1)-2', 'a*(b+1)-2'],
    ];

    const steps = pairs.map((pair) => pair.map((text) => stepsOf(text)));

    expect(steps.map(([without]) => without)).toEqual(steps.map(([, written]) => written));
  });

  test('takes a remainder from left to right with products and quotients', () => {
    const steps = stepsOf('a*b%c/2%-b');

    expect(steps).toEqual(['a', 'b', '*', 'c', '%', '2', '/', 'b', 'negate', '%']);
  });
});

function stepsOf(text: string): string[] | false {
  const program = parseExpression(text);
  return program.ok && program.value.steps.map(wordOf);
}

function wordOf(step: Step): string {
  switch (step.kind) {
    case 'number':
      return String(step.amount);
    case 'name':
      return step.name;
    case 'negate':
      return 'negate';
    case 'binary':
      return step.operator;
    case 'call':
      return `call ${step.count}`;
    default:
      return step satisfies never;
  }
}

function postfixOf(node: MathNode): string[] {
  const parts: string[] = [];
  node.forEach((child, path) => {
    if (path !== 'fn') parts.push(...postfixOf(child));
  });
  if (node.type === 'OperatorNode') {
    const { fn, op } = node as OperatorNode;
    return fn === 'unaryPlus' ? parts : [...parts, fn === 'unaryMinus' ? 'negate' : op];
  }
  if (node.type === 'FunctionNode') return [...parts, `call ${(node as FunctionNode).args.length}`];
  return node.type === 'ParenthesisNode' ? parts : [node.toString()];
}
