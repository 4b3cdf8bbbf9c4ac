// The search for float16 and bfloat16 values at either end of their range, where they may not
// represent their value.

#pragma once

#include <cstddef>
#include <cstdint>

namespace fewbits::ggml {

/// A type of 16 bits: the bits of its exponent, and whether subnormals are searched for.
struct HalfRange {
  std::uint16_t exponent;
  bool subnormals;

  friend bool operator==(HalfRange, HalfRange) = default;
};

inline constexpr HalfRange kF16Range = {0x7C00, true};
/// BF16 subnormals lose little that float32 subnormals have.
inline constexpr HalfRange kBf16Range = {0x7F80, false};

/// Values that are inspected together.
inline constexpr std::size_t kEndGroup = 32;

/// Bit j is set where value `start + j` is at an end.
struct EndGroup {
  std::size_t start;
  std::uint32_t lanes;
};

// encode_to_ends: encodes x from `start` on, group by group, up to and including the first group
// that has an end, and returns what next_ends does.
//
// next_ends: the first group from `start` on, in steps of kEndGroup, that has an end: a value that
// is infinite or NaN or, where subnormals are searched for, zero or subnormal although the original
// is not 0. {n, 0} if there is none.
#define FEWBITS_GGML_ENDS                                                          \
  EndGroup encode_to_ends(HalfRange range, const float* x, std::uint16_t* halves,  \
                          std::size_t start, std::size_t n);                       \
  EndGroup next_ends(HalfRange range, const float* x, const std::uint16_t* halves, \
                     std::size_t start, std::size_t n);

namespace scalar {
FEWBITS_GGML_ENDS
}
#if FEWBITS_SIMD
namespace simd {
FEWBITS_GGML_ENDS
}
#endif
#undef FEWBITS_GGML_ENDS

}  // namespace fewbits::ggml
