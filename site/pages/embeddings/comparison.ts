// Index and exact search side by side: recall against bytes, and the neighbours that each width finds.

import { count, milliseconds, ratio } from '../../shared/format.ts';
import { html, nothing } from '../../shared/live.ts';
import '../../shared/plot.ts';
import { type Column, facts, table } from '../../shared/results.ts';
import type { Answer, Comparison, Hits, Opened } from './messages.ts';

export const widthName = (bits: number | null) =>
  bits === null ? 'exact' : `${bits} bit${bits === 1 ? '' : 's'}`;

const short = (ms: number) =>
  ms < 1 ? `${(1000 * ms).toFixed(ms < 0.01 ? 1 : 0)} µs` : milliseconds(ms);

function measuredTable({ measured, exactMilliseconds, queries }: Comparison, opened: Opened) {
  const floatBytes = 4 * opened.dims;
  return table({
    caption: `${count(opened.size)} vectors of ${opened.dims} dimensions; means over ${queries} queries`,
    named: true,
    columns: [
      {
        head: 'width',
        cells: ['exact, float32', ...measured.map(({ bits }) => widthName(bits))],
      },
      {
        head: 'recall@10',
        cells: ['1', ...measured.map(({ recall }) => recall.toFixed(3))],
        tone: 'returned',
      },
      {
        head: 'bytes a vector',
        cells: [floatBytes, ...measured.map(({ bytesPerVector }) => bytesPerVector)],
        tone: 'stored',
      },
      {
        head: 'smaller',
        cells: ['', ...measured.map(({ bytesPerVector }) => ratio(floatBytes / bytesPerVector))],
        tone: 'stored',
      },
      {
        head: 'a search takes',
        cells: [exactMilliseconds, ...measured.map(({ milliseconds }) => milliseconds)].map(short),
      },
      {
        head: 'faster',
        cells: [
          '',
          ...measured.map(({ milliseconds }) =>
            milliseconds > 0 ? ratio(exactMilliseconds / milliseconds) : '',
          ),
        ],
      },
      {
        head: 'building took',
        cells: ['', ...measured.map(({ addMilliseconds }) => milliseconds(addMilliseconds))],
      },
    ],
  });
}

export function comparisonView(comparison: Comparison, opened: Opened) {
  const { measured } = comparison;
  const floatBytes = 4 * opened.dims;
  const rising = [...measured].reverse();
  const x = [...rising.map(({ bytesPerVector }) => bytesPerVector), floatBytes];
  const recalls = rising.map(({ recall }) => recall);
  const lowest = Math.floor(10 * Math.min(...recalls)) / 10;
  return html`
    <h3>Recall against bytes</h3>
    <few-plot .spec=${{
      description: `Recall@10 against bytes a vector: ${rising
        .map(
          ({ bits, bytesPerVector, recall }) =>
            `${widthName(bits)}, ${bytesPerVector} bytes, ${recall.toFixed(3)}`,
        )
        .join('; ')}; float32, ${floatBytes} bytes, 1.`,
      x,
      xLabel: 'bytes a vector',
      yLabel: 'recall@10',
      height: 240,
      xRange: [0, 1.05 * floatBytes],
      yRange: [Math.min(lowest, 0.9), 1.02],
      series: [
        { label: 'fewbits', y: [...recalls, null], color: 'stored' },
        { label: '8, 4, 2, 1 bits', y: [...recalls, null], kind: 'points', color: 'stored' },
        { label: 'float32', y: [...recalls.map(() => null), 1], kind: 'points', color: 'original' },
      ],
    }}></few-plot>
    ${measuredTable(comparison, opened)}`;
}

export function neighbours({ title, hits }: Answer) {
  const compared = hits.some(({ shared }) => shared !== null);
  const rows = Math.max(...hits.map(({ labels }) => labels.length));
  const label = ({ labels, shared }: Hits, i: number) =>
    labels[i] === undefined ? '' : `${labels[i]}${shared && !shared[i] ? ' †' : ''}`;
  const head = ({ bits, milliseconds }: Hits) => `${widthName(bits)}, ${short(milliseconds)}`;
  const columns: Column[] = [
    { head: 'rank', cells: Array.from({ length: rows }, (_, i) => i + 1) },
    ...hits.map((one) => ({
      head: head(one),
      cells: Array.from({ length: rows }, (_, i) => label(one, i)),
      marked: (i: number) => one.shared?.[i] === false,
    })),
  ];
  return html`
    ${table({
      caption: `Neighbours of ${title}${compared ? '; † is not among the exact ones' : ''}`,
      words: true,
      named: true,
      columns,
    })}
    ${
      compared
        ? facts(
            hits
              .filter(({ shared }) => shared)
              .map(({ bits, shared }) => [
                `found with ${widthName(bits)}`,
                `${shared?.filter(Boolean).length} of ${shared?.length}`,
                'returned',
              ]),
          )
        : nothing
    }`;
}
