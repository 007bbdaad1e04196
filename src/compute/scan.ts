/**
 * The text of an expression, checked whole before anything parses it (rows G-02, G-03, G-13, G-14):
 *
 *   expr  = term  { ( + | - ) term }
 *   term  = unary { ( * | / | % | nothing ) unary }        nothing: an implicit product, as in 2x, 2(x+3), (x)(y), x(y)
 *   unary = ( + | - ) unary | power
 *   power = atom [ ( ^ | ** ) unary ]
 *   atom  = number | name | function ( expr { , expr } ) | ( expr )
 *
 * Two states, "an operand is due" and "an operator is due", and a stack of open parentheses decide all of it, so every
 * error has its column, and length, size and depth are known before mathjs, which recurses, sees a character.
 * What is handed on is canonical: operands are `$0`, `$1`, … in the order of the text, implicit products are `*`, `**`
 * is `^` and `%` is `mod`. mathjs by itself reads 9007199254740993 as a double, x(y) as a call, 1/2x by a rule of its
 * own, and names such as `in`, `to`, `mod` and `not` as operators; nested `%` make it try twice at every level.
 *
 *   `2x + log(y)`  →  `$0*$1+log($2)`   with the operands 2, x, y
 */
import { ok, type Result } from '../lib/result.ts';
import { fail, type KvError } from '../model/errors.ts';
import { EXPRESSION_BYTES_MAX, EXPRESSION_DEPTH_MAX, EXPRESSION_NODES_MAX } from '../model/limits.ts';
import { type Amount, amountOf } from './amount.ts';
import { FUNCTION_NAMES, FUNCTIONS, type MathFunction } from './functions.ts';
import { suggestion } from './spelling.ts';

export type Operand =
  | { readonly kind: 'number'; readonly amount: Amount }
  /** `called`: a parenthesis follows, so it may be a misspelt function. `column` counts from 1. */
  | { readonly kind: 'name'; readonly name: string; readonly column: number; readonly called: boolean };

export type Scanned = {
  readonly canonical: string;
  readonly operands: readonly Operand[];
  readonly warnings: readonly string[];
};

/** Scans `text` from `start` to `end`; PARSE with the column (from 1, in `text`), TOOCOMPLEX over a budget. */
export function scanExpression(text: string, start = 0, end = text.length): Result<Scanned, KvError> {
  if (end - start > EXPRESSION_BYTES_MAX) {
    return tooComplex(
      `an expression of ${end - start} characters is longer`,
      'EXPRESSION_BYTES_MAX',
      EXPRESSION_BYTES_MAX,
    );
  }
  const scan = new Scan(text, start, end);
  const error = scan.run();
  return error === null
    ? ok({ canonical: scan.canonical, operands: scan.operands, warnings: scan.warnings })
    : { ok: false, error };
}

type Group = {
  readonly opened: 'group' | 'call' | 'product';
  readonly name: string;
  readonly column: number;
  readonly math: MathFunction | null;
  /** Depth outside of it. */
  readonly depth: number;
  commas: number;
  divided: boolean;
};

const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const NAME = /[A-Za-z_]\w*/y;

class Scan {
  canonical = '';
  readonly operands: Operand[] = [];
  readonly warnings: string[] = [];
  readonly #text: string;
  readonly #end: number;
  #at: number;
  /** Open parentheses, the whole expression first. */
  readonly #groups: Group[] = [];
  #nodes = 0;
  /** Levels of parentheses, signs and powers that a recursive parser would be in. */
  #depth = 0;

  constructor(text: string, start: number, end: number) {
    this.#text = text;
    this.#at = start;
    this.#end = end;
  }

  run(): KvError | null {
    this.#open('group', '', null);
    let operandDue = true;
    for (;;) {
      this.#skipBlanks();
      if (this.#at >= this.#end) break;
      const before = this.#nodes;
      const error = operandDue ? this.#operand() : this.#operator();
      if (error !== null) return error;
      if (this.#nodes > before && this.#nodes > EXPRESSION_NODES_MAX) {
        return tooComplex('the expression has more nodes', 'EXPRESSION_NODES_MAX', EXPRESSION_NODES_MAX).error;
      }
      if (this.#depth > EXPRESSION_DEPTH_MAX) {
        return tooComplex('the expression is nested deeper', 'EXPRESSION_DEPTH_MAX', EXPRESSION_DEPTH_MAX).error;
      }
      operandDue = this.#operandDue;
    }
    if (operandDue) return this.#expected("a number, a name or '('");
    const open = this.#groups.at(-1) as Group;
    return this.#groups.length === 1 ? null : this.#expected(`')' for the '(' at column ${open.column}`);
  }

  /** What is due after the last step. */
  #operandDue = true;

  #operand(): KvError | null {
    const sign = this.#text[this.#at] as string;
    if (sign === '(') {
      this.#at++;
      return this.#open('group', '', null);
    }
    if (sign === '+' || sign === '-') {
      this.#at++;
      this.#nodes++;
      this.#depth++;
      this.canonical += ` ${sign}`;
      return null;
    }
    const number = this.#match(NUMBER);
    if (number !== null) return this.#number(number);
    const name = this.#match(NAME);
    if (name !== null) return this.#name(name);
    return this.#expected("a number, a name or '('");
  }

