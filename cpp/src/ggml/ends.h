// The search for halves at either end of their range, which is where they may not hold their value.

#pragma once

#include <cstddef>
#include <cstdint>

namespace fewbits::ggml {

/// A type of 16 bits: the bits of its exponent, and whether its subnormals are looked for.
struct HalfRange {
  std::uint16_t exponent;
  bool subnormals;
};

inline constexpr HalfRange kF16Range = {0x7C00, true};
/// What BF16 loses among its subnormals float32 has hardly any more.
inline constexpr HalfRange kBf16Range = {0x7F80, false};

/// Halves that are looked at together.
inline constexpr std::size_t kEndGroup = 32;

/// Bit j is set where half `start + j` is at an end.
struct EndGroup {
  std::size_t start;
  std::uint32_t lanes;
};

// next_ends: the first group from `start` on, in steps of kEndGroup, that has an end: a half that
// is infinite or NaN or, where subnormals are looked for, zero or subnormal though its value is not
// 0. {n, 0} where there is none.
#define FEWBITS_GGML_ENDS                                                          \
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
