// The exports of `fewbits/models` on every platform.

export {
  type Conversion,
  type Converted,
  type Converter,
  createConverter,
  type SourceType,
} from './convert.js';
export { type TensorError, tensorErrors } from './errors.js';
export { imatrixMetadata } from './importance.js';
export { type Model, type ModelTensor, openModel } from './model.js';
export type { ModelPlanOptions, TensorRule } from './options.js';
export { type ModelPlan, type PlannedTensor, planModel, planModelAsync } from './plan.js';
export type { ConverterPool } from './pool.js';
export { type ModelProgress, type QuantizeModelOptions, quantizeModel } from './quantize.js';
export type { Scale } from './scales.js';
export { type MixtureName, mixtures, targetTypes } from './targets.js';
