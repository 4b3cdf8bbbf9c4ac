import type { ModelPlanOptions, TensorRule } from 'fewbits/models';
import { guard } from 'lit-html/directives/guard.js';
import { choice, select } from '../../shared/controls.ts';
import { download, fileDrop } from '../../shared/files.ts';
import { byteSize, count, general, milliseconds, ratio } from '../../shared/format.ts';
import { type Fewbits, html, live, message, nothing, type Update } from '../../shared/live.ts';
import { progress } from '../../shared/progress.ts';
import { facts, table } from '../../shared/results.ts';
import { Client, isAbort } from '../../shared/worker.ts';
import type { Measured } from './measure.ts';
import { bitsView, blockView } from './weights.ts';
import type { Opened, Plan, Plans, ShrinkCalls, Shrunk, Source, Survey } from './work.ts';

interface Running {
  readonly fraction: number;
  readonly text: string;
}

interface State {
  readonly source: Source;
  /** Null while it is read. */
  readonly model: Opened | null;
  readonly survey: Survey | null;
  readonly exact: ReadonlyMap<string, Measured>;
  readonly surveying: Running | null;
  readonly type: string;
  readonly rules: string;
  readonly again: 'keep' | 'convert';
  readonly plans: Plans | null;
  /** The tensor that is looked at. */
  readonly tensor: string;
  readonly block: number;
  readonly sub: number;
  readonly working: Running | null;
  readonly result: Shrunk | null;
  readonly error: unknown;
  /** What is wrong with the rules. */
  readonly planError: unknown;
  readonly notice: string;
}

const client = new Client<ShrinkCalls>(
  () => new Worker(new URL('./work.ts', import.meta.url), { type: 'module' }),
);
let measuring = new AbortController();
let cancelling = new AbortController();
/** Only the answer to the newest question counts. */
let asked = 0;
let taken = 0;

function parseRules(text: string): TensorRule[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [, name, type] = /^\s*(\S+)\s*=\s*(\S+)\s*$/.exec(line) ?? [];
    if (!name) throw new SyntaxError(`“${line}” is not of the form pattern = type`);
    return { name, type: type as TensorRule['type'] };
  });
}

const optionsOf = ({ type, rules, again }: State): ModelPlanOptions => ({
  type: type as ModelPlanOptions['type'],
  rules: parseRules(rules),
  requantize: again === 'convert',
});

async function plan(state: State, set: Update<State>): Promise<void> {
  const question = ++asked;
  try {
    const plans = await client.call('plan', { options: optionsOf(state) });
    if (question === asked) set({ plans, planError: null });
  } catch (planError) {
    if (question === asked) set({ plans: null, planError });
  }
}

/** The largest tensor that can be looked at. */
function largest({ tensors }: Opened): string {
  const readable = tensors.filter((tensor) => tensor.readable);
  if (readable.length === 0) return '';
  return readable.reduce((best, one) => (one.values > best.values ? one : best)).name;
}

/** Something that is measured, with progress; ends quietly when another file is taken. */
async function measured<T>(
  set: Update<State>,
  work: (options: {
    signal: AbortSignal;
    progress: (f: number, text: string) => void;
  }) => Promise<T>,
): Promise<T | null> {
  measuring.abort();
  const mine = new AbortController();
  measuring = mine;
  const current = () => measuring === mine;
  set({ surveying: { fraction: 0, text: 'Opening' } });
  try {
    const result = await work({
      signal: mine.signal,
      progress: (fraction, text) => current() && set({ surveying: { fraction, text } }),
    });
    if (!current()) return null;
    set({ surveying: null });
    return result;
  } catch (error) {
    if (current()) set({ surveying: null, ...(isAbort(error) ? {} : { error }) });
    return null;
  }
}

async function surveyAll(set: Update<State>): Promise<void> {
  const survey = await measured(set, (options) => client.call('survey', null, options));
  if (survey) set({ survey });
}

async function take(state: State, source: Source, set: Update<State>): Promise<void> {
  measuring.abort();
  const turn = ++taken;
  const empty = { survey: null, exact: new Map(), plans: null, result: null, error: null };
  set({ ...empty, source, model: null, tensor: '', notice: '', block: 0 });
  try {
    const model = await client.call('open', { source });
    if (turn !== taken) return;
    set({ model, tensor: largest(model) });
    plan(state, set);
    await surveyAll(set);
  } catch (error) {
    if (turn === taken) set({ error });
  }
}

async function measureAll(state: State, set: Update<State>): Promise<void> {
  const name = state.tensor;
  const result = await measured(set, (options) => client.call('exact', { name }, options));
  if (result) set({ exact: new Map([...state.exact, [name, result]]) });
}

