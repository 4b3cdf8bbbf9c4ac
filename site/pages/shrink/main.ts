// The page on shrinking a model: a file in, its plan and its errors, a GGUF file out.

import { mixtures } from 'fewbits/models';
import { guard } from 'lit-html/directives/guard.js';
import { choice, select } from '../../shared/controls.ts';
import { download, fileDrop } from '../../shared/files.ts';
import { byteSize, count, general, milliseconds, ratio } from '../../shared/format.ts';
import { type Fewbits, html, live, message, nothing, type Update } from '../../shared/live.ts';
import { progress } from '../../shared/progress.ts';
import { facts } from '../../shared/results.ts';
import {
  follow,
  measureModel,
  plan,
  shrink,
  stopMeasuring,
  stopWorking,
  surveyAll,
  take,
  weigh,
} from './actions.ts';
import { measurements, sum, unknown } from './costs.ts';
import { type Made, type State, started } from './state.ts';
import { tensorsView, typesView } from './tables.ts';
import { tensorView } from './tensor.ts';

function outcome(result: Made, { model }: State) {
  const { file, name } = result;
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
      @click=${() => download(name, file)}>Download, ${byteSize(file.size)}</button></p>`;
}

function importanceView(state: State, busy: boolean, set: Update<State>) {
  const { importance, plans, model } = state;
  if (!importance) return nothing;
  const converted = plans?.chosen.tensors.filter(({ name, type }) => {
    return model?.tensors.some((one) => one.name === name && one.typeName !== type);
  });
  return html`${facts([
    ['importance matrix', importance.name],
    ['tensors in it', count(importance.entries)],
    ['chunks', importance.chunks > 0 ? count(importance.chunks) : '–'],
    ['made from', importance.datasets.join(', ') || '–'],
    [
      'used for',
      plans && converted ? `${plans.chosen.weighted} of ${converted.length} tensors` : '–',
    ],
  ])}
  ${
    plans?.chosen.weighted === 0
      ? html`<p class="message">It names none of this model’s tensors: matrices are made for GGUF files, by the names in them.</p>`
      : nothing
  }
  <p><button type="button" class="button" ?disabled=${busy}
    @click=${() => weigh(null, set)}>Go without it</button></p>`;
}

/** The choice of the model, and its properties. */
function modelView(state: State, busy: boolean, set: Update<State>) {
  const { model, source } = state;
  return html`
    ${fileDrop({
      label: 'Drop a .safetensors or .gguf file here, or choose one',
      accept: '.safetensors,.gguf',
      disabled: busy,
      take: (file) => take(file, set),
    })}
    <p><button type="button" class="button" ?disabled=${busy || source === 'example'}
      @click=${() => take('example', set)}>Take a small model that is made here</button></p>
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
    ${fileDrop({
      label:
        'Drop an importance matrix of llama.cpp here if you have one (.gguf, .dat), or choose it',
      accept: '.gguf,.dat,.imatrix',
      disabled: busy || !model,
      take: (file) => weigh(file, set),
    })}
    ${importanceView(state, busy, set)}`;
}

/** The measurements, their progress, and the model in each type. */
function surveyView(state: State, busy: boolean, set: Update<State>) {
  const { model, plans, survey, surveying, exact, whole } = state;
  return html`
    ${surveying ? progress({ ...surveying, cancel: stopMeasuring }) : nothing}
    ${
      model && !survey && !surveying
        ? html`<p><button type="button" class="button" @click=${() => surveyAll(set)}>Measure the errors</button></p>`
        : nothing
    }
    ${survey?.problems.map((problem) => html`<p class="message">${problem}</p>`)}
    ${guard([plans, survey, exact, whole], () => {
      const all = measurements(state);
      return model && plans ? typesView(model, plans, all) : nothing;
    })}
    ${
      model && plans && survey && unknown(plans.chosen, model, exact).length > 0
        ? html`<p><button type="button" class="button" ?disabled=${surveying !== null || busy || state.planError !== null}
            @click=${() => measureModel(state, set)}>Measure all of the model in ${state.type}</button></p>`
        : nothing
    }`;
}

/** Type and rules, and the button that writes the file. */
function optionsView(fb: Fewbits, state: State, busy: boolean, set: Update<State>) {
  const { model, plans } = state;
  const change = (chosen: Partial<State>) => {
    set({ ...chosen, result: null });
    // A model that is still being read is planned later, with the choices by then.
    if (model) plan({ ...state, ...chosen }, set);
  };
  const quantized = model?.tensors.some(({ typeName }) => /Q\d|FP4/.test(typeName));
  return html`<div class="controls spaced">
      ${select({
        label: 'Type',
        options: [
          ...Object.values(fb.ggml.types).map(
            ({ name, bitsPerWeight }) =>
              [name as string, `${name}, ${general(bitsPerWeight, 4)} bits`] as const,
          ),
          ...mixtures.map((name) => [name, `${name}, a mixture`] as const),
        ],
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
      <button type="button" class="button main" ?disabled=${!plans || busy || state.planError !== null}
        @click=${() => shrink(state, set)}>Make the GGUF</button>
      ${plans ? html`<span class="field"><span class="name">It will have</span><span class="row"><output>${byteSize(plans.chosen.byteLength)}</output></span></span>` : nothing}
    </div>`;
}

/** The progress and the result of writing the file. */
function resultView(state: State) {
  return html`
    ${state.planError ? message(state.planError) : nothing}
    ${state.working ? progress({ ...state.working, cancel: stopWorking }) : nothing}
    <p class="sr-only" role="status">${state.result ? 'Done: the GGUF file can be downloaded' : state.notice}</p>
    ${state.notice ? html`<p aria-hidden="true">${state.notice}</p>` : nothing}
    ${state.error ? message(state.error) : nothing}
    ${state.result ? outcome(state.result, state) : nothing}`;
}

/** All tensors, and the selected one. */
function tensorsPart(fb: Fewbits, state: State, set: Update<State>) {
  const { model, plans, survey, surveying, exact, whole } = state;
  return html`
    ${guard([plans, survey, exact, whole], () => {
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
          ${guard([survey, exact, whole, state.tensor, state.block, state.sub, surveying === null], () => tensorView(fb, state, set))}`
        : nothing
    }`;
}

let begun = false;

live<State>('shrink', started, (fb, state, set) => {
  follow(state);
  if (!begun) {
    begun = true;
    take(state.source, set);
  }
  const busy = state.working !== null || state.weighing;
  return html`
    ${modelView(state, busy, set)}
    ${surveyView(state, busy, set)}
    ${optionsView(fb, state, busy, set)}
    ${resultView(state)}
    ${tensorsPart(fb, state, set)}`;
});
