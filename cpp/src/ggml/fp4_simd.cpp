// MXFP4, NVFP4: four-bit floats with a power of two or an E4M3 as scale.

#include "ggml/lanes.h"

#if FEWBITS_SIMD

#include "ggml/fp4.h"
#include "ggml/kernels.h"
#include "ggml/widen_simd.h"

namespace fewbits::ggml::simd {
namespace {

FEWBITS_GGML_INLINE float max_lane(v128_t v) {
  const v128_t pairs = wasm_f32x4_pmax(v, wasm_i32x4_shuffle(v, v, 2, 3, 0, 1));
  const v128_t all = wasm_f32x4_pmax(pairs, wasm_i32x4_shuffle(pairs, pairs, 1, 0, 3, 2));
  return wasm_f32x4_extract_lane(all, 0);
}

/// Codes of 16 values: the number of middles between magnitudes below each value, and the sign of
/// non-zero values. The products and, near a middle, the reference's differences are exact, so both
/// agree on the nearest code. A scale of 0 gives code 0 only.
FEWBITS_GGML_INLINE v128_t encode16(const v128_t* x, float scale) {
  constexpr float middles[7] = {0.5f, 1.5f, 2.5f, 3.5f, 5.0f, 7.0f, 10.0f};
  if (scale == 0) return wasm_i8x16_splat(0);
  v128_t codes[4];
  for (int i = 0; i < 4; ++i) {
    const v128_t magnitude = abs(x[i]);
    v128_t code = wasm_i32x4_splat(0);
    for (const float middle : middles) {
      code = wasm_i32x4_sub(code, wasm_f32x4_gt(magnitude, wasm_f32x4_splat(middle * scale)));
    }
    const v128_t negative =
        wasm_v128_and(wasm_u32x4_shr(x[i], 28), wasm_i32x4_gt(code, wasm_i32x4_splat(0)));
    codes[i] = wasm_v128_or(code, wasm_v128_and(negative, wasm_i32x4_splat(8)));
  }
  return narrow(codes[0], codes[1], codes[2], codes[3]);
}

/// Decodes 16 codes, doubled elements times scale.
FEWBITS_GGML_INLINE void decode16(v128_t codes, float scale, float* out) {
  const v128_t table = wasm_i8x16_const(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12);
  decode_signed(fewbits::simd::lookup16(table, codes), wasm_f32x4_splat(scale), out);
}

/// Loads 4 * n values, and returns the largest magnitude.
FEWBITS_GGML_INLINE float load_largest(const float* x, int n, v128_t* values) {
  v128_t largest = wasm_f32x4_splat(0);
  for (int i = 0; i < n; ++i) {
    values[i] = wasm_v128_load(x + 4 * i);
    largest = wasm_f32x4_pmax(largest, abs(values[i]));
  }
  return max_lane(largest);
}

}  // namespace

void encode_mxfp4(const float* x, std::size_t blocks, const float* /*importance*/,
                  BlockMXFP4* out) {
  for (std::size_t b = 0; b < blocks; ++b, x += 32, ++out) {
    v128_t values[8];
    out->exponent = mxfp4_exponent(load_largest(x, 8, values));
    const float scale = mxfp4_scale(out->exponent);
    const v128_t low = encode16(values, scale);
    const v128_t high = encode16(values + 4, scale);
    wasm_v128_store(out->codes, wasm_v128_or(low, wasm_i8x16_shl(high, 4)));
  }
}

void decode_mxfp4(const BlockMXFP4* in, std::size_t blocks, float* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 32) {
    const float scale = mxfp4_scale(in->exponent);
    const v128_t bytes = wasm_v128_load(in->codes);
    decode16(wasm_v128_and(bytes, wasm_i8x16_splat(15)), scale, out);
    decode16(wasm_u8x16_shr(bytes, 4), scale, out + 16);
  }
}

void encode_nvfp4(const float* x, std::size_t blocks, const float* /*importance*/,
                  BlockNVFP4* out) {
  for (std::size_t b = 0; b < blocks; ++b, x += 64, ++out) {
    v128_t codes[4];
    bool within = true;
    for (int j = 0; j < 4; ++j) {
      v128_t values[4];
      const float largest = load_largest(x + 16 * j, 4, values);
      out->scales[j] = nvfp4_code(largest / 6.0f);
      const float scale = nvfp4_scale(out->scales[j]);
      // Far beyond the largest scale, the reference's differences are rounded until codes tie.
      within &= scale == 0 || largest < 16 * scale;
      codes[j] = encode16(values, scale);
    }
    if (!within) {
      scalar::encode_nvfp4(x, 1, nullptr, out);
      continue;
    }
    for (int i = 0; i < 2; ++i) {
      // The first halves of two sub-blocks, and the second halves.
      const v128_t low = wasm_i64x2_shuffle(codes[2 * i], codes[2 * i + 1], 0, 2);
      const v128_t high = wasm_i64x2_shuffle(codes[2 * i], codes[2 * i + 1], 1, 3);
      wasm_v128_store(out->codes + 16 * i, wasm_v128_or(low, wasm_i8x16_shl(high, 4)));
    }
  }
}

void decode_nvfp4(const BlockNVFP4* in, std::size_t blocks, float* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 64) {
    for (int j = 0; j < 4; ++j) {
      const v128_t bytes = wasm_v128_load64_zero(in->codes + 8 * j);
      const v128_t low = wasm_v128_and(bytes, wasm_i8x16_splat(15));
      const v128_t codes = wasm_i64x2_shuffle(low, wasm_u8x16_shr(bytes, 4), 0, 2);
      decode16(codes, nvfp4_scale(in->scales[j]), out + 16 * j);
    }
  }
}

}  // namespace fewbits::ggml::simd

#endif  // FEWBITS_SIMD
