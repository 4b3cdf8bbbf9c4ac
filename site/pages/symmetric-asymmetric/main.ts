// The page on symmetric and asymmetric quantization: worked examples and a linear layer.

import type { Scheme } from 'fewbits';
import { choice, numbers, parseNumbers, slider } from '../../shared/controls.ts';
import { meanSquareF32 } from '../../shared/float32.ts';
import { fixed, general } from '../../shared/format.ts';
import { attempt, type Fewbits, html, live } from '../../shared/live.ts';
import { uniformTensor } from '../../shared/mt19937.ts';
import '../../shared/plot.ts';
import { facts, table } from '../../shared/results.ts';

const EXAMPLE =
  '0, -7.2955093, -174.83139, -194.05179, 174.68698, 376.07928, -29.724792, -143.40936, 260.23984, -57.886795';
const SCHEMES = ['symmetric', 'asymmetric'] as const;
const TITLES = { symmetric: 'Symmetric', asymmetric: 'Asymmetric' } as const;

function range(scheme: Scheme, bits: number): string {
  return scheme === 'symmetric'
    ? `−${2 ** (bits - 1)} … ${2 ** (bits - 1) - 1}`
    : `0 … ${2 ** bits - 1}`;
}

function worked(fb: Fewbits, x: Float32Array, bits: number, scheme: 'symmetric' | 'asymmetric') {
  const q = fb.uniform.quantize(x, { bits, scheme });
  const codes = fb.uniform.codes(q);
  const y = fb.uniform.dequantize(q);
  return html`<div data-scheme=${scheme}>
    <h3>${TITLES[scheme]}</h3>
    ${facts([
      ['scale s', String(q.scales[0] ?? 1), 'stored'],
      ['zero point z', String(q.zeroPoints?.[0] ?? 0), 'stored'],
      ['codes', range(scheme, bits)],
    ])}
    ${table({
      caption: `${TITLES[scheme]}, ${bits} bits`,
      columns: [
        { head: 'x', cells: Array.from(x, (v) => fixed(v, 4)), tone: 'original' },
        { head: 'code q', cells: Array.from(codes), tone: 'stored' },
        { head: 'dequantized x′', cells: Array.from(y, (v) => fixed(v, 4)), tone: 'returned' },
        { head: 'x′ − x', cells: Array.from(y, (v, i) => fixed(v - x[i], 4)) },
      ],
    })}
    ${facts([
      ['mean squared error, float32', String(x.length ? meanSquareF32(x, y, 8) : 0), 'returned'],
      ['in double precision', String(fb.compare(x, y).mse), 'returned'],
    ])}
  </div>`;
}

live('worked', { text: EXAMPLE, bits: 8 }, (fb, { text, bits }, set) => {
  const result = attempt(() => {
    const x = parseNumbers(text, 64);
    return html`<div class="columns">${SCHEMES.map((scheme) => worked(fb, x, bits, scheme))}</div>`;
  });
  return html`
    <div class="controls">
      ${numbers({ label: 'Numbers', text, set: (text) => set({ text }) })}
      ${slider({ label: 'Bits', min: 2, max: 8, value: bits, set: (bits) => set({ bits }) })}
      <button type="button" class="button" @click=${() => set({ text: EXAMPLE, bits: 8 })}>The example again</button>
    </div>
    ${result}`;
});

live('floor', { scheme: 'symmetric' as 'symmetric' | 'asymmetric' }, (fb, { scheme }, set) => {
  const x = parseNumbers(EXAMPLE);
  const ways = (['nearest', 'floor'] as const).map((rounding) => {
    const q = fb.uniform.quantize(x, { bits: 8, scheme, rounding });
    const y = fb.uniform.dequantize(q);
    return { codes: fb.uniform.codes(q), y, mse: fb.compare(x, y).mse };
  });
  const [round, floor] = ways;
  const differs = (row: number) => round.codes[row] !== floor.codes[row];
  return html`
    <div class="controls">
      ${choice({
        label: 'Scheme',
        options: SCHEMES.map((value) => [value, TITLES[value]] as const),
        value: scheme,
        set: (scheme) => set({ scheme }),
      })}
    </div>
    ${table({
      caption: 'The ten numbers at 8 bits, rounded and floored; codes that differ are shaded',
      columns: [
        { head: 'x', cells: Array.from(x, (v) => fixed(v, 4)), tone: 'original' },
        { head: 'q, round', cells: Array.from(round.codes), tone: 'stored' },
        { head: 'q, floor', cells: Array.from(floor.codes), tone: 'stored', marked: differs },
        { head: 'x′, round', cells: Array.from(round.y, (v) => fixed(v, 4)), tone: 'returned' },
        {
          head: 'x′, floor',
          cells: Array.from(floor.y, (v) => fixed(v, 4)),
          tone: 'returned',
          marked: differs,
        },
      ],
    })}
    ${facts([
      ['mean squared error, round', general(round.mse), 'returned'],
      ['floor', general(floor.mse), 'returned'],
      ['floor over round', `${(floor.mse / round.mse).toFixed(2)}×`],
    ])}`;
});

