// Words of the command line: numbers and names taken from it, tables and safe text for the terminal.

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

/** Text out of a file for a terminal: control characters would be commands to it. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** Rows as aligned columns, fit for a terminal; numbers to the right. */
export function table(given: readonly (readonly (string | number)[])[]): string {
  const rows = given.map((row) =>
    row.map((cell) => (typeof cell === 'string' ? printable(cell) : cell)),
  );
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, String(cell).length);
    });
  }
  return rows
    .map((row) =>
      row
        .map((cell, i) =>
          typeof cell === 'number'
            ? String(cell).padStart(widths[i] ?? 0)
            : cell.padEnd(widths[i] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
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
  if (given.length !== names.length) {
    throw new UsageError(`expected ${names.map((name) => `<${name}>`).join(' ')}`);
  }
  return given as unknown as { [Index in keyof Names]: string };
}
