// Two-level affine quantization of blocks of 256 values as a demo teaches it, with named repairs.

#pragma once

#include <cstdint>

#include "fewbits/result.h"

/// Two-level affine quantization as the K-quantization demo of maruel/quantization-demo teaches it,
/// exact to the bit in both of its published versions, with separate repairs. The production form
/// of the same idea is ggml's Q4_K (fewbits/ggml.h).
namespace fewbits::kquant {

inline constexpr int kBlockSize = 256;
inline constexpr int kSubBlocks = 8;  ///< of 32 values each

/// The defects of the demo to repair. None: its first version (commit 8ca1b07). Only
/// best_candidate: its last (738b8f5).
struct Repairs {
  /// Take the best candidate for the sub-scales, not the last, and continue to improve single
  /// sub-scales as long as that helps, not once.
  bool best_candidate = false;
  /// Judge such a candidate by all its eight integers, not by the smallest of them.
  bool whole_error = false;
  /// Round to the nearest integer and clamp, instead of truncating and wrapping around.
  bool rounding = false;
  /// Use the sum of w * x in least squares, where it was the sum of w * x * x.
  bool weighted_sum = false;
  /// Allow sub-scales and sub-offsets up to 63, which their six bits hold, not to 15.
  bool six_bits = false;
};

/// A block of 256 values: scale * subscales[j] * code - zero_point * suboffsets[j] in sub-block j.
struct Block {
  float scale;                          ///< a float16
  float zero_point;                     ///< a float16
  std::uint8_t subscales[kSubBlocks];   ///< 0..15, or 0..63 with six_bits
  std::uint8_t suboffsets[kSubBlocks];  ///< 0..15, or 0..63 with six_bits
  std::uint8_t codes[kBlockSize];       ///< 0..15
};

/// Bytes of a packed block: two float16, 2 * 8 integers of six bits, 256 of four.
inline constexpr int kPackedBytes = 2 + 2 + 6 + 6 + 128;

/// Quantizes 256 values. Values that are not finite are refused with the index of the first;
/// squares that overflow float32 give a block of scale 0 or infinite scale, as in the demo.
Result quantize(const float* x, const Repairs& repairs, Block* out);

/// Dequantizes 256 values in float16 arithmetic: every product and difference is rounded.
void dequantize(const Block& block, float* out);

/// The mean of the squared differences of n values, summed in float32 one by one as in the demo.
float mean_squared_error(const float* x, const float* y, int n);

}  // namespace fewbits::kquant
