// float16 and bfloat16 with SIMD integers.

#include "simd/simd.h"

#include "floats/encode_simd.h"
#include "floats/kernels.h"

#if FEWBITS_SIMD

namespace fewbits::floats::simd {
namespace {

using fewbits::simd::constant_f32x4;
using fewbits::simd::constant_i32x4;

// Rare values, NaN in the encoders and infinities and NaN in the float16 decoder, go to the scalar
// reference, some values at a time; the rest needs no special cases.

/// Finite float16 values as floats.
struct FromF16 {
  v128_t sign_and_rest = constant_i32x4(static_cast<std::int32_t>(0x8FFF8FFFu));
  v128_t scale = constant_f32x4(0x1p112f);

  /// The multiplication adjusts the exponent, and normalizes subnormals.
  void operator()(v128_t halves, float* out) const {
    const v128_t lower = wasm_i16x8_shl(halves, 13);
    const v128_t upper = wasm_v128_and(wasm_i16x8_shr(halves, 3), sign_and_rest);
    const v128_t low = wasm_i16x8_shuffle(lower, upper, 0, 8, 1, 9, 2, 10, 3, 11);
    const v128_t high = wasm_i16x8_shuffle(lower, upper, 4, 12, 5, 13, 6, 14, 7, 15);
    wasm_v128_store(out, wasm_f32x4_mul(low, scale));
    wasm_v128_store(out + 4, wasm_f32x4_mul(high, scale));
  }
};

/// float16 bits of eight floats; NaN becomes an infinity.
struct ToF16 {
  v128_t magnitude = constant_i32x4(0x7FFFFFFF);
  v128_t most = constant_i32x4(0x47800000);  // 2^16, which becomes infinity
  v128_t exponent = constant_i32x4(0x7F800000);
  v128_t least_exponent = constant_i32x4(0x38800000);
  v128_t lift = constant_i32x4(13 << 23);
  v128_t rebias = constant_i32x4((127 + 13 - 14) << 10);
  v128_t sign = constant_i32x4(static_cast<std::int32_t>(0x80008000u));

  v128_t operator()(v128_t low, v128_t high) const {
    const v128_t halves = wasm_i16x8_narrow_i32x4(unsigned_half(low), unsigned_half(high));
    // Saturation keeps the signs.
    return wasm_v128_or(halves, wasm_v128_and(wasm_i16x8_narrow_i32x4(low, high), sign));
  }

  /// Rounds by float addition: a power of two is added to |x| whose last bit is the last that
  /// float16 has at that exponent. The part of the sum above that power is the significand,
  /// including its leading one, which counts as one step of the exponent.
  v128_t unsigned_half(v128_t x) const {
    const v128_t absolute = wasm_i32x4_min(wasm_v128_and(x, magnitude), most);
    const v128_t power =
        wasm_i32x4_add(wasm_i32x4_max(wasm_v128_and(absolute, exponent), least_exponent), lift);
    const v128_t significand = wasm_i32x4_sub(wasm_f32x4_add(power, absolute), power);
    return wasm_i32x4_add(wasm_i32x4_sub(wasm_u32x4_shr(power, 13), rebias), significand);
  }
};

/// bfloat16 bits of eight floats that are not NaN.
struct ToBf16 {
  v128_t below_half = constant_i32x4(0x7FFF);
  v128_t one = constant_i32x4(1);

  v128_t operator()(v128_t low, v128_t high) const {
    return wasm_u16x8_narrow_i32x4(rounded(low), rounded(high));
  }

  v128_t rounded(v128_t x) const {
    const v128_t odd = wasm_v128_and(wasm_u32x4_shr(x, 16), one);
    return wasm_u32x4_shr(wasm_i32x4_add(wasm_i32x4_add(x, below_half), odd), 16);
  }
};

/// Encodes a group; returns whether a half is infinite (NaN becomes an infinity), zero or
/// subnormal. One comparison finds both: an exponent plus its lowest bit is negative for the
/// highest exponent, and equals that bit, below all others, for the lowest. Literals, as registers
/// are too few for more constants.
struct F16Group {
  ToF16 convert;

  bool operator()(const float* x, std::uint16_t* out) const {
    v128_t least = wasm_i16x8_splat(0x7FFF);
    for (std::size_t i = 0; i < kGroup; i += 8) {
      const v128_t halves = convert(wasm_v128_load(x + i), wasm_v128_load(x + i + 4));
      wasm_v128_store(out + i, halves);
      const v128_t exponents = wasm_v128_and(halves, wasm_i16x8_splat(0x7C00));
      least = wasm_i16x8_min(least, wasm_i16x8_add(exponents, wasm_i16x8_splat(0x0400)));
    }
    return wasm_v128_any_true(wasm_i16x8_lt(least, wasm_i16x8_splat(0x0401)));
  }
};

/// Encodes a group; returns whether a value is NaN or rounds to an infinity.
struct Bf16Group {
  ToBf16 convert;
  v128_t magnitude = constant_i32x4(0x7FFFFFFF);
  v128_t largest = constant_i32x4(0x7F7F7FFF);

