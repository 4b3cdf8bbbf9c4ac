// The exports of `fewbits/io`: readers and writers of files, which need no WebAssembly.

export { FewbitsError, type FewbitsErrorCode } from '../core/errors.js';
export { type GgmlType, type GgmlTypeName, ggmlTypeById, ggmlTypes } from '../core/ggml-types.js';
export { type ElementArray, type ElementType, elementSizes, toFloat32 } from './elements.js';
export type {
  GgufArray,
  GgufEntry,
  GgufHeader,
  GgufTensorInfo,
  GgufValue,
  GgufValueType,
} from './gguf/format.js';
export { type GgufData, type GgufFile, openGguf, readGguf } from './gguf/read.js';
export {
  type GgufEntryInput,
  type GgufOptions,
  type GgufPlan,
  type GgufTensorInput,
  planGguf,
  streamGguf,
  writeGguf,
} from './gguf/write.js';
export { decodeBF16, decodeF16, encodeBF16, encodeF16 } from './half.js';
export { type Imatrix, openImatrix, readImatrix } from './imatrix.js';
export type { NpyArray, NpyHeader, NpyType } from './npy/format.js';
export { type NpzFile, openNpz, readNpz } from './npy/npz.js';
export {
  type NpyFile,
  type NpyOpenOptions,
  type NpyOptions,
  openNpy,
  readNpy,
} from './npy/read.js';
export { type NpyHeaderOptions, type NpyInput, npyHeader, writeNpy } from './npy/write.js';
export type { Chunks, TensorData } from './pieces.js';
export { openRawF32, type RawF32File, readRawF32, writeRawF32 } from './raw.js';
export type { SafetensorsHeader, SafetensorsInfo, SafetensorsType } from './safetensors/format.js';
export {
  openSafetensors,
  readSafetensors,
  type SafetensorsData,
  type SafetensorsFile,
} from './safetensors/read.js';
export {
  planSafetensors,
  type SafetensorsInput,
  type SafetensorsPlan,
  type SafetensorsPlanned,
  streamSafetensors,
  writeSafetensors,
} from './safetensors/write.js';
export type { ByteSource, Bytes, OpenOptions, RangedReader } from './source.js';
export {
  type ShapedUniform,
  uniformFromSafetensors,
  uniformNames,
  uniformToSafetensors,
} from './uniform-file.js';
