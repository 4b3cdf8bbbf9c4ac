// Text of the command line: numbers and names parsed from it, safe text and tables for the terminal.

/** An error in the command line: shown without a stack, with a hint to --help. */
export class UsageError extends Error {}

export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(1)} ${units[unit]}`;
}

/**
 * Characters that a terminal or an editor interprets or hides: controls, those that change the direction of
 * text or have no width, unpaired surrogates, private ones, and line separators.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/** The escape of a character in JavaScript and JSON: two of them beyond U+FFFF. */
function escaped(character: string): string {
  let text = '';
  for (let i = 0; i < character.length; i++)
    text += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  return text;
}

/** Text from a file or the command line, made safe for a terminal. */
export function printable(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** An array for printing. */
export interface Listed {
  readonly length: number;
  at(index: number): unknown;
}

/**
 * JSON that is safe for a terminal, in pieces: the text of a long value could exceed the length of a string.
 * 64-bit integers become strings; values that `entries` unfolds become arrays.
 */
export function* jsonPieces(
  value: unknown,
  entries: (value: object) => Listed | undefined,
): Generator<string, void, void> {
  const list = typeof value === 'object' && value !== null ? entries(value) : undefined;
  if (list !== undefined) {
    yield '[';
    for (let i = 0; i < list.length; i++) {
      if (i > 0) yield ',';
      yield* jsonPieces(list.at(i), entries);
    }
    yield ']';
  } else if (typeof value === 'string') {
    yield '"';
    for (let start = 0; start < value.length; start += JSON_SLICE)
      yield printable(JSON.stringify(value.slice(start, start + JSON_SLICE)).slice(1, -1));
    yield '"';
  } else if (typeof value === 'bigint') {
    yield `"${value}"`;
  } else {
    yield JSON.stringify(value);
  }
}

const JSON_SLICE = 1 << 16;

const WIDEST = 100;

/** The first characters of a text, at most 100 in total, with its length if it was cut. */
export function cut(text: string): string {
  if (text.length <= WIDEST) return printable(text);
  return `${printable(text.slice(0, 72))}... (${text.length} characters)`;
}

type Cell = string | number;

/** Rows as aligned columns, line by line, cut and made safe for a terminal; numbers are right-aligned. */
export function* tableLines(rows: readonly (readonly Cell[])[]): Generator<string, void, void> {
  const shown = (cell: Cell) => (typeof cell === 'string' ? cut(cell) : String(cell));
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, shown(cell).length);
    });
  }
  for (const row of rows) {
    const line = row.map((cell, i) => {
      const width = widths[i] ?? 0;
      return typeof cell === 'number' ? shown(cell).padStart(width) : shown(cell).padEnd(width);
    });
    yield line.join('  ').trimEnd();
  }
}

export function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw new UsageError(`--${option} must be an integer from ${min} to ${max}, got '${text}'`);
  }
  return value;
}

export function oneOf<T extends string>(option: string, text: string, known: readonly T[]): T {
  const found = known.find((name) => name.toLowerCase() === text.toLowerCase());
  if (found === undefined) {
    throw new UsageError(`--${option} must be one of ${known.join(', ')}, got '${text}'`);
  }
  return found;
}

/** Checks that exactly the expected file names were given. */
export function paths<const Names extends readonly string[]>(
  given: readonly string[],
  names: Names,
): { [Index in keyof Names]: string } {
  if (given.length !== names.length || given.includes('')) {
    const expected = names.map((name) => `<${name}>`).join(' ');
    throw new UsageError(`expected ${expected}, got ${given.length || 'none'}`);
  }
  return given as unknown as { [Index in keyof Names]: string };
}
