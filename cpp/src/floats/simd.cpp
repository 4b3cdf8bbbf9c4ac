#include "simd/simd.h"

#include "floats/kernels.h"

#if FEWBITS_SIMD

namespace fewbits::floats::simd {
namespace {

// The cases of floats/half.h, all computed and one selected for each lane.

v128_t f16_of(v128_t bits) {
  const v128_t magnitude = wasm_v128_and(bits, wasm_i32x4_splat(0x7FFFFFFF));
  const v128_t sign = wasm_v128_and(wasm_u32x4_shr(bits, 16), wasm_i32x4_splat(0x8000));
  const v128_t odd = wasm_v128_and(wasm_u32x4_shr(magnitude, 13), wasm_i32x4_splat(1));
  const v128_t rounded = wasm_i32x4_add(wasm_i32x4_add(magnitude, wasm_i32x4_splat(0xFFF)), odd);
  const v128_t normal = wasm_u32x4_shr(wasm_i32x4_sub(rounded, wasm_i32x4_splat(0x38000000)), 13);
  const v128_t subnormal = wasm_i32x4_sub(wasm_f32x4_add(magnitude, wasm_f32x4_splat(0.5f)),
                                          wasm_i32x4_splat(0x3F000000));
  const v128_t payload = wasm_v128_and(wasm_u32x4_shr(magnitude, 13), wasm_i32x4_splat(0x3FF));
  const v128_t nan = wasm_v128_or(payload, wasm_i32x4_splat(0x7E00));
  v128_t half = wasm_v128_bitselect(subnormal, normal,
                                    wasm_i32x4_lt(magnitude, wasm_i32x4_splat(0x38800000)));
  half = wasm_v128_bitselect(wasm_i32x4_splat(0x7C00), half,
                             wasm_i32x4_ge(magnitude, wasm_i32x4_splat(0x477FF000)));
  half = wasm_v128_bitselect(nan, half, wasm_i32x4_gt(magnitude, wasm_i32x4_splat(0x7F800000)));
  return wasm_v128_or(half, sign);
}

v128_t f32_of(v128_t half) {
  const v128_t magnitude = wasm_v128_and(half, wasm_i32x4_splat(0x7FFF));
  const v128_t sign = wasm_i32x4_shl(wasm_v128_and(half, wasm_i32x4_splat(0x8000)), 16);
  const v128_t shifted = wasm_i32x4_shl(magnitude, 13);
  const v128_t normal = wasm_i32x4_add(shifted, wasm_i32x4_splat(0x38000000));
  const v128_t subnormal =
      wasm_f32x4_mul(wasm_f32x4_convert_i32x4(magnitude), wasm_f32x4_splat(0x1p-24f));
  const v128_t quiet =
      wasm_v128_and(wasm_i32x4_gt(magnitude, wasm_i32x4_splat(0x7C00)), wasm_i32x4_splat(0x400000));
  const v128_t special = wasm_v128_or(wasm_v128_or(shifted, wasm_i32x4_splat(0x7F800000)), quiet);
  v128_t bits =
      wasm_v128_bitselect(subnormal, normal, wasm_i32x4_lt(magnitude, wasm_i32x4_splat(0x400)));
  bits = wasm_v128_bitselect(special, bits, wasm_i32x4_ge(magnitude, wasm_i32x4_splat(0x7C00)));
  return wasm_v128_or(bits, sign);
}

v128_t bf16_of(v128_t bits) {
  const v128_t high = wasm_u32x4_shr(bits, 16);
  const v128_t odd = wasm_v128_and(high, wasm_i32x4_splat(1));
  const v128_t rounded =
      wasm_u32x4_shr(wasm_i32x4_add(wasm_i32x4_add(bits, wasm_i32x4_splat(0x7FFF)), odd), 16);
  const v128_t nan = wasm_v128_or(high, wasm_i32x4_splat(0x40));
  const v128_t magnitude = wasm_v128_and(bits, wasm_i32x4_splat(0x7FFFFFFF));
  return wasm_v128_bitselect(nan, rounded, wasm_i32x4_gt(magnitude, wasm_i32x4_splat(0x7F800000)));
}

}  // namespace

void encode_f16_run(const float* x, std::size_t n, std::uint16_t* out) {
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const v128_t low = f16_of(wasm_v128_load(x + i));
    const v128_t high = f16_of(wasm_v128_load(x + i + 4));
    wasm_v128_store(out + i, wasm_u16x8_narrow_i32x4(low, high));
  }
  scalar::encode_f16_run(x + i, n - i, out + i);
}

void decode_f16_run(const std::uint16_t* in, std::size_t n, float* out) {
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const v128_t halves = wasm_v128_load(in + i);
    wasm_v128_store(out + i, f32_of(wasm_u32x4_extend_low_u16x8(halves)));
    wasm_v128_store(out + i + 4, f32_of(wasm_u32x4_extend_high_u16x8(halves)));
  }
  scalar::decode_f16_run(in + i, n - i, out + i);
}

void encode_bf16_run(const float* x, std::size_t n, std::uint16_t* out) {
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const v128_t low = bf16_of(wasm_v128_load(x + i));
    const v128_t high = bf16_of(wasm_v128_load(x + i + 4));
    wasm_v128_store(out + i, wasm_u16x8_narrow_i32x4(low, high));
  }
  scalar::encode_bf16_run(x + i, n - i, out + i);
}

void decode_bf16_run(const std::uint16_t* in, std::size_t n, float* out) {
  const v128_t zero = wasm_i32x4_splat(0);
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const v128_t v = wasm_v128_load(in + i);
    wasm_v128_store(out + i, wasm_i16x8_shuffle(zero, v, 0, 8, 0, 9, 0, 10, 0, 11));
    wasm_v128_store(out + i + 4, wasm_i16x8_shuffle(zero, v, 0, 12, 0, 13, 0, 14, 0, 15));
  }
  scalar::decode_bf16_run(in + i, n - i, out + i);
}

}  // namespace fewbits::floats::simd

#endif  // FEWBITS_SIMD
