// The page on affine blocks: the demo, what blocks gain, and what an outlier costs.

import { choice, slider } from '../../shared/controls.ts';
import { meanSquareF32 } from '../../shared/float32.ts';
import { byteSize, fixed, general, list } from '../../shared/format.ts';
import { type Fewbits, html, live } from '../../shared/live.ts';
import { uniformTensor } from '../../shared/mt19937.ts';
import '../../shared/plot.ts';
import { facts, table, transcript } from '../../shared/results.ts';

const SEEDS = [
  ['256885655', 'as published'],
  ['1', 'newest version'],
] as const;
type Seed = (typeof SEEDS)[number][0];

const BLOCK = 32;
const tensor = (seed: string) => uniformTensor(Number(seed), 256, -5, 5);
const four = (x: number) => fixed(x, 4);

function section(fb: Fewbits, x: Float32Array, bits: number): string {
  const q = fb.uniform.quantize(x, {
    bits,
    scheme: 'affine',
    block: BLOCK,
    rounding: 'truncate',
    scaleType: 'f16',
    mode: 'reference',
  });
  const y = fb.uniform.dequantize(q);
  return `Quantizing as ${bits} bits:
  Quantized tensor:
  - scale:      ${general(q.scales[0])}
  - zero_point: ${general(q.minima?.[0] ?? 0)}
  - values:     ${list(fb.uniform.codes(q), String, 8)}
  - storage:    ${q.byteLength} bytes (${q.scales.length}*(2+2+${BLOCK}*${bits}/8))
  Dequantized tensor:
  - ${list(y, four, 8)}
  - Mean squared error: ${general(meanSquareF32(x, y))}`;
}

live('demo', { seed: '256885655' as Seed }, (fb, { seed }, set) => {
  const x = tensor(seed);
  const text = `Original tensor of ${x.length} random values between -5 and 5:
- ${list(x, four, 8)}
- storage: ${x.byteLength} bytes (${x.length}*4)

${section(fb, x, 8)}

${section(fb, x, 4)}`;
  return html`
    <div class="controls">
      ${choice({
        label: 'Seed',
        options: SEEDS.map(([value, what]) => [value, `${value}, ${what}`] as const),
        value: seed,
        set: (seed) => set({ seed }),
      })}
    </div>
    ${transcript('What the demonstration prints', text)}`;
});

live('gain', { seed: '256885655' as Seed, bits: 4 }, (fb, { seed, bits }, set) => {
  const x = tensor(seed);
  const ways = (['truncate', 'nearest'] as const).map((rounding) => {
    const options = { bits, scheme: 'affine', block: BLOCK, rounding, scaleType: 'f16' } as const;
    const q = fb.uniform.quantize(x, options);
    const y = fb.uniform.dequantize(q);
    // In levels of its block, so that blocks can be compared.
    const error = Float32Array.from(y, (v, i) => (v - x[i]) / q.scales[Math.floor(i / BLOCK)]);
    return { rounding, error, ...fb.compare(x, y) };
  });
  const [truncate, nearest] = ways;
  const mean = (values: Float32Array) => values.reduce((sum, v) => sum + v, 0) / values.length;
  return html`
    <div class="controls">
      ${slider({ label: 'Bits', min: 2, max: 8, value: bits, set: (bits) => set({ bits }) })}
      ${choice({
        label: 'Seed',
        options: SEEDS.map(([value]) => value),
        value: seed,
        set: (seed) => set({ seed }),
      })}
    </div>
    <few-plot .spec=${{
      description: `Error of each of the 256 numbers in levels. Truncated: between minus one and zero, ${general(mean(truncate.error), 3)} on average. Rounded: between minus a half and a half, ${general(mean(nearest.error), 3)} on average.`,
      x: Float32Array.from(x, (_, i) => i),
      xLabel: 'index',
      yLabel: 'error, in levels',
      yRange: [-1.1, 1.1],
      height: 260,
      series: [
        { label: 'truncated', y: truncate.error, kind: 'points', color: 'returned' },
        { label: 'rounded', y: nearest.error, kind: 'points', color: 'stored' },
      ],
    }}></few-plot>
    ${table({
      caption: `256 numbers, ${bits} bits, blocks of ${BLOCK}; codes made for the stored scale`,
      named: true,
      columns: [
        { head: 'codes', cells: ['truncated', 'rounded'] },
        { head: 'mean squared error', cells: ways.map(({ mse }) => general(mse)) },
        { head: 'largest error', cells: ways.map(({ maxAbs }) => general(maxAbs, 4)) },
        { head: 'mean error, levels', cells: ways.map(({ error }) => general(mean(error), 3)) },
        { head: 'signal over noise', cells: ways.map(({ sqnrDb }) => `${sqnrDb.toFixed(1)} dB`) },
      ],
    })}
    ${facts([
      ['squared error, truncated over rounded', `${(truncate.mse / nearest.mse).toFixed(2)}×`],
      ['gain', `${(nearest.sqnrDb - truncate.sqnrDb).toFixed(1)} dB`],
    ])}`;
});

live('block', { bits: 4, outlier: 'none' as 'none' | 'one of 50' }, (fb, state, set) => {
  const { bits, outlier } = state;
  const x = tensor('256885655');
  if (outlier !== 'none') x[100] = 50;
  const blocks = [8, 16, 32, 64, 128, 256];
  const results = blocks.map((block) => {
    const q = fb.uniform.quantize(x, { bits, scheme: 'affine', block, scaleType: 'f16' });
    return { byteLength: q.byteLength, mse: fb.compare(x, fb.uniform.dequantize(q)).mse };
  });
  return html`
    <div class="controls">
      ${slider({ label: 'Bits', min: 2, max: 8, value: bits, set: (bits) => set({ bits }) })}
      ${choice({
        label: 'Outlier',
        options: ['none', 'one of 50'] as const,
        value: outlier,
        set: (outlier) => set({ outlier }),
      })}
    </div>
    ${table({
      caption: `256 numbers at ${bits} bits, rounded`,
      named: true,
      columns: [
        { head: 'block', cells: blocks.map((block) => (block === 256 ? '256, all' : block)) },
        { head: 'stored', cells: results.map((r) => byteSize(r.byteLength)), tone: 'stored' },
        {
          head: 'bits a value',
          cells: results.map((r) => general((8 * r.byteLength) / x.length, 4)),
          tone: 'stored',
        },
        { head: 'mean squared error', cells: results.map((r) => general(r.mse)), tone: 'returned' },
      ],
    })}`;
});