async function shrink(state: State, set: Update<State>): Promise<void> {
  cancelling = new AbortController();
  set({
    working: { fraction: 0, text: 'Starting the workers' },
    result: null,
    error: null,
    notice: '',
  });
  try {
    const result = await client.call(
      'shrink',
      { options: optionsOf(state) },
      {
        signal: cancelling.signal,
        progress: (fraction, text) => set({ working: { fraction, text } }),
      },
    );
    set({ working: null, result });
  } catch (error) {
    set({ working: null, ...(isAbort(error) ? { notice: 'Cancelled.' } : { error }) });
  }
}

/** What was measured of each tensor, all of it where that was asked for. */
function measurements({ survey, exact }: State): Map<string, Measured> {
  const all = new Map((survey?.measured ?? []).map((one) => [one.tensor, one]));
  for (const [name, one] of exact) all.set(name, one);
  return all;
}

const relative = (meanSquare: number, signal: number) =>
  meanSquare === 0 ? 0 : 100 * Math.sqrt(meanSquare / signal);
const percentage = (x: number | undefined) => (x === undefined ? '–' : `${general(x, 3)} %`);

function errorOf(measured: Measured | undefined, type: string): number | undefined {
  const found = measured?.types.find((one) => one.type === type);
  return measured && found && relative(found.meanSquare, measured.signal);
}

