#include "simd/simd.h"

#include "floats/kernels.h"

#if FEWBITS_SIMD

namespace fewbits::floats::simd {
namespace {

using fewbits::simd::constant_f32x4;
using fewbits::simd::constant_i32x4;

// What is rare, NaN in an encoder and everything beyond the finite in the float16 decoder, goes to
// the scalar reference eight values at a time; the rest needs no cases.

struct ToF16 {
  v128_t magnitude = constant_i32x4(0x7FFFFFFF);
  v128_t up = constant_f32x4(0x1p112f);
  v128_t down = constant_f32x4(0x1p-110f);
  v128_t exponent = constant_i32x4(0x7F800000);
  v128_t least_exponent = constant_i32x4(0x38800000);
  v128_t lift = constant_i32x4(0x07800000);
  v128_t f16_exponent = constant_i32x4(0x7C00);
  v128_t f16_rest = constant_i32x4(0x0FFF);

  /// Rounding is left to float addition: `x` times 4 (by way of 2^112, where what is too large for
  /// float16 becomes infinite) is added to a power of two whose last bit is the last of float16.
  v128_t operator()(v128_t x) const {
    const v128_t absolute = wasm_v128_and(x, magnitude);
    const v128_t base = wasm_f32x4_mul(wasm_f32x4_mul(absolute, up), down);
    const v128_t bias = wasm_i32x4_max(wasm_v128_and(absolute, exponent), least_exponent);
    const v128_t sum = wasm_f32x4_add(wasm_i32x4_add(bias, lift), base);
    const v128_t half = wasm_i32x4_add(wasm_v128_and(wasm_u32x4_shr(sum, 13), f16_exponent),
                                       wasm_v128_and(sum, f16_rest));
    const v128_t sign = wasm_v128_andnot(x, magnitude);
    return wasm_v128_or(half, wasm_u32x4_shr(sign, 16));
  }
};

struct FromF16 {
  v128_t magnitude = constant_i32x4(0x7FFF);
  v128_t scale = constant_f32x4(0x1p112f);

  /// For finite values: the multiplication moves the exponent, and normalizes what is subnormal.
  v128_t operator()(v128_t half) const {
    const v128_t value = wasm_f32x4_mul(wasm_i32x4_shl(wasm_v128_and(half, magnitude), 13), scale);
    const v128_t sign = wasm_i32x4_shl(wasm_v128_andnot(half, magnitude), 16);
    return wasm_v128_or(value, sign);
  }
};

struct ToBf16 {
  v128_t below_half = constant_i32x4(0x7FFF);
  v128_t one = constant_i32x4(1);

  v128_t operator()(v128_t x) const {
    const v128_t odd = wasm_v128_and(wasm_u32x4_shr(x, 16), one);
    return wasm_u32x4_shr(wasm_i32x4_add(wasm_i32x4_add(x, below_half), odd), 16);
  }
};

bool any_nan(v128_t a, v128_t b) {
  return wasm_v128_any_true(wasm_v128_or(wasm_f32x4_ne(a, a), wasm_f32x4_ne(b, b)));
}

template <typename Convert>
void encode_run(const float* x, std::size_t n, std::uint16_t* out,
                void (*reference)(const float*, std::size_t, std::uint16_t*)) {
  const Convert convert;
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const v128_t low = wasm_v128_load(x + i);
    const v128_t high = wasm_v128_load(x + i + 4);
    if (any_nan(low, high)) {
      reference(x + i, 8, out + i);
    } else {
      wasm_v128_store(out + i, wasm_u16x8_narrow_i32x4(convert(low), convert(high)));
    }
  }
  reference(x + i, n - i, out + i);
}

}  // namespace

void encode_f16_run(const float* x, std::size_t n, std::uint16_t* out) {
  encode_run<ToF16>(x, n, out, scalar::encode_f16_run);
}

void decode_f16_run(const std::uint16_t* in, std::size_t n, float* out) {
  const FromF16 convert;
  const v128_t exponent = wasm_i16x8_splat(fewbits::simd::opaque<std::int16_t>(0x7C00));
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const v128_t halves = wasm_v128_load(in + i);
    if (wasm_v128_any_true(wasm_i16x8_eq(wasm_v128_and(halves, exponent), exponent))) {
      scalar::decode_f16_run(in + i, 8, out + i);
      continue;
    }
    wasm_v128_store(out + i, convert(wasm_u32x4_extend_low_u16x8(halves)));
    wasm_v128_store(out + i + 4, convert(wasm_u32x4_extend_high_u16x8(halves)));
  }
  scalar::decode_f16_run(in + i, n - i, out + i);
}

void encode_bf16_run(const float* x, std::size_t n, std::uint16_t* out) {
  encode_run<ToBf16>(x, n, out, scalar::encode_bf16_run);
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
