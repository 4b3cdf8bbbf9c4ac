// Expands sixteen bytes to four vectors of 32-bit lanes. One shuffle for each is cheaper than
// widening twice, and its constants stay in registers during a loop.

#pragma once

#include "ggml/lanes.h"

#if FEWBITS_SIMD

namespace fewbits::ggml::simd {

// Bytes 4 i to 4 i + 3, each as the lowest of a lane. An index with its top bit set gives 0.
inline constexpr std::uint8_t kWidening[4][16] = {
    {0, 255, 255, 255, 1, 255, 255, 255, 2, 255, 255, 255, 3, 255, 255, 255},
    {4, 255, 255, 255, 5, 255, 255, 255, 6, 255, 255, 255, 7, 255, 255, 255},
    {8, 255, 255, 255, 9, 255, 255, 255, 10, 255, 255, 255, 11, 255, 255, 255},
    {12, 255, 255, 255, 13, 255, 255, 255, 14, 255, 255, 255, 15, 255, 255, 255}};

// The same bytes, in all four bytes of a lane.
inline constexpr std::uint8_t kFourfold[4][16] = {
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
  Widen() : Shuffles(kWidening) {}
};

/// Codes of a byte or half a byte times a scale, with the constants for it.
struct Decoding {
  Widen widen;
  v128_t low_half = fewbits::simd::constant_i32x4(0x0F0F0F0F);

  /// 16 values scale * code - minimum.
  FEWBITS_GGML_INLINE void affine(v128_t codes, v128_t scale, v128_t minimum, float* out) const {
    for (int i = 0; i < 4; ++i) {
      const v128_t code = wasm_f32x4_convert_i32x4(widen(codes, i));
      wasm_v128_store(out + 4 * i, wasm_f32x4_sub(wasm_f32x4_mul(scale, code), minimum));
    }
  }

  /// 16 values scale * (code - bias).
  FEWBITS_GGML_INLINE void symmetric(v128_t codes, v128_t bias, v128_t scale, float* out) const {
    for (int i = 0; i < 4; ++i) {
      const v128_t code = wasm_f32x4_sub(wasm_f32x4_convert_i32x4(widen(codes, i)), bias);
      wasm_v128_store(out + 4 * i, wasm_f32x4_mul(scale, code));
    }
  }

  FEWBITS_GGML_INLINE v128_t low(v128_t bytes) const { return wasm_v128_and(bytes, low_half); }
  // Shifts of 16 bits take V8 one instruction, those of bytes several.
  FEWBITS_GGML_INLINE v128_t high(v128_t bytes) const { return low(wasm_u16x8_shr(bytes, 4)); }
};

/// 16 values scale * signed byte.
FEWBITS_GGML_INLINE void decode_signed(v128_t bytes, v128_t scale, float* out) {
  const v128_t low = wasm_i16x8_extend_low_i8x16(bytes);
  const v128_t high = wasm_i16x8_extend_high_i8x16(bytes);
  const v128_t integers[4] = {wasm_i32x4_extend_low_i16x8(low), wasm_i32x4_extend_high_i16x8(low),
                              wasm_i32x4_extend_low_i16x8(high),
                              wasm_i32x4_extend_high_i16x8(high)};
  for (int i = 0; i < 4; ++i) {
    wasm_v128_store(out + 4 * i, wasm_f32x4_mul(wasm_f32x4_convert_i32x4(integers[i]), scale));
  }
}

/// Codes of two bits as floats from a table of four.
class FourFloats {
 public:
  /// `places`: four times the code in each byte.
  FEWBITS_GGML_INLINE v128_t operator()(v128_t table, v128_t places, int quarter) const {
    return fewbits::simd::lookup16(table, wasm_v128_or(four_times_(places, quarter), bytes_));
  }

 private:
  Shuffles four_times_{kFourfold};
  v128_t bytes_ = fewbits::simd::constant_i32x4(0x03020100);
};

}  // namespace fewbits::ggml::simd

#endif  // FEWBITS_SIMD
