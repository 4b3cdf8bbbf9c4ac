// Q1_0, Q2_0, TQ1_0, TQ2_0: signs, and codes with a single scale from the magnitudes.

#include "ggml/lanes.h"

#if FEWBITS_SIMD

#include <cmath>

#include "ggml/kernels.h"
#include "ggml/ternary.h"
#include "ggml/widen_simd.h"

namespace fewbits::ggml::simd {
namespace {

FEWBITS_GGML_INLINE float largest_magnitude(const float* x, int n) {
  v128_t largest = wasm_f32x4_splat(0);
  for (int i = 0; i < n; i += 4) {
    largest = wasm_f32x4_pmax(largest, abs(wasm_v128_load(x + i)));
  }
  const v128_t pairs = wasm_f32x4_pmax(largest, wasm_i32x4_shuffle(largest, largest, 2, 3, 0, 1));
  const v128_t all = wasm_f32x4_pmax(pairs, wasm_i32x4_shuffle(pairs, pairs, 1, 0, 3, 2));
  return wasm_f32x4_extract_lane(all, 0);
}

/// Digits 0, 1, 2 of 16 values: -1, 0, 1 after rounding x / scale away from zero, clamped to 1.
FEWBITS_GGML_INLINE v128_t digits16(const float* x, float inverse) {
  v128_t signs[4];
  for (int i = 0; i < 4; ++i) {
    const v128_t scaled = wasm_f32x4_mul(wasm_v128_load(x + 4 * i), wasm_f32x4_splat(inverse));
    // Comparisons give -1 where they hold.
    signs[i] = wasm_i32x4_sub(wasm_f32x4_le(scaled, wasm_f32x4_splat(-0.5f)),
                              wasm_f32x4_ge(scaled, wasm_f32x4_splat(0.5f)));
  }
  const v128_t bytes = wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(signs[0], signs[1]),
                                               wasm_i16x8_narrow_i32x4(signs[2], signs[3]));
  return wasm_i8x16_add(bytes, wasm_i8x16_splat(1));
}

/// ternary_byte of eight numbers: the number plus 13 / 243 of it, rounded up, which a rounding
/// product of 15 bits computes exactly for all 243 numbers.
FEWBITS_GGML_INLINE v128_t ternary_words(v128_t numbers) {
  const v128_t thirteen = wasm_i16x8_mul(numbers, wasm_i16x8_splat(13));
  const v128_t more = wasm_i16x8_q15mulr_sat(wasm_i16x8_add(thirteen, wasm_i16x8_splat(120)),
                                             wasm_i16x8_splat(135));
  return wasm_i16x8_add(numbers, more);
}

FEWBITS_GGML_INLINE v128_t ternary_bytes(v128_t numbers) {
  return wasm_u8x16_narrow_i16x8(ternary_words(wasm_u16x8_extend_low_u8x16(numbers)),
                                 ternary_words(wasm_u16x8_extend_high_u8x16(numbers)));
}

/// 16 floats of codes -1, 0, 1 and 2 times a scale; `places`: four times (code + 1).
struct ByTable {
  FourFloats floats;
  v128_t one_code = fewbits::simd::constant_i32x4(0x0C0C0C0C);

  FEWBITS_GGML_INLINE v128_t table(float scale) const {
    return wasm_f32x4_mul(wasm_f32x4_const(-1, 0, 1, 2), wasm_f32x4_splat(scale));
  }

  FEWBITS_GGML_INLINE void sixteen(v128_t table, v128_t places, float* out) const {
    for (int i = 0; i < 4; ++i) wasm_v128_store(out + 4 * i, floats(table, places, i));
  }

  /// The k-th two bits of each byte, times four. Bits from neighbours are masked; shifts of bytes
  /// would take several instructions.
  FEWBITS_GGML_INLINE v128_t places(v128_t bytes, int k) const {
    const v128_t shifted = k == 0 ? wasm_i16x8_shl(bytes, 2) : wasm_u16x8_shr(bytes, 2 * k - 2);
    return wasm_v128_and(shifted, one_code);
  }
};

/// Whether the scalar body must handle a block: 1 / scale is infinite although scale is not 0.
FEWBITS_GGML_INLINE bool too_small(float scale) {
  return scale != 0 && std::isinf(1 / scale);
}

}  // namespace

