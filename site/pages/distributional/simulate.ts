// The part on error against bits: a worker simulates, and each distribution has a plot and a table.

import { choice } from '../../shared/controls.ts';
import { general } from '../../shared/format.ts';
import { html, live, message, nothing, type Update } from '../../shared/live.ts';
import '../../shared/plot.ts';
import { progress } from '../../shared/progress.ts';
import { table } from '../../shared/results.ts';
import { Client, isAbort } from '../../shared/worker.ts';
import { SOURCES } from './sources.ts';
import type { DistributionalCalls, Simulation } from './work.ts';

const simulator = new Client<DistributionalCalls>(
  () => new Worker(new URL('./work.ts', import.meta.url), { type: 'module' }),
);

interface Simulated {
  readonly error: 'mae' | 'mse';
  readonly working: { readonly fraction: number; readonly text: string } | null;
  readonly result: readonly Simulation[] | null;
  readonly failure: unknown;
  readonly notice: string;
}

const LENGTH = 100_000;
const ERRORS = { mae: 'mean absolute error', mse: 'mean squared error' } as const;
const LOOKS: Record<string, { color: string; dash?: number[]; width?: number }> = {
  uniform: { color: 'original' },
  distributional: { color: 'returned' },
  'Lloyd-Max': { color: 'stored' },
  float16: { color: 'ink', dash: [2, 3], width: 1.5 },
  bfloat16: { color: 'ink-soft', dash: [8, 4], width: 1.5 },
  '8-bit integers': { color: 'original', dash: [8, 3, 2, 3], width: 1.5 },
  'Shannon bound': { color: 'wrong', dash: [4, 4] },
};

let simulating = new AbortController();

async function simulate(set: Update<Simulated>) {
  simulating = new AbortController();
  set({ working: { fraction: 0, text: 'Starting' }, failure: null, notice: '' });
  try {
    const result = await simulator.call(
      'simulate',
      { length: LENGTH },
      {
        signal: simulating.signal,
        progress: (fraction, text) => set({ working: { fraction, text } }),
      },
    );
    set({ working: null, result });
  } catch (failure) {
    set({ working: null, ...(isAbort(failure) ? { notice: 'Cancelled.' } : { failure }) });
  }
}

function simulation({ source, curves }: Simulation, error: 'mae' | 'mse') {
  const bits = curves[0][error].map((_, i) => i + 1);
  const title = SOURCES[source][0].toUpperCase() + SOURCES[source].slice(1);
  return html`<div data-source=${source}>
    <h3>${title}</h3>
    <few-plot .spec=${{
      description: `${title} values: ${ERRORS[error]} against 1 to 20 bits on a logarithmic scale. The table below has the numbers.`,
      x: bits,
      xLabel: 'bits',
      xWhole: true,
      yLabel: ERRORS[error],
      yLog: true,
      height: 340,
      series: curves.map((curve) => ({
        label: curve.label,
        y: curve[error],
        ...LOOKS[curve.label],
      })),
    }}></few-plot>
    ${table({
      caption: `${title}, ${ERRORS[error]}`,
      named: true,
      columns: [
        { head: 'bits', cells: bits },
        ...curves.map((curve) => ({
          head: curve.label,
          cells: curve[error].map((value) => (value === null ? '–' : general(value, 4))),
        })),
      ],
    })}
  </div>`;
}

let simulated = false;

live<Simulated>(
  'simulate',
  { error: 'mae', working: null, result: null, failure: null, notice: '' },
  (_, state, set) => {
    if (!simulated) {
      simulated = true;
      simulate(set);
    }
    const { working } = state;
    return html`
      <div class="controls">
        ${choice({
          label: 'Error',
          options: [['mae', 'absolute'] as const, ['mse', 'squared'] as const],
          value: state.error,
          set: (error) => set({ error }),
        })}
        <button type="button" class="button main" ?disabled=${working !== null}
          @click=${() => simulate(set)}>Run again</button>
      </div>
      <div aria-busy=${working ? 'true' : 'false'}>
        ${working ? progress({ ...working, cancel: () => simulating.abort() }) : nothing}
      </div>
      <p class="sr-only" role="status">${state.result && !working ? 'The simulation is done.' : state.notice}</p>
      ${state.notice ? html`<p aria-hidden="true">${state.notice}</p>` : nothing}
      ${state.failure ? message(state.failure) : nothing}
      ${state.result?.map((one) => simulation(one, state.error)) ?? nothing}`;
  },
);