/** The error of all weights together that are converted. */
function errorOfPlan({ tensors }: Plan, model: Opened, all: Map<string, Measured>) {
  const sources = new Map(model.tensors.map((tensor) => [tensor.name, tensor]));
  let squares = 0;
  let signal = 0;
  for (const { name, type } of tensors) {
    const source = sources.get(name);
    const measured = all.get(name);
    if (!source || !measured) continue;
    // Norms are few but large: they would make the errors of all others look small.
    if (type === source.typeName) continue;
    signal += source.values * measured.signal;
    const found = measured.types.find((one) => one.type === type);
    squares += source.values * (found?.meanSquare ?? 0);
  }
  if (all.size === 0) return undefined;
  return signal > 0 ? relative(squares, signal) : 0;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function typesView(fb: Fewbits, model: Opened, plans: Plans, all: Map<string, Measured>) {
  const shown = [...plans.byType].sort((a, b) => a.byteLength - b.byteLength);
  const types = fb.ggml.types as Record<string, { readonly bitsPerWeight: number }>;
  return table({
    caption:
      'The whole model in each type, with the rules below; the error of what is converted, measured on samples',
    named: true,
    columns: [
      { head: 'type', cells: shown.map(({ type }) => type) },
      {
        head: 'bits a weight',
        cells: shown.map(({ type }) => general(types[type].bitsPerWeight, 4)),
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

function tensorsView(fb: Fewbits, model: Opened, plans: Plans, all: Map<string, Measured>) {
  const planned = new Map(plans.chosen.tensors.map((one) => [one.name, one]));
  const { tensors } = model;
  const types = Object.values(fb.ggml.types);
  return table({
    caption: `${count(tensors.length)} tensors: what they are, what they become, and the error that each type would leave`,
    named: true,
    columns: [
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
        cells: tensors.map(({ name }) => {
          const to = planned.get(name);
          return to ? html`<span title=${to.reason}>${to.type}</span>` : 'dropped';
        }),
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
          const kept = to === typeName ? 0 : undefined;
          return percentage(kept ?? errorOf(all.get(name), to ?? ''));
        }),
        tone: 'returned',
      },
      ...types.map(({ name: type, bitsPerWeight }) => ({
        head: `${type}, ${general(bitsPerWeight, 4)} bits`,
        cells: tensors.map(({ name }) => percentage(errorOf(all.get(name), type))),
        tone: 'returned' as const,
        marked: (row: number) => planned.get(tensors[row].name)?.type === type,
      })),
    ],
  });
}

function tensorView(fb: Fewbits, state: State, set: Update<State>) {
  const { tensor, block, sub } = state;
  const described = state.model?.tensors.find(({ name }) => name === tensor);
  const one = measurements(state).get(tensor);
  if (!described || !one) return nothing;
  const types = fb.ggml.types;
  const values = described.values;
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
            @click=${() => measureAll(state, set)}>Measure all of it</button></p>`
    }
    ${table({
      caption: `${tensor} in each type`,
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
          head: 'error',
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
    })}
    ${one.bits && one.bits.values > 0 ? html`<h3>Its bits</h3>${bitsView(one.bits)}` : nothing}
    ${
      one.first.length > 0
        ? html`<h3>Its first blocks in Q4_K</h3>${blockView(fb, one.first, { block: Math.min(block, one.first.length / 256 - 1), sub }, set)}`
        : nothing
    }`;
}

function outcome(result: Shrunk, { source, model, type }: State) {
  const { file } = result;
  const name = (source === 'example' ? 'example' : source.name).replace(
    /\.(safetensors|gguf)$/i,
    '',
  );
  return html`
    <h3>Done</h3>
    ${facts([
      ['before', byteSize(model?.byteLength ?? 0), 'original'],
      ['GGUF', byteSize(file.size), 'stored'],
      ['smaller', ratio((model?.byteLength ?? 0) / file.size), 'stored'],
      ['time', milliseconds(result.milliseconds)],
      ['workers', result.workers],
      ['WebAssembly memory', byteSize(result.memoryBytes)],
    ])}
    <p><button type="button" class="button main"
      @click=${() => download(`${name}-${type}.gguf`, file)}>Download, ${byteSize(file.size)}</button></p>`;
}

const started: State = {
  source: 'example',
  model: null,
  survey: null,
  exact: new Map(),
  surveying: null,
  type: 'Q4_K',
  rules: '',
  again: 'keep',
  plans: null,
  tensor: '',
  block: 0,
  sub: 0,
  working: null,
  result: null,
  error: null,
  planError: null,
  notice: '',
};

let begun = false;

live<State>('shrink', started, (fb, state, set) => {
  if (!begun) {
    begun = true;
    take(state, state.source, set);
  }
  const { model, plans, survey, surveying, exact, source } = state;
  const busy = state.working !== null;
  const change = (chosen: Partial<State>) => {
    set({ ...chosen, result: null });
    plan({ ...state, ...chosen }, set);
  };
  const quantized = model?.tensors.some(({ typeName }) => /Q\d|FP4/.test(typeName));
  return html`
    ${fileDrop({
      label: 'Drop a .safetensors or .gguf file here, or choose one',
      accept: '.safetensors,.gguf',
      disabled: busy,
      take: (file) => take(state, file, set),
    })}
    <p><button type="button" class="button" ?disabled=${busy || source === 'example'}
      @click=${() => take(state, 'example', set)}>Take a small model that is made here</button></p>
    ${
      model
        ? facts([
            [
              'model',
              source === 'example' ? 'two layers of random weights' : source.name,
              'original',
            ],
            ['format', model.format],
            ['tensors', count(model.tensors.length)],
            ['values', count(sum(model.tensors.map(({ values }) => values)))],
            ['size', byteSize(model.byteLength), 'original'],
          ])
        : nothing
    }
    ${surveying ? progress({ ...surveying, cancel: () => measuring.abort() }) : nothing}
    ${
      model && !survey && !surveying
        ? html`<p><button type="button" class="button" @click=${() => surveyAll(set)}>Measure the errors</button></p>`
        : nothing
    }
    ${survey?.problems.map((problem) => html`<p class="message">${problem}</p>`)}
    ${guard([plans, survey, exact], () => {
      const all = measurements(state);
      return model && plans ? typesView(fb, model, plans, all) : nothing;
    })}
    <div class="controls spaced">
      ${select({
        label: 'Type',
        options: Object.values(fb.ggml.types).map(
          ({ name, bitsPerWeight }) =>
            [name, `${name}, ${general(bitsPerWeight, 4)} bits`] as const,
        ),
        value: state.type,
        set: (type) => change({ type }),
      })}
      ${
        quantized
          ? choice({
              label: 'What is quantized already',
              options: [['keep', 'keep'] as const, ['convert', 'convert again'] as const],
              value: state.again,
              set: (again) => change({ again }),
            })
          : nothing
      }
      <label class="field full">
        <span class="name">Rules, one a line: pattern = type, keep or drop</span>
        <textarea rows="3" spellcheck="false" autocomplete="off" placeholder="*embed* = Q8_0"
          aria-invalid=${state.planError ? 'true' : nothing}
          .value=${state.rules}
          @input=${(event: Event) => change({ rules: (event.target as HTMLTextAreaElement).value })}></textarea>
      </label>
      <button type="button" class="button main" ?disabled=${!plans || busy}
        @click=${() => shrink(state, set)}>Make the GGUF</button>
      ${plans ? html`<span class="field"><span class="name">It will have</span><span class="row"><output>${byteSize(plans.chosen.byteLength)}</output></span></span>` : nothing}
    </div>
    ${state.planError ? message(state.planError) : nothing}
    ${state.working ? progress({ ...state.working, cancel: () => cancelling.abort() }) : nothing}
    <p class="sr-only" role="status">${state.result ? 'Done: the GGUF file can be downloaded' : state.notice}</p>
    ${state.notice ? html`<p aria-hidden="true">${state.notice}</p>` : nothing}
    ${state.error ? message(state.error) : nothing}
    ${state.result ? outcome(state.result, state) : nothing}
    ${guard([plans, survey, exact], () => {
      const all = measurements(state);
      return model && plans ? html`<h3>Tensors</h3>${tensorsView(fb, model, plans, all)}` : nothing;
    })}
    ${
      model && survey
        ? html`<h3>One tensor</h3>
          <div class="controls">${select({
            label: 'Look at',
            options: survey.measured.map(({ tensor }) => [tensor, tensor] as const),
            value: state.tensor,
            set: (tensor) => set({ tensor, block: 0 }),
          })}</div>
          ${guard([survey, exact, state.tensor, state.block, state.sub, surveying === null], () => tensorView(fb, state, set))}`
        : nothing
    }`;
});
