// Strict reading of the JSON in a safetensors header.

import { hasLoneSurrogate } from '../../core/text.js';
import { TextScanner } from '../scanner.js';

const MAX_DIMENSIONS = 255;

/** The part of JSON that the header may use: objects, strings, arrays of non-negative integers. */
export class HeaderScanner extends TextScanner {
  constructor(text: string) {
    super('safetensors', text);
  }

  /** Reads the first key of an object; its value must be read next. Undefined for an empty object. */
  firstKey(): string | undefined {
    this.expect('{');
    return this.accept('}') ? undefined : this.key();
  }

  /** Reads the key after a value; undefined at the end of the object. */
  nextKey(): string | undefined {
    if (this.accept(',')) return this.key();
    this.expect('}');
    return undefined;
  }

  private key(): string {
    const key = this.string();
    this.expect(':');
    return key;
  }

  /** Reads `null` if it comes next, and tells whether it did. */
  null(): boolean {
    this.space();
    return this.match(/null/y) !== undefined;
  }

  string(): string {
    this.expect('"');
    const start = this.at;
    let escaped = false;
    for (;;) {
      const code = this.text.charCodeAt(this.at++);
      if (code === 0x22) break;
      if (!(code >= 0x20)) throw this.error('a string is not closed');
      if (code !== 0x5c) continue;
      escaped = true;
      if (this.match(/["\\/bfnrt]|u[0-9A-Fa-f]{4}/y) === undefined)
        throw this.error('not an escape of JSON');
    }
    const token = this.text.slice(start, this.at - 1);
    if (!escaped) return token;
    const value: string = JSON.parse(`"${token}"`);
    if (hasLoneSurrogate(value)) throw this.error('half of a surrogate pair is no character');
    return value;
  }

  integers(): number[] {
    const values: number[] = [];
    this.expect('[');
    if (this.accept(']')) return values;
    do {
      this.space();
      const digits = this.match(/(?:0|[1-9][0-9]{0,15})(?![0-9.eE])/y);
      const value = Number(digits);
      if (digits === undefined || !Number.isSafeInteger(value)) {
        throw this.error('expected an integer from 0 to 2^53 - 1');
      }
      if (values.length === MAX_DIMENSIONS)
        throw this.error(`more than ${MAX_DIMENSIONS} dimensions`);
      values.push(value);
    } while (this.accept(','));
    this.expect(']');
    return values;
  }
}
