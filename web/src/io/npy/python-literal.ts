// The Python literal in the header of an npy file, parsed.

import { TextScanner } from '../scanner.js';

/** The values that a Python literal in the header of an npy file can have. */
export type PythonValue =
  | { kind: 'string'; value: string }
  | { kind: 'integer'; value: number }
  | { kind: 'bool'; value: boolean }
  | { kind: 'none' }
  | { kind: 'tuple' | 'list'; items: PythonValue[] }
  | { kind: 'dict'; entries: Map<string, PythonValue> };

const MAX_DEPTH = 32;
const escapes: Record<string, string> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  n: '\n',
  t: '\t',
  r: '\r',
};

/** Parses a literal: a dict with string keys, tuple, list, string, integer, True, False or None. */
export function parsePythonLiteral(text: string): PythonValue {
  const parser = new LiteralParser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

class LiteralParser extends TextScanner {
  constructor(text: string) {
    super('npy', text);
  }

  value(depth: number): PythonValue {
    if (depth > MAX_DEPTH) throw this.error('nested too deeply');
    this.space();
    const next = this.text[this.at];
    if (next === '{') return this.dict(depth);
    if (next === '(') return this.sequence('tuple', ')', depth);
    if (next === '[') return this.sequence('list', ']', depth);
    if (next === "'" || next === '"') return { kind: 'string', value: this.string() };
    if (next !== undefined && /[-+0-9]/.test(next)) return this.integer();
    const word = this.match(/[A-Za-z_]{1,8}/y);
    if (word === 'True' || word === 'False') return { kind: 'bool', value: word === 'True' };
    if (word === 'None') return { kind: 'none' };
    throw this.error('expected a value');
  }

  private dict(depth: number): PythonValue {
    const entries = new Map<string, PythonValue>();
    this.at++;
    while (!this.accept('}')) {
      if (this.text[this.at] !== "'" && this.text[this.at] !== '"')
        throw this.error('expected a key');
      const key = this.string();
      if (entries.has(key)) throw this.error(`the key '${key}' appears twice`);
      this.expect(':');
      entries.set(key, this.value(depth + 1));
      if (this.accept(',')) continue;
      if (!this.accept('}')) throw this.error("expected ',' or '}'");
      break;
    }
    return { kind: 'dict', entries };
  }

  private sequence(kind: 'tuple' | 'list', close: string, depth: number): PythonValue {
    const items: PythonValue[] = [];
    let comma = false;
    this.at++;
    while (!this.accept(close)) {
      items.push(this.value(depth + 1));
      comma = this.accept(',');
      if (comma) continue;
      if (!this.accept(close)) throw this.error(`expected ',' or '${close}'`);
      break;
    }
    // (3) is a number in parentheses; only (3,) is a tuple.
    if (kind === 'tuple' && items.length === 1 && !comma) return items[0] as PythonValue;
    return { kind, items };
  }

  private integer(): PythonValue {
    // Python 2 wrote long integers with a trailing L.
    const digits = this.match(/[-+]?(?:0{1,20}|[1-9][0-9]{0,20})(?=L?(?![0-9A-Za-z_.]))L?/y);
    if (digits === undefined) throw this.error('expected an integer');
    const value = Number(digits.replace('L', '')) + 0; // no -0
    if (!Number.isSafeInteger(value))
      throw this.error(`the integer ${digits.slice(0, 24)} is too large`);
    return { kind: 'integer', value };
  }

  private string(): string {
    const close = this.text[this.at++];
    let value = '';
    for (;;) {
      const next = this.text[this.at++];
      if (next === undefined || next === '\n') throw this.error('a string is not closed');
      if (next === close) return value;
      if (next !== '\\') {
        value += next;
        continue;
      }
      const escaped = escapes[this.text[this.at++] ?? ''];
      if (escaped === undefined) throw this.error('an escape sequence that dtypes do not need');
      value += escaped;
    }
  }
}
