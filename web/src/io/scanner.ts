// A scanner over the text of a header.

import { corrupt } from './checks.js';

/**
 * Scans the text of a header. Long runs are skipped by loops, since engines limit what patterns can match.
 */
export abstract class TextScanner {
  protected at = 0;

  private readonly what: string;
  protected readonly text: string;

  constructor(what: string, text: string) {
    this.what = what;
    this.text = text;
  }

  /** Refuses anything but whitespace before the end of the text. */
  end(): void {
    this.space();
    if (this.at < this.text.length) throw this.error('expected the end of the header');
  }

  /** Skips whitespace, then consumes `token`, one character, if it comes next. */
  protected accept(token: string): boolean {
    this.space();
    if (this.text[this.at] !== token) return false;
    this.at++;
    return true;
  }

  protected expect(token: string): void {
    if (!this.accept(token)) throw this.error(`expected '${token}'`);
  }

  protected space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at++;
    }
  }

  /** Consumes what a sticky pattern matches here. The pattern must bound its length. */
  protected match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  protected error(message: string): Error {
    return corrupt(
      `${this.what} header, character ${Math.min(this.at, this.text.length)}: ${message}`,
    );
  }
}
