// The page on int4: a run step by step, and its methods side by side.

import { choice, numbers, parseNumbers, select } from '../../shared/controls.ts';
import { shortest } from '../../shared/float32.ts';
import { general, list } from '../../shared/format.ts';
import { attempt, type Fewbits, html, live } from '../../shared/live.ts';
import '../../shared/plot.ts';
import { bits, facts, table, transcript } from '../../shared/results.ts';

const METHODS = ['minmax', 'absmax'] as const;
type Method = (typeof METHODS)[number];

const INPUTS = [
  ['0.1, 0.5, -1.3, 2.7, 3.9, -0.8, 5.2, -4.7', 'the eight of the example'],
  ['0.1, 0.5, -1.3, 2.7, 3.9, -0.8', 'six of them'],
  ['-10, -5, 0, 5, 10', '−10 to 10'],
  ['-1000000, 1000000', 'a million either way'],
  ['1, 2, 3', 'all above zero'],
  ['42', 'a single one'],
  ['0, 0, 0, 0, 0', 'zeros'],
] as const;

const shown = (x: ArrayLike<number>) => list(x, (value) => general(value, 5));

/** The output of the example program, value for value. */
function printout(fb: Fewbits, x: Float32Array, method: Method): string {
  const { values, scale, zeroPoint } = fb.int4.quantize(x, { scaleMethod: method });
  const packed = fb.int4.pack(values);
  const y = fb.int4.dequantize(values, scale, zeroPoint);
  const error = fb.compare(x, y);
  const range = (of: ArrayLike<number>) =>
    of.length
      ? `[${general(Math.min(...Array.from(of)))}, ${general(Math.max(...Array.from(of)))}]`
      : '[]';
  return `Original values:         ${list(x, shortest)}
Quantized values (int4): ${list(values)}
Scale factor:            ${general(scale, 7)}
Zero point:              ${zeroPoint}

Packed values (int8):    ${list(new Int8Array(packed.buffer, packed.byteOffset, packed.length))}
Packed, in hex:          ${hex(packed)}
Unpacked values (int4):  ${list(fb.int4.unpack(packed, values.length))}
Size:                    ${values.length} bytes unpacked, ${packed.length} packed

Dequantized values:      ${shown(y)}
Error per value:         ${shown(Array.from(x, (value, i) => Number(shortest(value)) - y[i]))}
Mean absolute error:     ${general(error.mae)}
Max absolute error:      ${general(error.maxAbs)}

Original range:          ${range(x)}
Quantized range:         ${range(values)} of [-8, 7]
Dequantized range:       ${range(y)}`;
}

const hex = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');

const methodChoice = (value: Method, set: (value: Method) => void) =>
  choice({ label: 'Scale', options: METHODS, value, set });

live('run', { text: INPUTS[0][0] as string, method: 'minmax' as Method }, (fb, state, set) => {
  const { text, method } = state;
  const known = INPUTS.some(([input]) => input === text);
  return html`
    <div class="controls">
      ${select({
        label: 'Example',
        options: known ? INPUTS : [...INPUTS, [text, 'your own'] as const],
        value: text,
        set: (text) => set({ text }),
      })}
      ${methodChoice(method, (method) => set({ method }))}
      ${numbers({ label: 'Numbers', text, set: (text) => set({ text }) })}
    </div>
    ${attempt(() => transcript('What the example prints', printout(fb, parseNumbers(text, 64), method)))}`;
});

/** Sixteen levels, and the result of quantizing with them. */
interface Way {
  readonly name: string;
  readonly levels: readonly number[];
  readonly codes: ArrayLike<number>;
  readonly y: Float32Array;
}

function int4Way(fb: Fewbits, x: Float32Array, name: Method): Way {
  const { values, scale } = fb.int4.quantize(x, { scaleMethod: name });
  const levels = fb.int4.dequantize(
    Int8Array.from({ length: 16 }, (_, i) => i - 8),
    scale,
  );
  return { name, levels: [...levels], codes: values, y: fb.int4.dequantize(values, scale) };
}

function asymmetricWay(fb: Fewbits, x: Float32Array): Way {
  const q = fb.uniform.quantize(x, { bits: 4, scheme: 'asymmetric' });
  const all = Uint8Array.from({ length: 16 }, (_, i) => i);
  const levels = fb.uniform.dequantize({
    ...q,
    codes: fb.bits.pack(all, 4),
    length: 16,
    block: 16,
  });
  return {
    name: 'asymmetric',
    levels: [...levels],
    codes: fb.uniform.codes(q),
    y: fb.uniform.dequantize(q),
  };
}

/** Points in rows of one plot, which has a single list of x positions. */
function rows(points: readonly (readonly number[])[]) {
  const x = [...new Set(points.flat())].sort((a, b) => a - b);
  const at = new Map(x.map((value, i) => [value, i]));
  const ys = points.map((row, i) => {
    const y = new Array<number | null>(x.length).fill(null);
    for (const value of row) y[at.get(value) as number] = points.length - 1 - i;
    return y;
  });
  return { x, ys };
}

