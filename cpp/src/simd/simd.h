// The 128-bit vectors of each platform. Kernels are written once, in the intrinsics of
// wasm_simd128.h:
//   WebAssembly        the compiler's own header; relaxed SIMD where the variant has it
//   native (tests)     SIMDe's implementation of the same header, where it is installed
// FEWBITS_SIMD is 1 where vectors are available; without it only the scalar reference is built.

#pragma once

#if FEWBITS_SIMD

#include <cstdint>

#include "simd/opaque.h"

#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
#else
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/wasm/simd128.h>
using v128_t = simde_v128_t;
#endif

// For loops that gain no speed from unrolling, which costs code size; and for short ones over
// arrays of vectors, which become registers only when unrolled, also where the rest is compiled for
// size.
#if defined(__clang__)
#define FEWBITS_ROLLED _Pragma("clang loop unroll(disable)")
#define FEWBITS_UNROLLED _Pragma("clang loop unroll(full)")
#else
#define FEWBITS_ROLLED
#define FEWBITS_UNROLLED
#endif

namespace fewbits::simd {

// Vector constants for loops: they stay in a register, where a literal would be built again at
// every use (V8 does not hoist it, and it takes several instructions).
inline v128_t constant_i32x4(std::int32_t value) {
  return wasm_i32x4_splat(opaque(value));
}
inline v128_t constant_f32x4(float value) {
  return wasm_f32x4_splat(opaque(value));
}
inline v128_t constant_bytes(const std::uint8_t (&bytes)[16]) {
  return wasm_v128_load(opaque(&bytes[0]));
}

#if defined(__wasm_relaxed_simd__)
/// acc[i] + sum over j of a[4i+j] * b[4i+j] for i in 0..3. `a` may hold any int8; `b` must be in
/// 0..127, where the instruction has the same result on every engine.
inline v128_t dot_i8x16_u7x16_add(v128_t a, v128_t b, v128_t acc) {
  return wasm_i32x4_relaxed_dot_i8x16_i7x16_add(a, b, acc);
}

/// The same for engines where that takes two multiplications and creates `ones` (of 16 bits) again
/// at each use: here they stay in a register.
inline v128_t dot_i8x16_u7x16_add_pairs(v128_t a, v128_t b, v128_t acc, v128_t ones) {
  return wasm_i32x4_add(acc, wasm_i32x4_dot_i16x8(wasm_i16x8_relaxed_dot_i8x16_i7x16(a, b), ones));
}

/// Whether it does, as on x86 before AVX-VNNI: only there does a product of out-of-range operands
/// saturate.
inline bool dot_is_two_multiplications() {
  const v128_t out_of_range = wasm_i8x16_splat(opaque(std::int8_t{-1}));
  const v128_t sums = dot_i8x16_u7x16_add(wasm_i8x16_splat(127), out_of_range, wasm_i32x4_splat(0));
  return wasm_i32x4_extract_lane(sums, 0) == 2 * 32767;
}
#endif

/// table[index] for 16 indices in 0..15 at once, 0 for those in 128..255: for these the relaxed
/// swizzle has one result too, and saves x86 the saturation of the strict one.
inline v128_t lookup16(v128_t table, v128_t index) {
#if defined(__wasm_relaxed_simd__)
  return wasm_i8x16_relaxed_swizzle(table, index);
#else
  return wasm_i8x16_swizzle(table, index);
#endif
}

/// round(a * b / 2^15) in 16 bits, halves up. Not for -32768 * -32768, the only product on which
/// engines may differ.
inline v128_t mulr_q15(v128_t a, v128_t b) {
#if defined(__wasm_relaxed_simd__)
  return wasm_i16x8_relaxed_q15mulr(a, b);
#else
  return wasm_i16x8_q15mulr_sat(a, b);
#endif
}

/// a * b + c, fused or not depending on the engine: only where a tolerance is stated, never in an
/// encoder.
inline v128_t madd_f32x4(v128_t a, v128_t b, v128_t c) {
#if defined(__wasm_relaxed_simd__)
  return wasm_f32x4_relaxed_madd(a, b, c);
#else
  return wasm_f32x4_add(wasm_f32x4_mul(a, b), c);
#endif
}

inline float sum_f32x4(v128_t v) {
  return (wasm_f32x4_extract_lane(v, 0) + wasm_f32x4_extract_lane(v, 1)) +
         (wasm_f32x4_extract_lane(v, 2) + wasm_f32x4_extract_lane(v, 3));
}

/// Lane i of the result: sum_f32x4 of the i-th argument.
inline v128_t sums_f32x4(v128_t a, v128_t b, v128_t c, v128_t d) {
  const v128_t ab_low = wasm_i32x4_shuffle(a, b, 0, 4, 1, 5);
  const v128_t ab_high = wasm_i32x4_shuffle(a, b, 2, 6, 3, 7);
  const v128_t cd_low = wasm_i32x4_shuffle(c, d, 0, 4, 1, 5);
  const v128_t cd_high = wasm_i32x4_shuffle(c, d, 2, 6, 3, 7);
  return wasm_f32x4_add(wasm_f32x4_add(wasm_i64x2_shuffle(ab_low, cd_low, 0, 2),
                                       wasm_i64x2_shuffle(ab_low, cd_low, 1, 3)),
                        wasm_f32x4_add(wasm_i64x2_shuffle(ab_high, cd_high, 0, 2),
                                       wasm_i64x2_shuffle(ab_high, cd_high, 1, 3)));
}

/// Lane i of the result: the sum of the lanes of the i-th argument.
inline v128_t sums_i32x4(v128_t a, v128_t b, v128_t c, v128_t d) {
  const v128_t ab =
      wasm_i32x4_add(wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), wasm_i32x4_shuffle(a, b, 2, 6, 3, 7));
  const v128_t cd =
      wasm_i32x4_add(wasm_i32x4_shuffle(c, d, 0, 4, 1, 5), wasm_i32x4_shuffle(c, d, 2, 6, 3, 7));
  return wasm_i32x4_add(wasm_i32x4_shuffle(ab, cd, 0, 1, 4, 5),
                        wasm_i32x4_shuffle(ab, cd, 2, 3, 6, 7));
}

inline int sum_i32x4(v128_t v) {
  return wasm_i32x4_extract_lane(v, 0) + wasm_i32x4_extract_lane(v, 1) +
         wasm_i32x4_extract_lane(v, 2) + wasm_i32x4_extract_lane(v, 3);
}

}  // namespace fewbits::simd

#endif  // FEWBITS_SIMD
