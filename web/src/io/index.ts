export { FewbitsError, type FewbitsErrorCode } from '../core/errors.js';
export { type GgmlType, type GgmlTypeName, ggmlTypeById, ggmlTypes } from '../core/ggml-types.js';
export { type ElementArray, type ElementType, elementSizes, toFloat32 } from './elements.js';
export {
  type GgufData,
  type GgufEntry,
  type GgufEntryInput,
  type GgufFile,
  type GgufHeader,
  type GgufOptions,
  type GgufPlan,
  type GgufTensorInfo,
  type GgufTensorInput,
  openGguf,
  planGguf,
  readGguf,
  streamGguf,
  writeGguf,
} from './gguf.js';
export type { GgufArray, GgufValue, GgufValueType } from './gguf-values.js';
export { decodeBF16, decodeF16, encodeBF16, encodeF16 } from './half.js';
export { type Imatrix, openImatrix, readImatrix } from './imatrix.js';
export {
  type NpyArray,
  type NpyFile,
  type NpyHeader,
  type NpyHeaderOptions,
  type NpyInput,
  type NpyType,
  npyHeader,
  openNpy,
  readNpy,
  writeNpy,
} from './npy.js';
export type { Chunks, TensorData } from './pieces.js';
export { openRawF32, type RawF32File, readRawF32, writeRawF32 } from './raw.js';
export {
  openSafetensors,
  planSafetensors,
  readSafetensors,
  type SafetensorsData,
  type SafetensorsFile,
  type SafetensorsHeader,
  type SafetensorsInfo,
  type SafetensorsInput,
  type SafetensorsPlan,
  type SafetensorsPlanned,
  type SafetensorsType,
  streamSafetensors,
  writeSafetensors,
} from './safetensors.js';
export type { ByteSource, Bytes, RangedReader } from './source.js';
export {
  type ShapedUniform,
  uniformFromSafetensors,
  uniformNames,
  uniformToSafetensors,
} from './uniform-file.js';
