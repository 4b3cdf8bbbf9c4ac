import { choice, select, slider } from '../../shared/controls.ts';
import { fileDrop } from '../../shared/files.ts';
import { byteSize, count, general, ratio } from '../../shared/format.ts';
import { html, live, message, nothing, type Update } from '../../shared/live.ts';
import '../../shared/plot.ts';
import { progress } from '../../shared/progress.ts';
import { facts, table } from '../../shared/results.ts';
import { Client, isAbort } from '../../shared/worker.ts';
import { ASSUMED, assumedOf, METHODS, type MethodName } from './methods.ts';
import { SOURCES, type SourceName } from './sources.ts';
import type { Choice, DistributionalCalls, Quantized, Simulation } from './work.ts';

const start = () => new Worker(new URL('./work.ts', import.meta.url), { type: 'module' });
// A worker each: choosing does not wait for the simulation.
const chooser = new Client<DistributionalCalls>(start);
const simulator = new Client<DistributionalCalls>(start);

// Cells and levels

interface Chosen {
  readonly source: SourceName;
  readonly file: File | null;
  readonly loc: number;
  readonly scale: number;
  readonly bits: number;
  readonly method: MethodName;
  readonly assumed: string;
  readonly beta: 'best' | '1';
  readonly result: Quantized | null;
  readonly error: unknown;
  readonly busy: boolean;
}

const ASSUMED_TITLES: Record<string, string> = { ...SOURCES, auto: 'whichever is best' };
const SHOWN_CELLS = 32;

let choosing = new AbortController();

/** Changes the choice; what was being computed for the one before is given up. */
async function choose(state: Chosen, change: Partial<Chosen>, set: Update<Chosen>) {
  const { source, file, loc, scale, bits, method, assumed, beta } = { ...state, ...change };
  choosing.abort();
  const mine = new AbortController();
  choosing = mine;
  set({ ...change, busy: true, error: null });
  const input: Choice = {
    source: file ?? { name: source, loc, scale },
    method,
    assumed,
    bits,
    bestBeta: beta === 'best',
  };
  try {
    const result = await chooser.call('quantize', input, { signal: mine.signal });
    if (mine === choosing) set({ result, busy: false });
  } catch (error) {
    // One that was given up may still fail, and late.
    if (mine === choosing) set({ error, result: null, busy: false });
  }
}

/** Density of the values, and of the codes: what is in each cell over its width. */
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

function outcome(q: Quantized) {
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

let begun = false;

live<Chosen>(
  'choose',
  {
    source: 'gaussian',
    file: null,
    loc: 0,
    scale: 1,
    bits: 4,
    method: 'absolute',
    assumed: 'gaussian',
    beta: 'best',
    result: null,
    error: null,
    busy: true,
  },
  (_, state, set) => {
    const to = (change: Partial<Chosen>) => choose(state, change, set);
    if (!begun) {
      begun = true;
      to({});
    }
    const assumptions = ASSUMED[state.method];
    return html`
      ${fileDrop({
        label: 'Drop a .npy, .safetensors or raw float32 file here, or choose one',
        accept: '.npy,.safetensors,.f32,.raw,.bin',
        take: (file) => to({ file, assumed: 'auto' }),
      })}
      <div class="controls spaced">
        ${select<SourceName | 'file'>({
          label: 'Or values drawn here',
          options: [
            ...(state.file ? [['file', `your file: ${state.file.name}`] as const] : []),
            ...(Object.entries(SOURCES) as [SourceName, string][]),
          ],
          value: state.file ? 'file' : state.source,
          set: (source) => source !== 'file' && to({ source, file: null }),
        })}
        ${
          state.file
            ? nothing
            : html`
              ${slider({
                label: 'Location',
                min: -5,
                max: 5,
                step: 0.5,
                value: state.loc,
                set: (loc) => to({ loc }),
              })}
              ${slider({
                label: 'Scale',
                min: 0.25,
                max: 4,
                step: 0.25,
                value: state.scale,
                set: (scale) => to({ scale }),
              })}`
        }
      </div>
      <div class="controls">
        ${slider({ label: 'Bits', min: 1, max: 8, value: state.bits, set: (bits) => to({ bits }) })}
        ${select<MethodName>({
          label: 'Levels',
          options: Object.entries(METHODS) as [MethodName, string][],
          value: state.method,
          set: (method) => to({ method }),
        })}
        ${
          assumptions.length > 0
            ? html`
              ${select({
                label: 'Values are taken to be',
                options: assumptions.map((name) => [name, ASSUMED_TITLES[name]] as const),
                value: assumedOf(state.method, state.assumed),
                set: (assumed) => to({ assumed }),
              })}
              ${choice({
                label: 'β',
                options: [['best', 'the best'] as const, ['1', '1'] as const],
                value: state.beta,
                set: (beta) => to({ beta }),
              })}`
            : nothing
        }
      </div>
      <div aria-busy=${state.busy ? 'true' : 'false'}>
        ${state.error ? message(state.error) : nothing}
        ${state.result ? outcome(state.result) : nothing}
      </div>`;
  },
);

// Error against bits

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
