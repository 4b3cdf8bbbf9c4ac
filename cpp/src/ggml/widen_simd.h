#pragma once

// Sixteen bytes become four vectors of 32-bit lanes. A shuffle each is cheaper than widening twice,
// and the constants it takes stay in registers while a loop runs.

#include "ggml/lanes.h"

#if FEWBITS_SIMD

namespace fewbits::ggml::simd {

// Bytes 4 i to 4 i + 3, each the lowest of a lane. An index with its top bit set gives 0.
inline constexpr std::uint8_t widening[4][16] = {
    {0, 255, 255, 255, 1, 255, 255, 255, 2, 255, 255, 255, 3, 255, 255, 255},
    {4, 255, 255, 255, 5, 255, 255, 255, 6, 255, 255, 255, 7, 255, 255, 255},
    {8, 255, 255, 255, 9, 255, 255, 255, 10, 255, 255, 255, 11, 255, 255, 255},
    {12, 255, 255, 255, 13, 255, 255, 255, 14, 255, 255, 255, 15, 255, 255, 255}};

// The same, in all four bytes of a lane.
inline constexpr std::uint8_t fourfold[4][16] = {
    {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3},
    {4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7},
    {8, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10, 10, 11, 11, 11, 11},
    {12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 15, 15, 15, 15}};

class Shuffles {
 public:
  explicit Shuffles(const std::uint8_t (&from)[4][16]) {
    for (int i = 0; i < 4; ++i) from_[i] = fewbits::simd::constant_bytes(from[i]);
  }

  FEWBITS_GGML_INLINE v128_t operator()(v128_t bytes, int quarter) const {
    return fewbits::simd::lookup16(bytes, from_[quarter]);
  }

 private:
  v128_t from_[4];
};

/// Unsigned bytes as integers.
struct Widen : Shuffles {
  Widen() : Shuffles(widening) {}
};

/// Codes of two bits as floats that they have in a table of four.
class FourFloats {
 public:
  /// `places`: four times the code in each byte.
  FEWBITS_GGML_INLINE v128_t operator()(v128_t table, v128_t places, int quarter) const {
    return fewbits::simd::lookup16(table, wasm_v128_or(four_times_(places, quarter), bytes_));
  }

 private:
  Shuffles four_times_{fourfold};
  v128_t bytes_ = fewbits::simd::constant_i32x4(0x03020100);
};

}  // namespace fewbits::ggml::simd

#endif  // FEWBITS_SIMD
