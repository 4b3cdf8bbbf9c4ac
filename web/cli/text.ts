// Words of the command line: numbers and names taken from it, safe text and tables for the terminal.

/** Something wrong with the command line: said without a stack, with a hint at --help. */
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
 * Characters that a terminal or an editor obeys or hides: controls, what turns text around or has no width, halves of
 * pairs, private ones, and separators of lines.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/** The escape of a character that JavaScript and JSON read: two of them beyond U+FFFF. */
function escaped(character: string): string {
  let text = '';
  for (let i = 0; i < character.length; i++)
    text += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  return text;
}

/** Text out of a file or of the command line, for a terminal. */
export function printable(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** What an array is for a printer. */
export interface Listed {
  readonly length: number;
  at(index: number): unknown;
}

/**
 * JSON that a terminal does not obey either, in pieces: the text of a long one would be longer than a string can be.
 * Integers of 64 bits become strings; what `entries` unfolds, arrays.
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

/** At most 100 characters of a text, with its length where that is not all of it. */
export function cut(text: string): string {
  if (text.length <= WIDEST) return printable(text);
  return `${printable(text.slice(0, 72))}... (${text.length} characters)`;
}

type Cell = string | number;

/** Rows as aligned columns, line by line, cut and fit for a terminal; numbers to the right. */
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

/** The file names a command takes, no more and no fewer. */
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