void encode_q1_0(const float* x, std::size_t blocks, const float* /*importance*/, BlockQ1_0* out) {
  for (std::size_t b = 0; b < blocks; b += 4) {
    // The sums run in order, so four blocks at once; after the last block, it is repeated.
    const float* at[4];
    for (std::size_t j = 0; j < 4; ++j) at[j] = x + 128 * (b + j < blocks ? b + j : blocks - 1);
    v128_t total = wasm_f32x4_splat(0);
    for (int i = 0; i < 128; i += 16) {
      const float* const piece[4] = {at[0] + i, at[1] + i, at[2] + i, at[3] + i};
      v128_t values[16];
      load_lanes(piece, 16, values);
      for (const v128_t value : values) total = wasm_f32x4_add(total, abs(value));
    }
    float sums[4];
    wasm_v128_store(sums, total);
    const v128_t zero = wasm_f32x4_splat(0);
    for (std::size_t j = 0; j < 4 && b + j < blocks; ++j) {
      BlockQ1_0& block = out[b + j];
      block.scale.store(sums[j] / 128);
      for (int i = 0; i < 8; ++i) {
        v128_t positive[4];
        for (int k = 0; k < 4; ++k) {
          positive[k] = wasm_f32x4_ge(wasm_v128_load(at[j] + 16 * i + 4 * k), zero);
        }
        const unsigned bits = static_cast<unsigned>(wasm_i8x16_bitmask(
            wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(positive[0], positive[1]),
                                    wasm_i16x8_narrow_i32x4(positive[2], positive[3]))));
        block.signs[2 * i] = static_cast<std::uint8_t>(bits);
        block.signs[2 * i + 1] = static_cast<std::uint8_t>(bits >> 8);
      }
    }
  }
}

void decode_q1_0(const BlockQ1_0* in, std::size_t blocks, float* out) {
  const v128_t low = wasm_i32x4_const(1, 2, 4, 8);
  const v128_t high = wasm_i32x4_const(16, 32, 64, 128);
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 128) {
    const v128_t scale = wasm_f32x4_splat(in->scale.load());
    const v128_t negative = wasm_f32x4_neg(scale);
    for (int i = 0; i < 16; ++i) {
      const v128_t byte = wasm_i32x4_splat(in->signs[i]);
      const v128_t first = wasm_i32x4_eq(wasm_v128_and(byte, low), low);
      const v128_t second = wasm_i32x4_eq(wasm_v128_and(byte, high), high);
      wasm_v128_store(out + 8 * i, select(first, scale, negative));
      wasm_v128_store(out + 8 * i + 4, select(second, scale, negative));
    }
  }
}

void encode_q2_0(const float* x, std::size_t blocks, const float* /*importance*/, BlockQ2_0* out) {
  for (std::size_t b = 0; b < blocks; ++b, x += 64, ++out) {
    const float scale = largest_magnitude(x, 64);
    if (too_small(scale)) {
      scalar::encode_q2_0(x, 1, nullptr, out);
      continue;
    }
    const float inverse = scale > 0 ? 1 / scale : 0.0f;
    out->scale.store(scale);
    v128_t packed[4];
    for (int i = 0; i < 4; ++i) {
      // Four bytes of a lane, two bits of each, combined in its first byte.
      const v128_t v = digits16(x + 16 * i, inverse);
      const v128_t pairs = wasm_v128_or(v, wasm_u32x4_shr(v, 6));
      const v128_t fours = wasm_v128_or(pairs, wasm_u32x4_shr(pairs, 12));
      packed[i] = wasm_v128_and(fours, wasm_i32x4_splat(255));
    }
    wasm_v128_store(out->codes, narrow(packed[0], packed[1], packed[2], packed[3]));
  }
}

void decode_q2_0(const BlockQ2_0* in, std::size_t blocks, float* out) {
  const ByTable decoding;
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 64) {
    const v128_t table = decoding.table(in->scale.load());
    const v128_t bytes = wasm_v128_load(in->codes);
    v128_t c[4];
    for (int k = 0; k < 4; ++k) c[k] = decoding.places(bytes, k);
    // Codes 4 i and 4 i + 1, then 4 i + 2 and 4 i + 3, then all four in a row.
    const v128_t a[2] = {
        wasm_i8x16_shuffle(c[0], c[1], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23),
        wasm_i8x16_shuffle(c[0], c[1], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15,
                           31)};
    const v128_t d[2] = {
        wasm_i8x16_shuffle(c[2], c[3], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23),
        wasm_i8x16_shuffle(c[2], c[3], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15,
                           31)};
    for (int i = 0; i < 2; ++i) {
      decoding.sixteen(table, wasm_i16x8_shuffle(a[i], d[i], 0, 8, 1, 9, 2, 10, 3, 11),
                       out + 32 * i);
      decoding.sixteen(table, wasm_i16x8_shuffle(a[i], d[i], 4, 12, 5, 13, 6, 14, 7, 15),
                       out + 32 * i + 16);
    }
  }
}