live('widths', {}, (fb) => {
  const x = parseNumbers(EXAMPLE);
  const widths = [2, 3, 4, 5, 6, 7, 8];
  const mse = (scheme: Scheme) =>
    widths.map((bits) => {
      const q = fb.uniform.quantize(x, { bits, scheme });
      return fb.compare(x, fb.uniform.dequantize(q)).mse;
    });
  const [symmetric, asymmetric] = SCHEMES.map(mse);
  return html`
    <few-plot .spec=${{
      description:
        'Mean squared error of the ten numbers against bits, on a logarithmic scale: both schemes fall by about a factor of four a bit; the table below has the numbers.',
      x: widths,
      xLabel: 'bits',
      xWhole: true,
      yLabel: 'mean squared error',
      yLog: true,
      series: [
        { label: 'symmetric', y: symmetric, color: 'stored' },
        { label: 'asymmetric', y: asymmetric, color: 'returned' },
      ],
    }}></few-plot>
    ${table({
      caption: 'Mean squared error',
      named: true,
      columns: [
        { head: 'bits', cells: widths },
        { head: 'symmetric', cells: symmetric.map((v) => general(v, 4)) },
        { head: 'asymmetric', cells: asymmetric.map((v) => general(v, 4)) },
      ],
    })}`;
});

const OUTPUTS = 4;

live(
  'linear',
  { weightBits: 8 as 8 | 4, activations: 'asymmetric' as 'symmetric' | 'asymmetric' },
  (fb, { weightBits, activations }, set) => {
    const x = parseNumbers(EXAMPLE);
    const k = x.length;
    const weights = uniformTensor(7, OUTPUTS * k, -1, 1);
    const bias = uniformTensor(8, OUTPUTS, -50, 50);
    const shape = [OUTPUTS, k] as const;
    const layer = fb.linear.create({ weights, shape, bias, weightBits, activations });
    const y = layer.forward(x);
    const float = fb.linear
      .matmulFloat(x, weights, { m: 1, n: OUTPUTS, k })
      .map((sum, i) => sum + bias[i]);
    const q = fb.uniform.quantize(x, { bits: 8, scheme: activations });
    const codes = fb.uniform.codes(q);
    const sums = fb.linear.matmul(codes, layer.weights, { m: 1, n: OUTPUTS, k });
    const rows = Array.from({ length: OUTPUTS }, (_, i) =>
      layer.weights.subarray(i * k, i * k + k),
    );
    return html`
      <div class="controls">
        ${choice({
          label: 'Bits of the weights',
          options: [8, 4] as const,
          value: weightBits,
          set: (weightBits) => set({ weightBits }),
        })}
        ${choice({
          label: 'Input',
          options: SCHEMES,
          value: activations,
          set: (activations) => set({ activations }),
        })}
      </div>
      ${facts([
        ['codes of the input', Array.from(codes).join(' '), 'stored'],
        ['scale', general(q.scales[0]), 'stored'],
        ['zero point z', q.zeroPoints?.[0] ?? 0, 'stored'],
      ])}
      ${table({
        caption: 'Codes of the weights, a row an output',
        columns: Array.from({ length: k }, (_, column) => ({
          head: `w${column}`,
          cells: rows.map((row) => row[column]),
          tone: 'stored' as const,
        })),
      })}
      ${table({
        caption: 'The integer sums, and the outputs that they give',
        columns: [
          { head: 'row scale', cells: Array.from(layer.weightScales, (v) => general(v, 4)) },
          { head: 'sum of codes r', cells: rows.map((row) => row.reduce((sum, v) => sum + v, 0)) },
          { head: 'integer sum a', cells: Array.from(sums), tone: 'stored' },
          { head: 'y, integers', cells: Array.from(y, (v) => fixed(v, 3)), tone: 'returned' },
          { head: 'y, floats', cells: Array.from(float, (v) => fixed(v, 3)), tone: 'original' },
        ],
      })}
      ${facts([
        ['signal over noise', `${fb.compare(float, y).sqnrDb.toFixed(1)} dB`, 'returned'],
        ['layer', `${layer.byteLength} bytes of ${4 * (weights.length + bias.length)}`, 'stored'],
      ])}`;
  },
);
