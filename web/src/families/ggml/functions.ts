// The C++ functions of the ggml family, bound in cpp/bindings/ggml.cpp. Numbers are addresses, counts or the
// number of a type in GGUF.

import type { Outcome } from '../../core/core.js';

export interface GgmlFunctions {
  ggml_quantize(
    type: number,
    x: number,
    rows: number,
    rowLength: number,
    importance: number,
    out: number,
    lost: number,
  ): Outcome;
  ggml_check(type: number, x: number, bytes: number, length: number, lost: number): Outcome;
  ggml_validate(type: number, bytes: number, length: number): Outcome;
  ggml_dequantize(type: number, bytes: number, length: number, out: number): Outcome;
}
