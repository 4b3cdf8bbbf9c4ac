// The list of the kernels of an index, and sizes shared by kernels and layout.

#pragma once

// Every kernel of the family, once: X(return type, name, arguments). `scalar` reads like the
// formula and is the reference; `simd` gives the same bits. `kernels` is the one in use.

#include <cstddef>
#include <cstdint>

#include "vectors/code/codebook.h"

namespace fewbits::vectors {

/// Rows that are stored together, byte by byte: the unit of the scan.
inline constexpr std::size_t kBlockRows = 64;

/// Rows that are written to a block together.
inline constexpr std::size_t kColumnRows = 16;

/// Byte columns whose eight look-ups per row are averaged in eight bits before they are summed.
inline constexpr std::size_t kGroupColumns = 4;

/// The fixed point of a rotated, normalised vector during encoding: 2048 is one standard deviation.
inline constexpr float kFixedOne = 2048.0f;

/// Sums over a vector that determine its scale and make its score unbiased.
struct CodeSums {
  std::int64_t product = 0;  ///< sum of level * fixed
  std::int64_t square = 0;   ///< sum of level^2
  std::int64_t level = 0;    ///< sum of level, at 8 bits only
};

// hadamard    unnormalised Walsh-Hadamard transform in place; n a power of two
// flip_hadamard  y = hadamard(x * factors); y may be x
// multiply    y[i] = x[i] * factors[i]; y may be x
// sum_squares in sixteen interleaved sums; those of i % 4 are added as (0 + 4) + (8 + 12), the
//             results as (0 + 1) + (2 + 3)
// to_fixed    round(x[i] * scale), ties to even, saturated to +-32767; |x * scale| < 2^22
// quantize    codes of fixed[i] * multiplier / 2^15 by `book`, magnitudes rounded
//             halves up; returns the sums of their levels
// align       the sums of quantize without its codes; the sum of levels is left out
// add_levels  levels[i] += of_code[codes[i]], codes in 0..15
// find        positions of the values equal to a or b, in order, the first `room` of them; returns
//             their total number
// to_columns  columns[kBlockRows * p + r] = rows[bytes * r + p] for kColumnRows rows
// from_columns the inverse
// lut_scan    sums[r] = sum over groups of kGroupColumns byte columns of the mean of the look-ups
//             for row r: lut[2p][low nibble] and lut[2p + 1][high nibble] of code[64p + r]. The
//             mean of neighbours is (a + b + 1) >> 1, and so is that of means; columns that are
//             missing in the last group count as 0
// dot_scan    sums[r] = sum of rows[r * stride + i] * query[i], query in 0..127, stride a multiple
//             of 16
// dot_scan4   the same for four queries, stride apart; sums[kBlockRows * q + r]
// row_sums    sums[r] = sum of rows[r * stride + i]
// bit_scan    sums[r] = number of bits in which codes[kBlockRows * p + r] differ from query[p]
// dot_levels  sum of x[i] * levels[i] in four interleaved sums
// estimate    estimates[r] = (base + step * sums[r]) * factors[r], plus weight * added[r] if
//             `added` is not null; bit r of the result: estimates[r] > threshold
// above       the same from existing estimates, to which weight * added[r] is still to be added
#define FEWBITS_VECTORS_KERNELS(X)                                                                 \
  X(void, hadamard, (float* x, std::size_t n))                                                     \
  X(void, flip_hadamard, (const float* x, const float* factors, float* y, std::size_t n))          \
  X(void, multiply, (const float* x, const float* factors, float* y, std::size_t n))               \
  X(float, sum_squares, (const float* x, std::size_t n))                                           \
  X(void, to_fixed, (const float* x, std::size_t n, float scale, std::int16_t* fixed))             \
  X(CodeSums, quantize,                                                                            \
    (const std::int16_t* fixed, std::size_t n, std::int16_t multiplier, const Codebook& book,      \
     std::uint8_t* codes))                                                                         \
  X(CodeSums, align,                                                                               \
    (const std::int16_t* fixed, std::size_t n, std::int16_t multiplier, const Codebook& book))     \
  X(void, add_levels,                                                                              \
    (const std::uint8_t* codes, std::size_t n, const std::int8_t* of_code, std::int8_t* levels))   \
  X(std::size_t, find,                                                                             \
    (const std::int8_t* x, std::size_t n, std::int8_t a, std::int8_t b, std::size_t room,          \
     std::uint16_t* positions))                                                                    \
  X(void, to_columns, (const std::uint8_t* rows, std::size_t bytes, std::uint8_t* columns))        \
  X(void, from_columns, (const std::uint8_t* columns, std::size_t bytes, std::uint8_t* rows))      \
  X(void, lut_scan,                                                                                \
    (const std::uint8_t* codes, std::size_t bytes, const std::uint8_t* lut, std::int32_t* sums))   \
  X(void, dot_scan,                                                                                \
    (const std::int8_t* rows, std::size_t stride, const std::uint8_t* query, std::int32_t* sums))  \
  X(void, dot_scan4,                                                                               \
    (const std::int8_t* rows, std::size_t stride, const std::uint8_t* queries,                     \
     std::int32_t* sums))                                                                          \
  X(void, row_sums, (const std::int8_t* rows, std::size_t stride, std::int32_t* sums))             \
  X(void, bit_scan,                                                                                \
    (const std::uint8_t* codes, std::size_t bytes, const std::uint8_t* query, std::int32_t* sums)) \
  X(float, dot_levels, (const float* x, const std::int8_t* levels, std::size_t n))                 \
  X(std::uint64_t, estimate,                                                                       \
    (const std::int32_t* sums, float base, float step, const float* factors, const float* added,   \
     float weight, float threshold, float* estimates))                                             \
  X(std::uint64_t, above, (float* estimates, const float* added, float weight, float threshold))

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
