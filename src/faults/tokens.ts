/**
 * A line of the fault language as tokens with their columns (from 1). Knows words, quoted texts and marks, and no
 * grammar. A comment (`#` and what follows) is no token, except the `#2` of `on EVENT #2`.
 *
 *   word = 1*( letter | digit | "." | "_" | "%" | ":" | "*" | inner "-" )
 *   mark = "->" | "<->" | "+-" | "±" | "<=" | ">=" | "!=" | "<" | ">" | "=" | "|" | "/" | "," | "+" | "-" | "(" | ")"
 *   quoted = '"' *( any | '\"' | '\\' ) '"'
 *
 * Example: `cut s1->s2 # oneway` is the words `cut`, `s1` (column 5), the mark `->` and the word `s2`.
 */

export type Token = {
  readonly kind: 'word' | 'mark' | 'quoted' | 'ordinal' | 'wrong';
  /** The word, the mark (`±` as `+-`), the text inside the quotes, or the digits of an ordinal. */
  readonly text: string;
  readonly column: number;
};

/** A mark may touch its neighbours: the longest one that fits is taken. A word may contain `-` but not end in `->`. */
const TOKEN =
  /(?<blank>\s+)|(?<ordinal>#\d+(?=\s|$))|(?<comment>#.*$)|"(?<quoted>(?:[^"\\]|\\.)*)"|(?<mark><->|->|\+-|±|<=|>=|!=|[<>=|/,+()-])|(?<word>[\p{L}\d_.%:*]+(?:-(?!>)[\p{L}\d_.%:*]+)*)/uy;

/** The tokens of a line. What is no token (a lone quotation mark, another character) is one of kind `wrong`. */
export function tokensOf(line: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < line.length) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(line)?.groups;
    const column = at + 1;
    if (found === undefined) {
      tokens.push({ kind: 'wrong', text: line.slice(at).trimEnd(), column });
      return tokens;
    }
    const { ordinal, comment, quoted, mark, word } = found;
    if (word !== undefined) tokens.push({ kind: 'word', text: word, column });
    else if (mark !== undefined) tokens.push({ kind: 'mark', text: mark === '±' ? '+-' : mark, column });
    else if (quoted !== undefined) tokens.push({ kind: 'quoted', text: quoted.replace(/\\(.)/gu, '$1'), column });
    else if (ordinal !== undefined) {
      // After `on EVENT` it counts; anywhere else it begins a comment.
      if (tokens[0]?.text.toLowerCase() !== 'on') return tokens;
      tokens.push({ kind: 'ordinal', text: ordinal.slice(1), column });
    } else if (comment !== undefined) return tokens;
  }
  return tokens;
}

/** A text in quotes, as `tokensOf` reads it. */
export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
