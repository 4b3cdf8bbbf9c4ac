// The list of the kernels of uniform quantization, and the parameters shared by all runs of a call.

#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "fewbits/uniform.h"

namespace fewbits::uniform {

/// Parameters shared by all runs of a call, from its format.
struct Codes {
  std::int32_t max = 255;  ///< 2^bits - 1
  /// The offset 2^(bits-1) added to signed codes, so that they are computed unsigned like the
  /// others; as bits it is the sign bit, so flipping it gives two's complement. 0 for unsigned
  /// codes.
  std::int32_t offset = 0;
  bool affine = false;  ///< whether blocks have a minimum
  Rounding rounding = Rounding::nearest;
};

// One byte per code; packing is done in bits/. "Blocks" are `count` whole blocks of `block` values
// with one entry of `blocks` each; "each" is one entry per value. X(result, name, parameters)
#define FEWBITS_UNIFORM_KERNELS(X)                                                                \
  /* Widens *out; false when a value is NaN or infinite. */                                       \
  X(bool, widen_run, (const float* x, std::size_t n, Range* out))                                 \
  /* Widens ranges.min[i], ranges.max[i] by x[i]; false as above. */                              \
  X(bool, widen_each, (const float* x, std::size_t n, const Ranges& ranges))                      \
  /* Sets the range of each block; false as above. */                                             \
  X(bool, range_blocks,                                                                           \
    (const float* x, std::size_t count, std::size_t block, const Ranges& ranges))                 \
  /* choose() for each; the number of the first that is refused, or `count`. */                   \
  X(std::size_t, choose_each,                                                                     \
    (const Ranges& ranges, std::size_t count, const Format& format, const Blocks& blocks))        \
  X(void, encode_blocks,                                                                          \
    (const float* x, std::size_t count, std::size_t block, const Blocks& blocks,                  \
     const Codes& codes, std::uint8_t* out))                                                      \
  X(void, decode_blocks,                                                                          \
    (const std::uint8_t* in, std::size_t count, std::size_t block, const Blocks& blocks,          \
     const Codes& codes, float* out))                                                             \
  X(void, encode_each,                                                                            \
    (const float* x, std::size_t n, const Blocks& blocks, const Codes& codes, std::uint8_t* out)) \
  X(void, decode_each,                                                                            \
    (const std::uint8_t* in, std::size_t n, const Blocks& blocks, const Codes& codes, float* out))

/// The range to start widening from.
inline constexpr Range kNoRange = {std::numeric_limits<float>::infinity(),
                                   -std::numeric_limits<float>::infinity()};

#define FEWBITS_DECLARE(result, name, parameters) result name parameters;
namespace scalar {
FEWBITS_UNIFORM_KERNELS(FEWBITS_DECLARE)
}
#if FEWBITS_SIMD
namespace simd {
FEWBITS_UNIFORM_KERNELS(FEWBITS_DECLARE)
}
namespace kernels = simd;
#else
namespace kernels = scalar;
#endif
#undef FEWBITS_DECLARE

inline Block entry(const Blocks& blocks, std::size_t i) {
  return {blocks.scales[i], blocks.minima[i], blocks.zero_points[i]};
}

inline Blocks from(const Blocks& blocks, std::size_t i) {
  return {blocks.scales + i, blocks.minima + i, blocks.zero_points + i};
}

inline Ranges from(const Ranges& ranges, std::size_t i) {
  return {ranges.min + i, ranges.max + i};
}

/// Whether decoding a code of this block may overflow float32 on the way to a value that does not.
inline bool overflows(const Block& block, const Codes& codes) {
  const float lowest = static_cast<float>(block.zero_point) + static_cast<float>(codes.offset);
  const float highest = static_cast<float>(codes.max) - lowest;
  const float most = std::max(std::fabs(lowest), std::fabs(highest));
  return !(most * std::fabs(block.scale) + std::fabs(block.minimum) <=
           std::numeric_limits<float>::max());
}

/// Storage for the Blocks of a single block.
struct OneBlock {
  Block block;

  Blocks blocks() { return {&block.scale, &block.minimum, &block.zero_point}; }
};

}  // namespace fewbits::uniform
