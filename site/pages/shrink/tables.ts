// Tables of a model: its size in each type, and the result for each of its tensors.

import { byteSize, count, general, ratio } from '../../shared/format.ts';
import { type Fewbits, html, nothing } from '../../shared/live.ts';
import { type Column, table } from '../../shared/results.ts';
import { errorOf, errorOfPlan, meanBits, type Share } from './costs.ts';
import type { Measured } from './measure.ts';
import type { Opened, Plans } from './work.ts';

/** An error as a percentage; from a sample unless marked as exact. */
export const percentage = (share: Share | undefined) =>
  share === undefined
    ? '–'
    : html`${general(share.value, 3)} %${share.exact ? html`<small class="exact"> exact</small>` : nothing}`;

export function typesView(model: Opened, plans: Plans, all: Map<string, Measured>) {
  const shown = [...plans.byType].sort((a, b) => a.byteLength - b.byteLength);
  return table({
    caption:
      'The whole model in each type and mixture, with the rules below; the error of what is converted, measured on samples unless it says exact',
    named: true,
    columns: [
      { head: 'type', cells: shown.map(({ type }) => type) },
      {
        head: 'bits a weight',
        cells: shown.map((one) => general(meanBits(one, model), 4)),
        tone: 'stored',
      },
      { head: 'file', cells: shown.map((one) => byteSize(one.byteLength)), tone: 'stored' },
      { head: 'smaller', cells: shown.map((one) => ratio(model.byteLength / one.byteLength)) },
      {
        head: 'error',
        cells: shown.map((one) => percentage(errorOfPlan(one, model, all))),
        tone: 'returned',
      },
    ],
  });
}

/** Each tensor and its planned type. */
function outcomes(model: Opened, plans: Plans, all: Map<string, Measured>): Column[] {
  const planned = new Map(plans.chosen.tensors.map((one) => [one.name, one]));
  const { tensors } = model;
  return [
    { head: 'tensor', cells: tensors.map(({ name }) => name) },
    { head: 'shape', cells: tensors.map(({ shape }) => `[${shape.join(', ')}]`) },
    { head: 'type', cells: tensors.map(({ typeName }) => typeName), tone: 'original' },
    {
      head: 'size',
      cells: tensors.map(({ byteLength }) => byteSize(byteLength)),
      tone: 'original',
    },
    {
      head: 'becomes',
      cells: tensors.map(({ name }) => planned.get(name)?.type ?? 'dropped'),
      tone: 'stored',
    },
    {
      head: 'size then',
      cells: tensors.map(({ name }) => byteSize(planned.get(name)?.byteLength ?? 0)),
      tone: 'stored',
    },
    {
      head: 'error then',
      cells: tensors.map(({ name, typeName }) => {
        const to = planned.get(name)?.type;
        if (to === typeName) return '0 %';
        return percentage(errorOf(all.get(name), to ?? ''));
      }),
      tone: 'returned',
    },
    {
      head: 'why',
      cells: tensors.map(({ name }) => {
        return html`<span class="reason">${planned.get(name)?.reason ?? 'dropped by a rule'}</span>`;
      }),
    },
  ];
}

export function tensorsView(fb: Fewbits, model: Opened, plans: Plans, all: Map<string, Measured>) {
  const chosen = new Map(plans.chosen.tensors.map(({ name, type }) => [name, type]));
  const { tensors } = model;
  return table({
    caption: `${count(tensors.length)} tensors: what they are, what they become, and the error that each type would leave`,
    named: true,
    columns: [
      ...outcomes(model, plans, all),
      ...Object.values(fb.ggml.types).map(({ name: type, bitsPerWeight }) => ({
        head: `${type}, ${general(bitsPerWeight, 4)} bits`,
        cells: tensors.map(({ name }) => percentage(errorOf(all.get(name), type))),
        tone: 'returned' as const,
        marked: (row: number) => chosen.get(tensors[row].name) === type,
      })),
    ],
  });
}
