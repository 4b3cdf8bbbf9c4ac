// The page on K-quantization: the demo, and what its repairs gain.

import type { KquantOptions } from 'fewbits';
import { choice, select } from '../../shared/controls.ts';
import { fixed, general, list } from '../../shared/format.ts';
import { html, live } from '../../shared/live.ts';
import { uniformTensor } from '../../shared/mt19937.ts';
import { facts, table, transcript } from '../../shared/results.ts';

const SEEDS = ['1305495057', '1', '256885655'] as const;
type Seed = (typeof SEEDS)[number];
type Version = 'first' | 'latest';

const tensor = (seed: Seed) => uniformTensor(Number(seed), 256, -5, 5);
const four = (x: number) => fixed(x, 4);

live(
  'demo',
  { seed: SEEDS[0] as Seed, version: 'first' as Version },
  (fb, { seed, version }, set) => {
    const x = tensor(seed);
    const block = fb.kquant.quantize(x, { version });
    const text = `Original tensor of ${x.length} random values between -5 and 5:
- ${list(x, four, 8)}
- storage: ${x.byteLength} bytes (${x.length}*4)

Quantized tensor:
- scale:      ${general(block.scale)}
- zero_point: ${general(block.zeroPoint)}
- subscales:  ${list(block.subscales)}
- suboffsets: ${list(block.suboffsets)}
- values:     ${list(block.codes, String, 16)}
- storage:    ${block.byteLength} bytes (2+2+6+6+128)

Dequantized tensor:
- ${list(block.dequantized, four, 8)}
- Mean squared error: ${general(block.mseFirst8)}`;
    return html`
      <div class="controls">
        ${choice({
          label: 'Version',
          options: [['first', 'first'] as const, ['latest', 'newest'] as const],
          value: version,
          set: (version) => set({ version }),
        })}
        ${choice({ label: 'Seed', options: SEEDS, value: seed, set: (seed) => set({ seed }) })}
      </div>
      ${transcript('What the demonstration prints', text)}
      ${facts([
        ['mean squared error, as printed', general(block.mseFirst8)],
        ['over all 256', general(block.mse), 'returned'],
      ])}`;
  },
);

/** A description of each repair. */
const REPAIRS = {
  rounding: 'codes rounded and clamped',
  weightedSum: 'sum of w x',
  bestCandidate: 'the best candidate, kept',
  wholeError: 'candidates judged by all their integers',
  sixBits: 'sub-scales up to 63',
} as const;

live('gain', { seed: SEEDS[0] as Seed }, (fb, { seed }, set) => {
  const x = tensor(seed);
  const ways: [string, KquantOptions][] = [
    ['first version', { version: 'first' }],
    ['newest version', { version: 'latest' }],
    ...fb.kquant.repairs.map((repair): [string, KquantOptions] => [
      `first, ${REPAIRS[repair]}`,
      { repairs: [repair] },
    ]),
    ['all repairs', { version: 'repaired' }],
  ];
  const mse = ways.map(([, options]) => fb.kquant.quantize(x, options).mse);
  const bytes = fb.ggml.quantize(x, 'Q4_K', { rowLength: 256 });
  const names = [...ways.map(([name]) => name), 'Q4_K'];
  mse.push(fb.compare(x, fb.ggml.dequantize(bytes, 'Q4_K', 256)).mse);
  return html`
    <div class="controls">
      ${select({
        label: 'Seed',
        options: SEEDS.map((value) => [value, value] as const),
        value: seed,
        set: (seed) => set({ seed }),
      })}
    </div>
    ${table({
      caption: '256 numbers in 144 bytes',
      named: true,
      columns: [
        { head: 'way', cells: names },
        { head: 'mean squared error', cells: mse.map((v) => general(v)), tone: 'returned' },
        {
          head: 'against the first',
          cells: mse.map((v) => `${(10 * Math.log10(mse[0] / v)).toFixed(2)} dB`),
        },
      ],
    })}`;
});