  bool operator()(const float* x, std::uint16_t* out) const {
    v128_t most = wasm_i32x4_splat(0);
    FEWBITS_ROLLED
    for (std::size_t i = 0; i < kGroup; i += 8) {
      const v128_t low = wasm_v128_load(x + i);
      const v128_t high = wasm_v128_load(x + i + 4);
      wasm_v128_store(out + i, convert(low, high));
      most = wasm_i32x4_max(
          most, wasm_i32x4_max(wasm_v128_and(low, magnitude), wasm_v128_and(high, magnitude)));
    }
    return wasm_v128_any_true(wasm_i32x4_gt(most, largest));
  }
};

template <typename Group>
std::size_t encode_groups(const float* x, std::size_t n, std::uint16_t* out) {
  const Group encode;
  std::size_t i = 0;
  while (i + kGroup <= n && !encode(x + i, out + i)) i += kGroup;
  return i;
}

/// Encodes everything: groups, then what they leave to the reference.
void encode_run(const float* x, std::size_t n, std::uint16_t* out,
                std::size_t (*groups)(const float*, std::size_t, std::uint16_t*),
                void (*reference)(const float*, std::size_t, std::uint16_t*)) {
  for (std::size_t i = 0; i < n; i += kGroup) {
    i += groups(x + i, n - i, out + i);
    const std::size_t rest = n - i < kGroup ? n - i : kGroup;
    if (rest < kGroup || has_nan(x + i)) reference(x + i, rest, out + i);
  }
}

/// Decodes 16 values at a time until one is an infinity or NaN; returns how many.
[[gnu::noinline]] std::size_t decode_finite(const std::uint16_t* in, std::size_t n, float* out) {
  const FromF16 convert;
  const v128_t exponent = constant_i32x4(0x7C007C00);
  const auto special = [exponent](v128_t halves) {
    return wasm_i16x8_eq(wasm_v128_and(halves, exponent), exponent);
  };
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const v128_t first = wasm_v128_load(in + i);
    const v128_t second = wasm_v128_load(in + i + 8);
    if (wasm_v128_any_true(wasm_v128_or(special(first), special(second)))) break;
    convert(first, out + i);
    convert(second, out + i + 8);
  }
  return i;
}

}  // namespace

std::size_t encode_f16_groups(const float* x, std::size_t n, std::uint16_t* out) {
  return encode_groups<F16Group>(x, n, out);
}

std::size_t encode_bf16_groups(const float* x, std::size_t n, std::uint16_t* out) {
  return encode_groups<Bf16Group>(x, n, out);
}

bool has_nan(const float* x) {
  v128_t ordered = wasm_i32x4_splat(-1);
  FEWBITS_ROLLED
  for (std::size_t i = 0; i < kGroup; i += 4) {
    const v128_t v = wasm_v128_load(x + i);
    ordered = wasm_v128_and(ordered, wasm_f32x4_eq(v, v));
  }
  return !wasm_i32x4_all_true(ordered);
}

void encode_f16_run(const float* x, std::size_t n, std::uint16_t* out) {
  encode_run(x, n, out, encode_f16_groups, scalar::encode_f16_run);
}

void decode_f16_run(const std::uint16_t* in, std::size_t n, float* out) {
  for (std::size_t i = 0; i < n;) {
    i += decode_finite(in + i, n - i, out + i);
    const std::size_t rest = n - i < 16 ? n - i : 16;
    scalar::decode_f16_run(in + i, rest, out + i);
    i += rest;
  }
}

void encode_bf16_run(const float* x, std::size_t n, std::uint16_t* out) {
  encode_run(x, n, out, encode_bf16_groups, scalar::encode_bf16_run);
}

void decode_bf16_run(const std::uint16_t* in, std::size_t n, float* out) {
  // Not a literal, from which LLVM would make a shuffle that takes V8 three instructions.
  const v128_t zero = constant_i32x4(0);
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const v128_t v = wasm_v128_load(in + i);
    wasm_v128_store(out + i, wasm_i16x8_shuffle(zero, v, 0, 8, 1, 9, 2, 10, 3, 11));
    wasm_v128_store(out + i + 4, wasm_i16x8_shuffle(zero, v, 4, 12, 5, 13, 6, 14, 7, 15));
  }
  scalar::decode_bf16_run(in + i, n - i, out + i);
}

}  // namespace fewbits::floats::simd

#endif  // FEWBITS_SIMD
