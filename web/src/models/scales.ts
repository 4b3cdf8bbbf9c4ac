// The scales of 8-bit float checkpoints: which tensor scales which, and over how many rows and columns.

import { FewbitsError } from '../core/errors.js';
import { quote } from '../io/checks.js';
import type { Model, ModelTensor } from './model.js';

/** A tensor of scales, each for `rows` x `columns` values of a matrix. */
export interface Scale {
  readonly tensor: ModelTensor;
  readonly rows: number;
  readonly columns: number;
  /** Rows of values per matrix, rows of scales per matrix, and scales per row. */
  readonly rowsOfMatrix: number;
  readonly down: number;
  readonly across: number;
  /** Whether all matrices of values share one matrix of scales. */
  readonly shared: boolean;
}

export const isFloat8 = ({ typeName }: ModelTensor): boolean =>
  typeName === 'F8_E4M3' || typeName === 'F8_E5M2';

/** The names of the scales of `x.weight`: in DeepSeek, in compressed-tensors, and in ComfyUI's files. */
const scaleNames: readonly ((name: string) => string)[] = [
  (name) => `${name}_scale_inv`,
  (name) => `${name}_scale`,
  (name) => name.replace(/weight$/, 'scale_weight'),
];

/** Scales of activations, which are not needed for weights of another type. */
const OF_ACTIVATIONS = /\.(?:input_scale|output_scale|scale_input)$/;

/** The scales of a model's 8-bit floats, and the tensors that are not needed after conversion. */
export function findScales({ tensors }: Model): {
  scales: ReadonlyMap<ModelTensor, Scale>;
  superfluous: ReadonlySet<ModelTensor>;
} {
  const scales = new Map<ModelTensor, Scale>();
  const superfluous = new Set<ModelTensor>();
  if (!tensors.some(isFloat8)) return { scales, superfluous };
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  for (const tensor of tensors) {
    if (OF_ACTIVATIONS.test(tensor.name) || tensor.name === 'scaled_fp8') superfluous.add(tensor);
    if (!isFloat8(tensor)) continue;
    for (const scaleName of scaleNames) {
      const found = byName.get(scaleName(tensor.name));
      if (found === undefined || found === tensor) continue;
      scales.set(tensor, scaleOf(tensor, found));
      superfluous.add(found);
      break;
    }
  }
  return { scales, superfluous };
}

function scaleOf(tensor: ModelTensor, scale: ModelTensor): Scale {
  const { shape } = tensor;
  const sizes = [...scale.shape];
  // A list of scales has one per outermost index; a single scale applies to all.
  while (sizes.length < shape.length) sizes.push(1);
  const matrices = product(shape.slice(0, -2));
  const own = product(sizes.slice(0, -2));
  const rowsOfMatrix = shape.at(-2) ?? 1;
  const [down, across] = [sizes.at(-2) ?? 1, sizes.at(-1) ?? 1];
  const rows = blockOf(rowsOfMatrix, down);
  const columns = blockOf(shape.at(-1) ?? 1, across);
  const fits = sizes.length === shape.length && (own === 1 || own === matrices);
  const known = ['F32', 'F16', 'BF16', 'F64'].includes(scale.typeName);
  if (!fits || !known || rows === undefined || columns === undefined) {
    throw new FewbitsError(
      'UNSUPPORTED',
      `tensor ${quote(scale.name)} of ${scale.typeName} with shape [${scale.shape}] does not scale ` +
        `${quote(tensor.name)} with shape [${shape}] in a way that is known here`,
    );
  }
  const shared = own === 1;
  return { tensor: scale, rows, columns, rowsOfMatrix, down, across, shared };
}

const product = (sizes: readonly number[]) => sizes.reduce((count, size) => count * size, 1);

/** The size of `count` blocks that cover `size`: usually 128, where the last may be smaller. */
function blockOf(size: number, count: number): number | undefined {
  if (count === 1) return Math.max(1, size);
  if (count === size) return 1;
  if (Math.ceil(size / 128) === count) return 128;
  return count > 0 && size % count === 0 ? size / count : undefined;
}

/** The scales of `rows` rows from `firstRow` on, row after row. */
export function scalesOfRows(scale: Scale, all: Float32Array, firstRow: number, rows: number) {
  const { across, down, rowsOfMatrix, shared } = scale;
  const found = new Float32Array(rows * across);
  for (let i = 0; i < rows; i++) {
    const row = firstRow + i;
    const matrix = shared ? 0 : Math.floor(row / rowsOfMatrix);
    const at = (matrix * down + Math.floor((row % rowsOfMatrix) / scale.rows)) * across;
    found.set(all.subarray(at, at + across), i * across);
  }
  return found;
}