void encode_tq1_0(const float* x, std::size_t blocks, const float* /*importance*/,
                  BlockTQ1_0* out) {
  for (std::size_t b = 0; b < blocks; ++b, x += 256, ++out) {
    const float scale = largest_magnitude(x, 256);
    if (too_small(scale)) {
      scalar::encode_tq1_0(x, 1, nullptr, out);
      continue;
    }
    const float inverse = scale != 0 ? 1 / scale : 0.0f;
    out->scale.store(scale);
    FEWBITS_ROLLED
    for (int i = 0; i < 48; i += 16) {
      v128_t number = wasm_i8x16_splat(0);
      FEWBITS_ROLLED
      for (int k = 0; k < 5; ++k) {
        const v128_t tripled = wasm_i8x16_add(wasm_i8x16_add(number, number), number);
        number = wasm_i8x16_add(tripled, digits16(x + ternary_index(i, k), inverse));
      }
      wasm_v128_store(out->fives + i, ternary_bytes(number));
    }
    std::uint8_t last[16];
    wasm_v128_store(last, digits16(x + 240, inverse));
    for (int i = 0; i < 4; ++i) {
      int number = 0;
      for (int k = 0; k < 4; ++k) number = 3 * number + last[4 * k + i];
      out->fours[i] = ternary_byte(3 * number);
    }
  }
}

void decode_tq1_0(const BlockTQ1_0* in, std::size_t blocks, float* out) {
  const ByTable decoding;
  // The carry of three times a byte: 1 from 86 on, 2 from 171 on. Comparisons of signed bytes find
  // it after subtracting 128, which tripling leaves unchanged.
  const auto bytes = [](std::uint32_t four) {
    return fewbits::simd::constant_i32x4(static_cast<std::int32_t>(four));
  };
  const v128_t bias = bytes(0x80808080);
  const v128_t first = bytes(0xD5D5D5D5);   // 85 - 128
  const v128_t second = bytes(0x2A2A2A2A);  // 170 - 128
  const v128_t even = bytes(0xFEFEFEFE);
  const auto next_digit = [=](v128_t& fraction) {
    const v128_t less_digit =
        wasm_i8x16_add(wasm_i8x16_gt(fraction, first), wasm_i8x16_gt(fraction, second));
    const v128_t doubled = wasm_v128_and(wasm_i16x8_shl(fraction, 1), even);
    fraction = wasm_i8x16_add(doubled, fraction);
    // 0, -1 or -2: the entries 0, 3 and 2 of the table.
    return decoding.places(less_digit, 0);
  };
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 256) {
    const v128_t table =
        wasm_f32x4_mul(wasm_f32x4_const(-1, 0, 1, 0), wasm_f32x4_splat(in->scale.load()));
    for (int i = 0; i < 48; i += 16) {
      v128_t fraction = wasm_v128_xor(wasm_v128_load(in->fives + i), bias);
      for (int k = 0; k < 5; ++k) {
        decoding.sixteen(table, next_digit(fraction), out + ternary_index(i, k));
      }
    }
    v128_t fraction = wasm_v128_xor(wasm_v128_load32_zero(in->fours), bias);
    v128_t digits[4];
    for (v128_t& digit : digits) digit = next_digit(fraction);
    const v128_t low = wasm_i32x4_shuffle(digits[0], digits[1], 0, 4, 0, 4);
    const v128_t high = wasm_i32x4_shuffle(digits[2], digits[3], 0, 4, 0, 4);
    decoding.sixteen(table, wasm_i64x2_shuffle(low, high, 0, 2), out + 240);
  }
}

void encode_tq2_0(const float* x, std::size_t blocks, const float* /*importance*/,
                  BlockTQ2_0* out) {
  for (std::size_t b = 0; b < blocks; ++b, x += 256, ++out) {
    const float scale = largest_magnitude(x, 256);
    if (too_small(scale)) {
      scalar::encode_tq2_0(x, 1, nullptr, out);
      continue;
    }
    const float inverse = scale != 0 ? 1 / scale : 0.0f;
    out->scale.store(scale);
    FEWBITS_ROLLED
    for (int i = 0; i < 64; i += 16) {
      const float* first = x + 128 * (i / 32) + i % 32;
      v128_t packed = digits16(first, inverse);
      for (int k = 1; k < 4; ++k) {
        packed = wasm_v128_or(packed, wasm_i8x16_shl(digits16(first + 32 * k, inverse), 2 * k));
      }
      wasm_v128_store(out->codes + i, packed);
    }
  }
}

void decode_tq2_0(const BlockTQ2_0* in, std::size_t blocks, float* out) {
  const ByTable decoding;
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 256) {
    const v128_t table = decoding.table(in->scale.load());
    for (int i = 0; i < 64; i += 16) {
      const v128_t bytes = wasm_v128_load(in->codes + i);
      for (int k = 0; k < 4; ++k) {
        decoding.sixteen(table, decoding.places(bytes, k), out + 128 * (i / 32) + 32 * k + i % 32);
      }
    }
  }
}

}  // namespace fewbits::ggml::simd

#endif  // FEWBITS_SIMD