  #number(lexeme: string): KvError | null {
    const amount = amountOf(lexeme);
    if (!amount.ok) return amount.error;
    this.#at += lexeme.length;
    this.#push({ kind: 'number', amount: amount.value });
    return null;
  }

  #name(name: string): KvError | null {
    const column = this.#at + 1;
    this.#at += name.length;
    this.#skipBlanks();
    const called = this.#at < this.#end && this.#text[this.#at] === '(';
    const math = called ? FUNCTIONS.get(name.toLowerCase()) : undefined;
    if (math !== undefined) {
      this.#at++;
      this.#nodes++;
      this.canonical += name.toLowerCase();
      return this.#open('call', name.toLowerCase(), math, column);
    }
    this.#push({ kind: 'name', name, column, called });
    return null;
  }

  #push(operand: Operand): void {
    this.canonical += `$${this.operands.length}`;
    this.operands.push(operand);
    this.#nodes++;
    this.#operandDue = false;
  }

  #operator(): KvError | null {
    const group = this.#groups.at(-1) as Group;
    const sign = this.#text[this.#at] as string;
    switch (sign) {
      case ')':
        return this.#close(group);
      case ',':
        return this.#comma(group);
      case '+':
      case '-':
        return this.#binary(sign, sign);
      case '/':
        group.divided = true;
        return this.#binary(sign, sign);
      case '%':
        return this.#binary(sign, ' mod ');
      case '^':
        return this.#binary(sign, '^');
      case '*':
        return this.#text[this.#at + 1] === '*' && this.#at + 1 < this.#end
          ? this.#binary('**', '^')
          : this.#binary(sign, '*');
      default:
        return this.#implicitProduct(group, sign);
    }
  }

  #binary(written: string, canonical: string): KvError | null {
    const group = this.#groups.at(-1) as Group;
    if (canonical === '^') this.#depth++;
    else this.#depth = group.depth + 1;
    if (canonical !== '^' && canonical !== '/') group.divided = false;
    this.#at += written.length;
    this.#nodes++;
    this.canonical += canonical;
    this.#operandDue = true;
    return null;
  }

  #implicitProduct(group: Group, sign: string): KvError | null {
    const last = this.operands.at(-1);
    const afterNumber = last?.kind === 'number' && !this.canonical.endsWith(')');
    const startsOperand = sign === '(' || (this.#match(NUMBER) !== null ? !afterNumber : this.#match(NAME) !== null);
    if (!startsOperand) return this.#expected('an operator');
    if (group.divided) {
      this.warnings.push(
        `the product without a sign at column ${this.#at + 1} binds no tighter than /: 1/2x is (1/2)*x`,
      );
    }
    if (sign === '(' && last?.kind === 'name' && last.called && !this.canonical.endsWith(')')) {
      const error = this.#binary('', '*');
      this.#at++;
      return error ?? this.#open('product', last.name, null, last.column);
    }
    return this.#binary('', '*');
  }

  #open(opened: Group['opened'], name: string, math: MathFunction | null, column = this.#at): null {
    this.#groups.push({ opened, name, column, math, depth: this.#depth, commas: 0, divided: false });
    if (this.#groups.length > 1) this.canonical += '(';
    this.#depth++;
    this.#operandDue = true;
    return null;
  }

  #close(group: Group): KvError | null {
    if (this.#groups.length === 1) return this.#expected("an operator, not a ')' that nothing opened");
    const { math } = group;
    if (math !== null && group.commas + 1 < math.argumentsMin) return this.#wrongCount(group, math);
    this.#groups.pop();
    this.#at++;
    this.#depth = group.depth;
    this.canonical += ')';
    this.#operandDue = false;
    return null;
  }

  #comma(group: Group): KvError | null {
    if (group.opened === 'product') return unknownFunction(group.name, group.column);
    if (group.math === null) return this.#expected('an operator');
    group.commas++;
    if (group.commas + 1 > group.math.argumentsMax) return this.#wrongCount(group, group.math);
    this.#at++;
    this.#depth = group.depth + 1;
    this.canonical += ',';
    group.divided = false;
    this.#operandDue = true;
    return null;
  }

  #wrongCount(group: Group, math: MathFunction): KvError {
    const wanted = math.argumentsMin === 1 ? 'one argument' : `${math.argumentsMin} arguments`;
    return fail('PARSE', `${group.name} at column ${group.column} takes ${wanted}`).error;
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return null;
    return match[0].slice(0, this.#end - this.#at);
  }

  #skipBlanks(): void {
    while (this.#at < this.#end && (this.#text[this.#at] === ' ' || this.#text[this.#at] === '\t')) this.#at++;
  }

  #expected(what: string): KvError {
    const code = this.#at < this.#end ? this.#text.codePointAt(this.#at) : undefined;
    const found =
      code === undefined ? 'the end' : code < 0x20 ? 'a control character' : `'${String.fromCodePoint(code)}'`;
    return fail('PARSE', `found ${found}, expected ${what} at column ${this.#at + 1}`).error;
  }
}

/** The error for a call of something that is neither a function nor a variable. */
export function unknownFunction(name: string, column: number): KvError {
  return fail('PARSE', `unknown function '${name}' at column ${column}${suggestion(name, FUNCTION_NAMES)}`).error;
}

function tooComplex(what: string, setting: string, limit: number): { readonly ok: false; readonly error: KvError } {
  return fail('TOOCOMPLEX', `${what} than the limit of ${limit} (${setting})`);
}