live('compare', { text: '1, 2, 3' }, (fb, { text }, set) => {
  const result = attempt(() => {
    const x = parseNumbers(text, 64);
    if (x.length === 0) throw new RangeError('at least one number, please');
    const ways = [...METHODS.map((name) => int4Way(fb, x, name)), asymmetricWay(fb, x)];
    const names = ['numbers', ...ways.map(({ name }) => name)];
    const plot = rows([[...x], ...ways.map(({ levels }) => levels)]);
    const errors = ways.map(({ y }) => fb.compare(x, y));
    return html`
      <few-plot .spec=${{
        description: `The numbers ${shown(x)} above the sixteen levels of each way: minmax from ${general(ways[0].levels[0])} to ${general(ways[0].levels[15])}, absmax from ${general(ways[1].levels[0])} to ${general(ways[1].levels[15])}, asymmetric from ${general(ways[2].levels[0])} to ${general(ways[2].levels[15])}.`,
        x: plot.x,
        xLabel: 'value',
        yLabel: '',
        yNames: [...names].reverse(),
        yRange: [-0.5, 3.5],
        height: 210,
        series: names.map((label, i) => ({
          label,
          y: plot.ys[i],
          kind: 'points' as const,
          color: i === 0 ? 'original' : 'stored',
        })),
      }}></few-plot>
      ${table({
        caption: 'Codes, and what comes back',
        columns: [
          { head: 'x', cells: Array.from(x, shortest), tone: 'original' },
          ...ways.flatMap(({ name, codes, y }) => [
            { head: `${name} q`, cells: Array.from(codes), tone: 'stored' as const },
            { head: 'x′', cells: Array.from(y, (v) => general(v)), tone: 'returned' as const },
          ]),
        ],
      })}
      ${table({
        caption: 'Error',
        named: true,
        columns: [
          { head: 'way', cells: ways.map(({ name }) => name) },
          { head: 'mean absolute', cells: errors.map(({ mae }) => general(mae)) },
          { head: 'largest', cells: errors.map(({ maxAbs }) => general(maxAbs)) },
        ],
      })}`;
  });
  return html`
    <div class="controls">
      ${select({
        label: 'Example',
        options: INPUTS.some(([input]) => input === text)
          ? INPUTS
          : [...INPUTS, [text, 'your own'] as const],
        value: text,
        set: (text) => set({ text }),
      })}
      ${numbers({ label: 'Numbers', text, set: (text) => set({ text }) })}
    </div>
    ${result}`;
});

const nibble = (value: number) => (value & 15).toString(2).padStart(4, '0');

live('pack', { text: '-8, -4, 0, 4, 7, -2, 3, 1' }, (fb, { text }, set) => {
  const result = attempt(() => {
    const given = parseNumbers(text, 64);
    const wrong = given.findIndex((v) => !Number.isInteger(v) || v < -8 || v > 7);
    if (wrong >= 0)
      throw new RangeError(`${shortest(given[wrong])} is not a whole number from −8 to 7`);
    const values = Int8Array.from(given);
    const packed = fb.int4.pack(values);
    const signed = new Int8Array(packed.buffer, packed.byteOffset, packed.length);
    const first = (i: number) => values[2 * i];
    const second = (i: number) => values[2 * i + 1] ?? 0;
    const each = <T>(cell: (i: number) => T) => Array.from(packed, (_, i) => cell(i));
    return html`
      ${table({
        caption:
          'Two values a byte: the first in the low bits (violet), the second in the high bits (blue)',
        columns: [
          { head: 'first', cells: each(first) },
          {
            head: 'its bits',
            cells: each((i) => bits(nibble(first(i)), [[nibble(first(i)), 'mantissa']])),
          },
          {
            head: 'second',
            cells: each((i) => (2 * i + 1 < values.length ? second(i) : 'none')),
          },
          {
            head: 'its bits',
            cells: each((i) => bits(nibble(second(i)), [[nibble(second(i)), 'exponent']])),
          },
          {
            head: 'byte',
            cells: each((i) => {
              const text = packed[i].toString(2).padStart(8, '0');
              return bits(text, [
                [text.slice(0, 4), 'exponent'],
                [text.slice(4), 'mantissa'],
              ]);
            }),
          },
          { head: 'hex', cells: each((i) => hex(packed.subarray(i, i + 1))), tone: 'stored' },
          { head: 'as int8', cells: [...signed], tone: 'stored' },
        ],
      })}
      ${facts([
        ['packed', list(signed), 'stored'],
        ['unpacked', list(fb.int4.unpack(packed, values.length)), 'returned'],
      ])}`;
  });
  return html`
    <div class="controls">
      ${numbers({ label: 'Values from −8 to 7', text, set: (text) => set({ text }) })}
    </div>
    ${result}`;
});
