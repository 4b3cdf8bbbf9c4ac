// The result of quantization: the density of values and cells, the errors, and a table of the cells.

import { byteSize, count, general, ratio } from '../../shared/format.ts';
import { html, nothing } from '../../shared/live.ts';
import '../../shared/plot.ts';
import { facts, table } from '../../shared/results.ts';
import type { Quantized } from './work.ts';

const SHOWN_CELLS = 32;

/** The density of the values, and of the codes: the share of each cell divided by its width. */
function cellsPlot(q: Quantized) {
  const { low, high, bins, thresholds, levels, counts, length } = q;
  const width = (high - low) / bins.length;
  const visible = (x: number) => x >= low && x <= high;
  const edges = Array.from(bins, (_, i) => low + i * width);
  const places = [...edges, high, ...thresholds, ...levels].filter(visible);
  const x = [...new Set(places)].sort((a, b) => a - b);
  const isLevel = new Set(levels);
  const drawn: number[] = [];
  const codes: (number | null)[] = [];
  const points: (number | null)[] = [];
  let cell = 0;
  for (const at of x) {
    const bin = Math.min(bins.length - 1, Math.floor((at - low) / width + 1e-9));
    drawn.push(bins[bin] / length / width);
    while (cell < thresholds.length && thresholds[cell] <= at) cell++;
    const from = Math.max(q.min, thresholds[cell - 1] ?? q.min);
    const to = Math.min(q.max, thresholds[cell] ?? q.max);
    const density = to > from ? counts[cell] / length / (to - from) : 0;
    codes.push(density);
    points.push(isLevel.has(at) ? density : null);
  }
  return html`<few-plot .spec=${{
    description: `Density of the values from ${general(low, 4)} to ${general(high, 4)}. Over it a staircase with one step for each of the ${levels.length} cells, and a point at each level; the table below has the numbers.`,
    x,
    xLabel: 'value',
    yLabel: 'density',
    height: 320,
    series: [
      { label: 'values', y: drawn, kind: 'steps', color: 'original', width: 1, fill: 0.25 },
      { label: 'cells', y: codes, kind: 'steps', color: 'stored', width: 1.5 },
      { label: 'levels', y: points, kind: 'points', color: 'returned' },
    ],
  }}></few-plot>`;
}

export function outcome(q: Quantized) {
  const shown = Math.min(SHOWN_CELLS, q.levels.length);
  const from = (i: number) => (i === 0 ? '−∞' : general(q.thresholds[i - 1]));
  const entropy = q.counts.reduce(
    (sum, n) => (n > 0 ? sum - (n / q.length) * Math.log2(n / q.length) : sum),
    0,
  );
  return html`
    ${cellsPlot(q)}
    ${facts([
      ['mean absolute error', general(q.mae), 'returned'],
      ['mean squared error', general(q.mse), 'returned'],
      ['signal over noise', `${q.sqnrDb.toFixed(2)} dB`, 'returned'],
      ['entropy of the codes', `${entropy.toFixed(2)} bits`, 'stored'],
    ])}
    ${facts([
      ...(q.name ? [['array', q.name, 'original'] as const] : []),
      ['values', count(q.length), 'original'],
      ['as float32', byteSize(4 * q.length), 'original'],
      ['stored', byteSize(q.byteLength), 'stored'],
      ['smaller', ratio((4 * q.length) / q.byteLength), 'stored'],
    ])}
    ${
      q.dist
        ? facts([
            ['distribution', q.dist, 'stored'],
            ['location', general(q.loc), 'stored'],
            ['scale', general(q.scale), 'stored'],
            ['β', general(q.beta), 'stored'],
          ])
        : nothing
    }
    ${table({
      caption:
        shown < q.levels.length ? `The first ${shown} of ${q.levels.length} cells` : 'The cells',
      columns: [
        { head: 'code', cells: Array.from({ length: shown }, (_, i) => i), tone: 'stored' },
        { head: 'cell from', cells: Array.from({ length: shown }, (_, i) => from(i)) },
        {
          head: 'level',
          cells: Array.from(q.levels.subarray(0, shown), (v) => general(v)),
          tone: 'returned',
        },
        {
          head: 'values in it',
          cells: Array.from(
            q.counts.subarray(0, shown),
            (n) => `${((100 * n) / q.length).toFixed(2)} %`,
          ),
        },
      ],
    })}`;
}
