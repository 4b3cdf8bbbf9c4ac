// The part on cells and levels: values and a quantizer are chosen, and a worker quantizes.

import { choice, select, slider } from '../../shared/controls.ts';
import { fileDrop } from '../../shared/files.ts';
import { html, live, message, nothing, type Update } from '../../shared/live.ts';
import { Client } from '../../shared/worker.ts';
import { outcome } from './cells.ts';
import { ASSUMED, assumedOf, METHODS, type MethodName } from './methods.ts';
import { SOURCES, type SourceName } from './sources.ts';
import type { Choice, DistributionalCalls, Quantized } from './work.ts';

const chooser = new Client<DistributionalCalls>(
  () => new Worker(new URL('./work.ts', import.meta.url), { type: 'module' }),
);

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
let choosing = new AbortController();

/** Changes the choice, and cancels the computation for the previous one. */
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
    // A cancelled computation may still fail later.
    if (mine === choosing) set({ error, result: null, busy: false });
  }
}

type To = (change: Partial<Chosen>) => void;

/** The choice of the values. */
function sourceControls(state: Chosen, to: To) {
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
    </div>`;
}

/** The choice of the quantizer. */
function quantizerControls(state: Chosen, to: To) {
  const assumptions = ASSUMED[state.method];
  return html`<div class="controls">
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
    </div>`;
}

const started: Chosen = {
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
};

let begun = false;

live<Chosen>('choose', started, (_, state, set) => {
  const to: To = (change) => choose(state, change, set);
  if (!begun) {
    begun = true;
    to({});
  }
  return html`
    ${sourceControls(state, to)}
    ${quantizerControls(state, to)}
    <div aria-busy=${state.busy ? 'true' : 'false'}>
      ${state.error ? message(state.error) : nothing}
      ${state.result ? outcome(state.result) : nothing}
    </div>`;
});
