// The wrappers of SIMD intrinsics, against plain loops.

#include "simd/simd.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>

#if FEWBITS_SIMD

namespace fewbits::simd {
namespace {

#if defined(__wasm_relaxed_simd__)

TEST(Simd, DotOfSignedAndSevenBitEqualsTheSum) {
  std::mt19937 random(1);
  for (int round = 0; round < 1000; ++round) {
    std::int8_t a[16];
    std::int8_t b[16];
    for (int i = 0; i < 16; ++i) {
      a[i] = static_cast<std::int8_t>(round == 0 ? -128 : static_cast<int>(random() & 255) - 128);
      b[i] = static_cast<std::int8_t>(round == 0 ? 127 : static_cast<int>(random() & 127));
    }
    const v128_t seven = wasm_i32x4_splat(7);
    const v128_t code = wasm_v128_load(a);
    const v128_t value = wasm_v128_load(b);
    std::int32_t sum[4];
    std::int32_t of_pairs[4];
    wasm_v128_store(sum, dot_i8x16_u7x16_add(code, value, seven));
    wasm_v128_store(of_pairs, dot_i8x16_u7x16_add_pairs(code, value, seven, wasm_i16x8_splat(1)));
    for (int lane = 0; lane < 4; ++lane) {
      int expected = 7;
      for (int j = 0; j < 4; ++j) expected += a[4 * lane + j] * b[4 * lane + j];
      ASSERT_EQ(sum[lane], expected);
      ASSERT_EQ(of_pairs[lane], expected);
    }
  }
}

#endif

TEST(Simd, LookupPicksFromTheTable) {
  const v128_t table =
      wasm_i8x16_const(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);
  std::int8_t values[16];
  wasm_v128_store(values, table);
  std::int8_t picked[16];
  wasm_v128_store(picked, lookup16(table, wasm_i8x16_const(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4,
                                                           3, 2, 1, 0)));
  for (int i = 0; i < 16; ++i) EXPECT_EQ(picked[i], values[15 - i]);
}

}  // namespace
}  // namespace fewbits::simd

#endif
