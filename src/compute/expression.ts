/**
 * Expressions of COMPUTE as programs for a stack. scan.ts checks the text, mathjs finds the tree, and of the tree only
 * the node types listed here are taken; mathjs never evaluates anything. It must not: its evaluator has been a way to
 * run JavaScript more than once.
 */
import type { FunctionNode, MathNode, OperatorNode, ParenthesisNode, SymbolNode } from 'mathjs';
import math from 'mathjs/lib/browser/math.js';
import { assert } from '../lib/assert.ts';
import { ok, type Result } from '../lib/result.ts';
import { fail, type KvError } from '../model/errors.ts';
import type { Amount } from './amount.ts';
import { FUNCTIONS, type MathFunction } from './functions.ts';
import { type Operand, scanExpression } from './scan.ts';

export type BinaryOperator = '+' | '-' | '*' | '/' | '%' | '^';

/** One step of a program: takes its operands from the stack, leaves its result there. */
export type Step =
  | { readonly kind: 'number'; readonly amount: Amount }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'negate' }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator }
  | { readonly kind: 'call'; readonly math: MathFunction; readonly count: number };

/** A name that an expression uses, where it stands first (column from 1), and whether a parenthesis follows it there. */
export type UsedName = { readonly name: string; readonly column: number; readonly called: boolean };

export type Program = {
  readonly steps: readonly Step[];
  readonly names: readonly UsedName[];
  readonly warnings: readonly string[];
};

const BINARY: ReadonlyMap<string, BinaryOperator> = new Map([
  ['add', '+'],
  ['subtract', '-'],
  ['multiply', '*'],
  ['divide', '/'],
  ['mod', '%'],
  ['pow', '^'],
]);

/** The program of the expression in `text` from `start` to `end`. PARSE names the column in `text`; TOOCOMPLEX the budget. */
export function parseExpression(text: string, start = 0, end = text.length): Result<Program, KvError> {
  const scanned = scanExpression(text, start, end);
  if (!scanned.ok) return scanned;
  const { canonical, operands, warnings } = scanned.value;
  let tree: MathNode;
  try {
    tree = math.parse(canonical);
  } catch (error) {
    // Unreachable while the scan's grammar lies within that of mathjs; a later mathjs must not bring the host down.
    return fail('PARSE', `the expression is not understood: ${String((error as Error).message).split('\n', 1)[0]}`);
  }
  const steps = stepsOf(tree, operands);
  if (!steps.ok) return steps;
  const names = new Map<string, UsedName>();
  for (const operand of operands) {
    if (operand.kind === 'name' && !names.has(operand.name)) names.set(operand.name, operand);
  }
  return ok({ steps: steps.value, names: [...names.values()], warnings });
}

/** Names of the variables and constants that a program uses, each once, in the order of the text. */
export function variablesOf(program: Program): string[] {
  return program.names.map(({ name }) => name);
}

/** The tree in postfix order. Walked with a stack of its own: a sum of a thousand terms is a thousand levels deep. */
function stepsOf(tree: MathNode, operands: readonly Operand[]): Result<Step[], KvError> {
  const reversed: Step[] = [];
  const waiting: MathNode[] = [tree];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    switch (node.type) {
      case 'SymbolNode':
        reversed.push(operandStep(operands[Number((node as SymbolNode).name.slice(1))]));
        break;
      case 'ParenthesisNode':
        waiting.push((node as ParenthesisNode).content);
        break;
      case 'OperatorNode': {
        const { fn, args } = node as OperatorNode;
        const operator = BINARY.get(fn);
        if (operator !== undefined) reversed.push({ kind: 'binary', operator });
        else if (fn === 'unaryMinus') reversed.push({ kind: 'negate' });
        else if (fn !== 'unaryPlus') return fail('PARSE', `the operator '${fn}' is not one of + - * / % ^`);
        waiting.push(...args);
        break;
      }
      case 'FunctionNode': {
        const { fn, args } = node as FunctionNode;
        const math = FUNCTIONS.get((fn as unknown as SymbolNode).name);
        if (math === undefined) return fail('PARSE', `'${String(fn)}' is not a function`);
        reversed.push({ kind: 'call', math, count: args.length });
        waiting.push(...args);
        break;
      }
      default:
        return fail('PARSE', `an expression cannot hold a ${node.type}`);
    }
  }
  return ok(reversed.reverse());
}

function operandStep(operand: Operand | undefined): Step {
  assert(operand !== undefined, 'every symbol of the canonical text stands for an operand');
  return operand.kind === 'number' ? operand : { kind: 'name', name: operand.name };
}
