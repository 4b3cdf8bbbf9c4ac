#pragma once

// Every kernel of the family, once: X(return type, name, arguments). `scalar` reads like the
// formula and is the truth; `simd` gives the same bits. `kernels` is the one in use.

#include <cstddef>
#include <cstdint>

#include "vectors/codebook.h"

namespace fewbits::vectors {

/// Rows that lie together, byte by byte: what the scan takes at once.
inline constexpr std::size_t kBlockRows = 64;

/// Fixed point of a rotated, normalised vector while it is encoded: 2048 is one standard deviation.
inline constexpr float kFixedOne = 2048.0f;

/// Sums over a vector that choose its scale and make its score unbiased.
struct CodeSums {
  std::int64_t product = 0;  ///< sum of level * fixed
  std::int64_t square = 0;   ///< sum of level^2
  std::int64_t level = 0;    ///< sum of level
};

// hadamard    unnormalised Walsh-Hadamard transform in place; n a power of two
// multiply    x[i] *= y[i]
// sum_squares in four interleaved sums, (0 + 1) + (2 + 3)
// to_fixed    round(x[i] * scale), ties to even, saturated; |x * scale| < 2^22
// quantize    levels of fixed[i] * multiplier / 2^15 by `book`; returns their sums
// lut_scan    sums[r] = sum over byte columns p of lut[2p][low nibble] + lut[2p+1][high nibble] of
//             code[64p + r]; any `run` neighbouring lookups add up to 255 at most, run is 1, 2, 4,
//             8
// dot_scan    sums[r] = sum of rows[r * stride + i] * query[i], query in 0..127, stride a multiple
//             of 16; `level_sums` (or null) receives the sum of each row
// dot_scan4   the same for four queries; sums[q * rows + r]
// dot_levels  sum of x[i] * levels[i] in four interleaved sums
// above       bit r of the result: scores[r] > threshold, 64 scores
#define FEWBITS_VECTORS_KERNELS(X)                                                              \
  X(void, hadamard, (float* x, std::size_t n))                                                  \
  X(void, multiply, (float* x, const float* y, std::size_t n))                                  \
  X(float, sum_squares, (const float* x, std::size_t n))                                        \
  X(void, to_fixed, (const float* x, std::size_t n, float scale, std::int16_t* fixed))          \
  X(CodeSums, quantize,                                                                         \
    (const std::int16_t* fixed, std::size_t n, std::int16_t multiplier, const Codebook& book,   \
     std::int8_t* levels))                                                                      \
  X(void, lut_scan,                                                                             \
    (const std::uint8_t* codes, std::size_t bytes, const std::uint8_t* lut, int run,            \
     std::uint32_t* sums))                                                                      \
  X(void, dot_scan,                                                                             \
    (const std::int8_t* rows, std::size_t stride, std::size_t count, const std::uint8_t* query, \
     std::int32_t* sums, std::int32_t* level_sums))                                             \
  X(void, dot_scan4,                                                                            \
    (const std::int8_t* rows, std::size_t stride, std::size_t count, const std::uint8_t* query, \
     std::int32_t* sums, std::int32_t* level_sums))                                             \
  X(float, dot_levels, (const float* x, const std::int8_t* levels, std::size_t n))              \
  X(std::uint64_t, above, (const float* scores, float threshold))

#define FEWBITS_DECLARE(type, name, arguments) type name arguments;
namespace scalar {
FEWBITS_VECTORS_KERNELS(FEWBITS_DECLARE)
}
#if FEWBITS_SIMD
namespace simd {
FEWBITS_VECTORS_KERNELS(FEWBITS_DECLARE)
}
namespace kernels = simd;
#else
namespace kernels = scalar;
#endif
#undef FEWBITS_DECLARE

}  // namespace fewbits::vectors
