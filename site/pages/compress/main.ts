// The page that compresses an array: choosing it, quantizing in a worker, downloading.

import { choice, select, slider } from '../../shared/controls.ts';
import { download, fileDrop } from '../../shared/files.ts';
import { shortest } from '../../shared/float32.ts';
import { byteSize, count, general, milliseconds, ratio } from '../../shared/format.ts';
import { html, live, message, nothing, type Update } from '../../shared/live.ts';
import '../../shared/plot.ts';
import { progress } from '../../shared/progress.ts';
import { facts, table } from '../../shared/results.ts';
import { Client, isAbort } from '../../shared/worker.ts';
import { BUILT_IN, type BuiltIn, type Source } from './source.ts';
import type { CompressCalls, Compressed, Described, Options } from './work.ts';

interface State extends Options {
  readonly source: Source;
  /** The arrays in the source; null while it is being read. */
  readonly tensors: readonly Described[] | null;
  readonly tensor: string;
  readonly blockName: string;
  readonly working: { readonly fraction: number; readonly text: string } | null;
  readonly result: { readonly compressed: Compressed; readonly title: string } | null;
  readonly error: unknown;
  readonly notice: string;
}

const client = new Client<CompressCalls>(
  () => new Worker(new URL('./work.ts', import.meta.url), { type: 'module' }),
);
let cancelling = new AbortController();

const MAX_ROW = 2 ** 20;
const BLOCKS = ['32', '64', '128', '256', '1024'];

const named = (source: Source) => (typeof source === 'string' ? BUILT_IN[source] : source.name);
const chosen = ({ tensors, tensor }: State) => tensors?.find(({ name }) => name === tensor);

/** The number of values that share a scale, as chosen by the visitor. */
function blockOf(name: string, tensor: Described): number | null {
  if (name === 'all') return null;
  if (name === 'row') return tensor.shape.at(-1) ?? tensor.length;
  return Number(name);
}

function blockOptions(tensor: Described | undefined): (readonly [string, string])[] {
  const options: (readonly [string, string])[] = BLOCKS.map((n) => [n, `${n} values`]);
  const row = tensor?.shape.at(-1) ?? 0;
  if (tensor && tensor.shape.length > 1 && row > 0 && row <= MAX_ROW) {
    options.push(['row', `a row of ${count(row)}`]);
  }
  return [...options, ['all', 'all of them']];
}

/** The largest array of floats, if there is one. */
function largest(tensors: readonly Described[]): string {
  const floats = tensors.filter(({ dtype }) => /^B?F/.test(dtype));
  const candidates = floats.length > 0 ? floats : tensors;
  return candidates.reduce((best, one) => (one.length > best.length ? one : best)).name;
}

async function take(source: Source, set: Update<State>): Promise<void> {
  set({ source, tensors: null, result: null, error: null, notice: '' });
  try {
    const tensors = await client.call('describe', { source });
    if (tensors.length === 0) throw new RangeError('this file holds no array of numbers');
    set({ tensors, tensor: largest(tensors), blockName: '32' });
  } catch (error) {
    set({ error });
  }
}

async function compress(state: State, set: Update<State>): Promise<void> {
  const tensor = chosen(state);
  if (!tensor) return;
  const { source, bits, scheme, scaleType, blockName } = state;
  const options = { bits, scheme, scaleType, block: blockOf(blockName, tensor) };
  cancelling = new AbortController();
  set({ working: { fraction: 0, text: 'Opening' }, error: null, result: null, notice: '' });
  try {
    const compressed = await client.call(
      'compress',
      { source, tensor: tensor.name, options },
      {
        signal: cancelling.signal,
        progress: (fraction, text) => set({ working: { fraction, text } }),
      },
    );
    const each = options.block === null ? 'one scale' : `blocks of ${count(options.block)}`;
    set({
      working: null,
      result: { compressed, title: `${tensor.name}: ${bits} bits, ${scheme}, ${each}` },
    });
  } catch (error) {
    set({ working: null, ...(isAbort(error) ? { notice: 'Cancelled.' } : { error }) });
  }
}

function histogram({ before, after, min, max }: Compressed) {
  const width = (max - min) / before.length || 1;
  const x = Array.from(before, (_, i) => min + i * width);
  // A step plot ends with its last step.
  const steps = (bins: Float64Array) => [...bins, bins.at(-1) ?? 0];
  return html`<few-plot .spec=${{
    description: `How often numbers occur from ${general(min, 4)} to ${general(max, 4)}, in ${before.length} equal parts, before and after. Few levels show as separate spikes.`,
    x: [...x, max],
    xLabel: 'value',
    yLabel: 'numbers',
    height: 260,
    series: [
      {
        label: 'after',
        y: steps(after),
        kind: 'steps' as const,
        color: 'returned',
        width: 1,
        fill: 0.35,
      },
      { label: 'before', y: steps(before), kind: 'steps' as const, color: 'original', width: 2 },
    ],
  }}></few-plot>`;
}

