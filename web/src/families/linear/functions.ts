// The C++ functions of the linear family, bound in cpp/bindings/linear.cpp. Numbers are addresses, counts, or
// the kinds of activations and weights.

import type { Outcome } from '../../core/core.js';

export interface LinearFunctions {
  linear_matmul_workspace(m: number, n: number, k: number): number;
  linear_matmul(
    a: number,
    activation: number,
    m: number,
    b: number,
    weight: number,
    n: number,
    k: number,
    out: number,
    workspace: number,
  ): Outcome;
  linear_row_sums(b: number, weight: number, n: number, k: number, sums: number): void;
  linear_dequantize(
    accumulators: number,
    m: number,
    n: number,
    a: number,
    aZeroPoint: number,
    b: number,
    bSums: number,
    bias: number,
    out: number,
  ): void;
  linear_matmul_f32(a: number, m: number, b: number, n: number, k: number, out: number): void;
}
