// Detection of checkpoints that other tools quantized, by their tensor names: their codes are not weights.

import { FewbitsError } from '../core/errors.js';
import { quote } from '../io/checks.js';
import type { Model, ModelTensor } from './model.js';

/** The signs of a format: a tensor name with this ending, and tensors that must accompany it. */
interface Format {
  readonly name: string;
  readonly ending: string;
  /** Endings that replace `ending`; tensors with all of these names must exist. */
  readonly beside?: readonly string[];
  readonly types?: readonly string[];
  readonly fits?: (
    tensor: ModelTensor,
    beside: (ending: string) => ModelTensor | undefined,
  ) => boolean;
}

const INTEGERS = ['I8', 'U8', 'I16', 'I32', 'U32'];

/** AWQ packs columns, so it has as many rows of codes as of weights. GPTQ packs rows. */
const packsColumns: Format['fits'] = (tensor, beside) =>
  tensor.shape.at(-1) === beside('.qzeros')?.shape.at(-1);

/** Formats, the most specific first. */
const formats: readonly Format[] = [
  { name: 'AWQ', ending: '.qweight', beside: ['.qzeros', '.scales'], fits: packsColumns },
  { name: 'GPTQ', ending: '.qweight', beside: ['.qzeros', '.scales'] },
  { name: 'GPTQ or AWQ', ending: '.qweight', beside: ['.scales'], types: INTEGERS },
  { name: 'EXL2', ending: '.q_weight', beside: ['.q_scale'] },
  { name: 'EXL3', ending: '.trellis', types: ['I16', 'U16'] },
  { name: 'compressed-tensors (packed)', ending: '.weight_packed', beside: ['.weight_scale'] },
  { name: 'compressed-tensors (packed)', ending: '.weight_packed', types: INTEGERS },
  { name: 'torchao', ending: '_weight_qdata' },
  { name: 'torchao', ending: '.weight_qdata' },
  { name: 'bitsandbytes (4 bits)', ending: '.weight.absmax' },
  { name: 'bitsandbytes (8 bits)', ending: '.SCB' },
  { name: 'ModelOpt (NVFP4)', ending: '.weight_scale_2', beside: ['.weight', '.weight_scale'] },
  {
    name: 'compressed-tensors or torchao (int8)',
    ending: '.weight',
    beside: ['.weight_scale'],
    types: INTEGERS,
  },
  { name: 'MLX', ending: '.weight', beside: ['.scales'], types: ['U32'] },
  { name: 'HQQ', ending: '.W_q' },
  { name: 'Quanto', ending: '._data', beside: ['._scale'], types: INTEGERS },
  { name: 'AQLM', ending: '.codes', beside: ['.codebooks'] },
  { name: 'QuIP#', ending: '.Qidxs' },
  { name: 'Marlin', ending: '.B', beside: ['.s'], types: ['I32'] },
  { name: 'MXFP4 of gpt-oss', ending: '_blocks', beside: ['_scales'], types: ['U8'] },
];

/**
 * Refuses a checkpoint whose weights are codes of another tool: copied or quantized again they would be
 * noise.
 *
 * @throws FewbitsError UNSUPPORTED with the name of the format and the first tensor that shows it
 */
export function refuseQuantized({ format, tensors }: Model): void {
  if (format !== 'safetensors') return;
  // Built on demand: in most models no name requires a lookup of its neighbours.
  let byName: Map<string, ModelTensor> | undefined;
  const find = (name: string) => {
    byName ??= new Map(tensors.map((tensor) => [tensor.name, tensor]));
    return byName.get(name);
  };
  for (const tensor of tensors) {
    const name = formatOf(tensor, find);
    if (name === undefined) continue;
    throw new FewbitsError(
      'UNSUPPORTED',
      `the model is quantized already, as ${name} (${quote(tensor.name)}), which is not read: ` +
        'give the model that it was made of, in F32, F16, BF16 or F8',
    );
  }
}

function formatOf(
  tensor: ModelTensor,
  find: (name: string) => ModelTensor | undefined,
): string | undefined {
  if (tensor.name.includes('.quant_state.bitsandbytes__')) return 'bitsandbytes (4 bits)';
  for (const { name, ending, beside = [], types, fits } of formats) {
    if (!tensor.name.endsWith(ending)) continue;
    if (types !== undefined && !types.includes(tensor.typeName)) continue;
    const stem = tensor.name.slice(0, -ending.length);
    const other = (its: string) => find(stem + its);
    if (!beside.every((its) => other(its) !== undefined)) continue;
    if (fits === undefined || fits(tensor, other)) return name;
  }
  return undefined;
}