function outcome({ compressed, title }: NonNullable<State['result']>, name: string) {
  const { length, byteLength, file, first } = compressed;
  return html`
    <h3>${title}</h3>
    ${facts([
      ['as float32', byteSize(4 * length), 'original'],
      ['stored', byteSize(byteLength), 'stored'],
      ['smaller', ratio((4 * length) / byteLength), 'stored'],
      ['bits a value', general((8 * byteLength) / length, 4), 'stored'],
    ])}
    ${facts([
      ['signal over noise', `${compressed.sqnrDb.toFixed(2)} dB`, 'returned'],
      ['mean squared error', general(compressed.mse), 'returned'],
      ['mean absolute error', general(compressed.mae), 'returned'],
      ['largest error', general(compressed.maxAbs), 'returned'],
    ])}
    <p><button type="button" class="button main"
      @click=${() => download(`${name}.fewbits.safetensors`, file)}>Download, ${byteSize(file.size)}</button></p>
    <h3>Before and after</h3>
    ${histogram(compressed)}
    ${table({
      caption: `The first ${first.x.length} of ${count(length)} values`,
      columns: [
        { head: 'x', cells: Array.from(first.x, shortest), tone: 'original' },
        { head: 'code', cells: Array.from(first.codes), tone: 'stored' },
        { head: 'x′', cells: Array.from(first.y, shortest), tone: 'returned' },
        { head: 'x′ − x', cells: Array.from(first.y, (v, i) => general(v - first.x[i], 3)) },
      ],
    })}
    ${facts([
      ['time', milliseconds(compressed.milliseconds)],
      ['WebAssembly memory', byteSize(compressed.memoryBytes)],
      ['scales', count(compressed.blocks)],
    ])}`;
}

const started: State = {
  source: 'weights',
  tensors: null,
  tensor: '',
  bits: 4,
  scheme: 'symmetric',
  block: null,
  blockName: '32',
  scaleType: 'f16',
  working: null,
  result: null,
  error: null,
  notice: '',
};

/** The choice of the array, and its properties. */
function arrayView(state: State, busy: boolean, set: Update<State>) {
  const tensor = chosen(state);
  return html`
    ${fileDrop({
      label: 'Drop a .npy, .safetensors or raw float32 file here, or choose one',
      accept: '.npy,.safetensors,.f32,.raw,.bin',
      disabled: busy,
      take: (file) => take(file, set),
    })}
    <div class="controls spaced">
      ${select<BuiltIn | 'file'>({
        label: 'Or take one that is made here',
        options: [
          ...(typeof state.source === 'string'
            ? []
            : [['file', `your file: ${state.source.name}`] as const]),
          ...(Object.entries(BUILT_IN) as [BuiltIn, string][]),
        ],
        value: typeof state.source === 'string' ? state.source : 'file',
        set: (source) => source !== 'file' && take(source, set),
      })}
      ${
        state.tensors && state.tensors.length > 1
          ? select({
              label: `One of ${state.tensors.length} tensors`,
              options: state.tensors.map(
                ({ name, dtype, shape }) =>
                  [name, `${name}, ${dtype} [${shape.join(', ')}]`] as const,
              ),
              value: state.tensor,
              set: (tensor) => set({ tensor, blockName: '32', result: null }),
            })
          : nothing
      }
    </div>
    ${
      tensor
        ? facts([
            ['array', named(state.source), 'original'],
            ['type', tensor.dtype],
            ['shape', `[${tensor.shape.join(', ')}]`],
            ['values', count(tensor.length)],
          ])
        : nothing
    }`;
}

/** The options of quantization, and the button that starts it. */
function optionsView(state: State, busy: boolean, set: Update<State>) {
  const tensor = chosen(state);
  return html`<div class="controls">
      ${slider({ label: 'Bits', min: 2, max: 8, value: state.bits, set: (bits) => set({ bits }) })}
      ${choice({
        label: 'Scheme',
        options: ['symmetric', 'asymmetric', 'affine'] as const,
        value: state.scheme,
        set: (scheme) => set({ scheme }),
      })}
      ${select({
        label: 'Values that share a scale',
        options: blockOptions(tensor),
        value: state.blockName,
        set: (blockName) => set({ blockName }),
      })}
      ${choice({
        label: 'Scales stored as',
        options: [['f16', 'float16'] as const, ['f32', 'float32'] as const],
        value: state.scaleType,
        set: (scaleType) => set({ scaleType }),
      })}
      <button type="button" class="button main" ?disabled=${!tensor || busy}
        @click=${() => compress(state, set)}>Quantize</button>
    </div>`;
}

let begun = false;

live<State>('compress', started, (_, state, set) => {
  if (!begun) {
    begun = true;
    take(state.source, set);
  }
  const busy = state.working !== null;
  const name = state.tensor.replaceAll(/[^\w.-]+/g, '_') || 'array';
  return html`
    ${arrayView(state, busy, set)}
    ${optionsView(state, busy, set)}
    ${state.working ? progress({ ...state.working, cancel: () => cancelling.abort() }) : nothing}
    <p class="sr-only" role="status">${state.result ? `Done: ${state.result.title}` : state.notice}</p>
    ${state.notice ? html`<p aria-hidden="true">${state.notice}</p>` : nothing}
    ${state.error ? message(state.error) : nothing}
    ${state.result ? outcome(state.result, name) : nothing}`;
});

live('keys', {}, () =>
  table({
    caption: 'Tensors of the file',
    named: true,
    words: true,
    columns: [
      { head: 'key', cells: ['codes', 'scales', 'zero_points', 'minima'] },
      { head: 'type', cells: ['U8', 'F32 or F16', 'I32', 'F32 or F16'] },
      {
        head: 'what',
        cells: [
          'packed codes, ceil(length × bits / 8) bytes',
          'one a block',
          'one a block, asymmetric only',
          'one a block, affine only',
        ],
      },
    ],
  }),
);
