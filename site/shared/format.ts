/** Number formats of the programs that the pages reproduce, and formats for people. */

/** Formats `x` with `decimals` decimals; ties go to the even digit, as in C and Python. */
export function fixed(x: number, decimals: number): string {
  const text = x.toFixed(decimals);
  // Exact for every double of moderate size: is the part that was cut off exactly half a unit?
  const exact = Math.abs(x).toFixed(Math.min(decimals + 60, 100));
  const rest = exact.slice(exact.indexOf('.') + 1 + decimals);
  if (!/^50*$/.test(rest)) return text;
  const down = (x < 0 ? '-' : '') + exact.slice(0, exact.length - rest.length);
  const even = Number(down.at(-1) === '.' ? down.at(-2) : down.at(-1)) % 2 === 0;
  return even ? down.replace(/\.$/, '') : text;
}

/** Formats like C's %g: six significant digits, without trailing zeros. */
export function general(x: number, digits = 6): string {
  if (!Number.isFinite(x)) return String(x);
  if (x === 0) return '0';
  const [mantissa, exponentText] = x.toExponential(digits - 1).split('e');
  const exponent = Number(exponentText);
  const trimmed = (text: string) =>
    text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text;
  if (exponent < -4 || exponent >= digits) {
    const sign = exponent < 0 ? '-' : '+';
    return `${trimmed(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  return trimmed(x.toFixed(digits - 1 - exponent));
}

/** Formats `[a, b, c, ...]`: the first `count` values. */
export function list(
  values: ArrayLike<number>,
  print: (value: number) => string = String,
  count = values.length,
): string {
  const shown = Array.from({ length: Math.min(count, values.length) }, (_, i) => print(values[i]));
  return `[${shown.join(', ')}${values.length > count ? ', ...' : ''}]`;
}

const plain = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export const count = (n: number | bigint): string => whole.format(n);

/** Formats bytes; 1 kB is 1000 bytes. */
export function byteSize(bytes: number): string {
  if (bytes < 10_000) return `${whole.format(bytes)} bytes`;
  if (bytes < 1e6) return `${plain.format(bytes / 1e3)} kB`;
  if (bytes < 1e9) return `${plain.format(bytes / 1e6)} MB`;
  return `${plain.format(bytes / 1e9)} GB`;
}

export const ratio = (x: number): string => `${x.toFixed(x < 10 ? 2 : 1)}×`;
export const milliseconds = (ms: number): string =>
  ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(1)} s`;
export const percent = (fraction: number): string => `${Math.floor(fraction * 100)} %`;
