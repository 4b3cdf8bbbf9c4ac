// One tensor of a model: its error in each type, the bits of its values and its first blocks.

import { byteSize, count, general } from '../../shared/format.ts';
import { type Fewbits, html, nothing, type Update } from '../../shared/live.ts';
import { facts, table } from '../../shared/results.ts';
import { measureTensor } from './actions.ts';
import { errorOf, measurements } from './costs.ts';
import type { Measured } from './measure.ts';
import type { State } from './state.ts';
import { percentage } from './tables.ts';
import { bitsView, blockView } from './weights.ts';

/** The tensor's errors in each type; `values` is the number of all its values. */
function errorsTable(fb: Fewbits, one: Measured, values: number, weighted: boolean) {
  const types = fb.ggml.types;
  return table({
    caption: `${one.tensor} in each type`,
    named: true,
    columns: [
      { head: 'type', cells: one.types.map(({ type }) => type) },
      {
        head: 'bits a weight',
        cells: one.types.map(({ type }) => general(types[type].bitsPerWeight, 4)),
        tone: 'stored',
      },
      {
        head: 'size',
        cells: one.types.map(({ type }) => byteSize((values * types[type].bitsPerWeight) / 8)),
        tone: 'stored',
      },
      {
        head: weighted ? 'error, weighted' : 'error',
        cells: one.types.map(({ type }) => percentage(errorOf(one, type))),
        tone: 'returned',
      },
      {
        head: 'mean squared error',
        cells: one.types.map(({ meanSquare }) => general(meanSquare)),
        tone: 'returned',
      },
      {
        head: 'largest error',
        cells: one.types.map(({ maxAbs }) => general(maxAbs, 4)),
        tone: 'returned',
      },
    ],
  });
}

export function tensorView(fb: Fewbits, state: State, set: Update<State>) {
  const { tensor, block, sub } = state;
  const described = state.model?.tensors.find(({ name }) => name === tensor);
  const one = measurements(state).get(tensor);
  if (!described || !one) return nothing;
  const { values } = described;
  return html`
    ${facts([
      ['shape', `[${described.shape.join(', ')}]`],
      ['type', described.typeName, 'original'],
      [
        'measured on',
        one.exact ? `all ${count(values)}` : `${count(one.values)} of ${count(values)}`,
      ],
    ])}
    ${
      one.exact
        ? nothing
        : html`<p><button type="button" class="button" ?disabled=${state.surveying !== null}
            @click=${() => measureTensor(state, set)}>Measure all of it</button></p>`
    }
    ${errorsTable(fb, one, values, state.importance !== null)}
    ${one.bits && one.bits.values > 0 ? html`<h3>Its bits</h3>${bitsView(one.bits)}` : nothing}
    ${
      one.first.length > 0
        ? html`<h3>Its first blocks in Q4_K</h3>${blockView(fb, one.first, { block: Math.min(block, one.first.length / 256 - 1), sub }, set)}`
        : nothing
    }`;
}
