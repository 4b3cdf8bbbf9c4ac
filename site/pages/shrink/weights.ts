// The bits of a tensor's weights, and a block of them in Q4_K.

import { slider } from '../../shared/controls.ts';
import { shortest } from '../../shared/float32.ts';
import { count, general } from '../../shared/format.ts';
import { type Fewbits, html, type TemplateResult } from '../../shared/live.ts';
import '../../shared/plot.ts';
import { facts, table } from '../../shared/results.ts';
import type { BitCounts } from './bits.ts';
import { readQ4K } from './q4k.ts';

/** Shares of the values as bars, at the positions from `from` on. */
function barsOf(
  counts: Float64Array,
  from: number,
  to: number,
  plot: { values: number; xLabel: string; color: string; description: string },
) {
  const { values, xLabel, color, description } = plot;
  const shares = Array.from(counts, (n) => (100 * n) / values);
  return {
    description,
    x: Array.from({ length: to - from }, (_, i) => from + i),
    xLabel,
    yLabel: '% of values',
    xWhole: true,
    xRange: [from - 0.5, to - 0.5] as const,
    yRange: [0, 1.05 * Math.max(...shares)] as const,
    height: 220,
    series: [
      {
        label: 'share',
        y: shares.slice(from, to),
        kind: 'bars' as const,
        color,
        width: 1,
        fill: 0.4,
      },
    ],
  };
}

/** The bits of the values, and which of them are constant. */
export function bitsView({ layout, values, negative, exponents, mantissas, set }: BitCounts) {
  const used = [...exponents.keys()].filter((field) => exponents[field] > 0);
  const constant = [...set].filter((n) => n === 0 || n === values).length;
  const enough = Math.ceil(Math.log2(Math.max(1, used.length)));
  const kind = (bit: number) =>
    bit === 0 ? 'sign' : bit <= layout.exponent ? 'exponent' : 'mantissa';
  const share = (bit: number) => `${kind(bit)}, ${general((100 * set[bit]) / values, 4)} %`;
  const from = used[0] ?? 0;
  const to = (used.at(-1) ?? 0) + 1;
  return html`
    ${facts([
      ['values looked at', count(values)],
      ['negative', `${general((100 * negative) / values, 3)} %`],
      ['exponents in use', `${used.length} of ${exponents.length}`],
      ['bits that would name them', `${enough} of ${layout.exponent}`],
      ['bits that are never used', `${constant} of ${set.length}`, 'stored'],
    ])}
    <p>Each bit, the highest first. Pointing at one says in how many of the values it is 1.</p>
    <span class="bits" role="img" aria-label="Each bit, and in how many of the values it is 1: ${[
      ...set.keys(),
    ]
      .map(share)
      .join('; ')}">${[...set].map(
      (n, bit) =>
        html`<span class=${kind(bit)} title=${share(bit)}>${n === 0 ? '0' : n === values ? '1' : '·'}</span>`,
    )}</span>
    <p class="key"><span class="sign">sign</span><span class="exponent">exponent</span><span class="mantissa">mantissa</span>
      A digit stands where it never changes.</p>
    <div class="columns">
      <few-plot .spec=${barsOf(exponents, from, to, {
        description: `Share of the values with each exponent, from ${from} to ${to - 1}.`,
        values,
        xLabel: 'exponent as stored',
        color: 'original',
      })}></few-plot>
      <few-plot .spec=${barsOf(mantissas, 0, mantissas.length, {
        description: 'Share of the values by the first five bits of the mantissa.',
        values,
        xLabel: 'first 5 bits of the mantissa',
        color: 'stored',
      })}></few-plot>
    </div>`;
}

/** The weights of a sub-block before and after, as a plot and as a table. */
function subBlockView(title: string, start: number, parts: Record<'x' | 'y' | 'codes', number[]>) {
  const places = Array.from(parts.x, (_, i) => start + i);
  return html`<div class="columns">
      <few-plot .spec=${{
        description: `The 32 weights of ${title}, before and after Q4_K.`,
        x: places,
        xLabel: 'place in the block',
        yLabel: 'weight',
        xWhole: true,
        height: 320,
        series: [
          { label: 'before', y: parts.x, kind: 'points' as const, color: 'original' },
          { label: 'after', y: parts.y, kind: 'steps' as const, color: 'returned', width: 1 },
        ],
      }}></few-plot>
      ${table({
        caption: title[0].toUpperCase() + title.slice(1),
        columns: [
          { head: 'place', cells: places },
          { head: 'weight', cells: parts.x.map(shortest), tone: 'original' },
          { head: 'code q', cells: parts.codes, tone: 'stored' },
          { head: 'd·s·q − dmin·m', cells: parts.y.map(shortest), tone: 'returned' },
        ],
      })}
    </div>`;
}

/** A block of Q4_K, sub-block by sub-block. */
export function blockView(
  fb: Fewbits,
  first: Float32Array,
  { block, sub }: { readonly block: number; readonly sub: number },
  set: (change: { block?: number; sub?: number }) => void,
): TemplateResult {
  const x = first.slice(256 * block, 256 * (block + 1));
  const bytes = fb.ggml.quantize(x, 'Q4_K');
  const restored = fb.ggml.dequantize(bytes, 'Q4_K', 256);
  const { d, dmin, scales, mins, codes } = readQ4K(bytes);
  const part = (all: ArrayLike<number>) => Array.from({ length: 32 }, (_, i) => all[32 * sub + i]);
  return html`
    <div class="controls">
      ${slider({ label: 'Block', min: 0, max: first.length / 256 - 1, value: block, set: (block) => set({ block }) })}
      <div class="field" role="group" aria-label="Sub-block">
        <span class="name">Sub-block: point at one</span>
        <span class="row"><span class="bits">${scales.map(
          (
            _,
            j,
          ) => html`<button type="button" class="mantissa" aria-label="Sub-block ${j}" aria-pressed=${j === sub ? 'true' : 'false'}
            @pointerenter=${() => set({ sub: j })} @focus=${() => set({ sub: j })} @click=${() => set({ sub: j })}>${j}</button>`,
        )}</span></span>
      </div>
    </div>
    ${facts([
      ['d', general(d), 'stored'],
      ['dmin', general(dmin), 'stored'],
      ['sub-block', sub],
      ['scale s', scales[sub], 'stored'],
      ['minimum m', mins[sub], 'stored'],
      ['step d·s', general(d * scales[sub]), 'returned'],
      ['lowest weight −dmin·m', general(-dmin * mins[sub]), 'returned'],
    ])}
    ${subBlockView(`sub-block ${sub} of block ${block}`, 32 * sub, {
      x: part(x),
      y: part(restored),
      codes: part(codes),
    })}`;
}
