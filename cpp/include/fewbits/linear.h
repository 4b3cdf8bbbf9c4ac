// Integer matrix products, and the conversion of their sums to floats.

#pragma once

#include <cstddef>
#include <cstdint>

#include "fewbits/result.h"

/// Integer matrix products and the quantized linear layer y = x W^T + b (Jacob et al., 2018).
///
/// Matrices are row-major. Both factors have the inner dimension `k` along their rows: `a` is
/// m x k, `b` is n x k (weights: one row per output), so that out[i * n + j] = sum over l of
/// a[i][l] * b[j][l]. Sums are exact: int32 holds them for k up to 65536
/// (255 * 128 * 65536 < 2^31).
namespace fewbits::linear {

inline constexpr std::size_t kMaxInner = 65536;

/// The type of the bytes of `a`.
enum class Activation : int { int8 = 0, uint8 = 1 };

/// The storage of `b`: one weight per byte, or two int4 per byte (low nibble first) with rows that
/// begin on a whole byte.
enum class Weight : int { int8 = 0, int4 = 1 };

/// Bytes of workspace that matmul needs.
std::size_t matmul_workspace(std::size_t m, std::size_t n, std::size_t k);

/// Computes the m x n int32 accumulators. Status::invalid_argument for k > 65536.
Result matmul(const void* a, Activation activation, std::size_t m, const void* b, Weight weight,
              std::size_t n, std::size_t k, std::int32_t* out, void* workspace);

/// Sums each row of weights, which asymmetric activations need.
void row_sums(const void* b, Weight weight, std::size_t n, std::size_t k, std::int32_t* sums);

/// Scales and zero points of both factors, one per row.
struct Scales {
  const float* a;                    ///< m
  const std::int32_t* a_zero_point;  ///< m
  const float* b;                    ///< n
  const std::int32_t* b_sums;        ///< n, from row_sums
};

/// Converts accumulators to floats: (acc - zero_point * sum + round(bias / scale)) * scale with
/// scale = a_scale * b_scale. The bias is added as an integer, as an integer device would; it
/// saturates at int32. `bias` may be null.
void dequantize(const std::int32_t* accumulators, std::size_t m, std::size_t n,
                const Scales& scales, const float* bias, float* out);

/// The same product in float, for comparison: tiled like the integer one. `out` is m x n.
void matmul_f32(const float* a, std::size_t m, const float* b, std::size_t n, std::size_t k,
                float* out);

}  // namespace fewbits::linear
