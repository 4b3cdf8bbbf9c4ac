// Widening and matrix products with SIMD, on int16 pairs.

#include "simd/simd.h"

#include "linear/kernels.h"

#if FEWBITS_SIMD

namespace fewbits::linear::simd {
namespace {

using fewbits::simd::madd_f32x4;
using fewbits::simd::sums_f32x4;
using fewbits::simd::sums_i32x4;

/// kRows rows of a times 4 of b: 4 * kRows accumulators live in registers.
template <int kRows>
void tile(const std::int16_t* a, const std::int16_t* b, std::size_t stride, std::int32_t* out,
          std::size_t ldo) {
  v128_t acc[kRows][4];
  for (int r = 0; r < kRows; ++r) {
    for (int c = 0; c < 4; ++c) acc[r][c] = wasm_i32x4_splat(0);
  }
  for (std::size_t p = 0; p < stride; p += 8) {
    v128_t row[kRows];
    for (int r = 0; r < kRows; ++r) row[r] = wasm_v128_load(a + r * stride + p);
    for (int c = 0; c < 4; ++c) {
      const v128_t column = wasm_v128_load(b + c * stride + p);
      for (int r = 0; r < kRows; ++r) {
        acc[r][c] = wasm_i32x4_add(acc[r][c], wasm_i32x4_dot_i16x8(row[r], column));
      }
    }
  }
  for (int r = 0; r < kRows; ++r) {
    wasm_v128_store(out + r * ldo, sums_i32x4(acc[r][0], acc[r][1], acc[r][2], acc[r][3]));
  }
}

std::int32_t dot(const std::int16_t* a, const std::int16_t* b, std::size_t stride) {
  v128_t acc = wasm_i32x4_splat(0);
  for (std::size_t p = 0; p < stride; p += 8) {
    acc = wasm_i32x4_add(acc, wasm_i32x4_dot_i16x8(wasm_v128_load(a + p), wasm_v128_load(b + p)));
  }
  return fewbits::simd::sum_i32x4(acc);
}

template <int kRows>
void tile_f32(const float* a, const float* b, std::size_t k, float* out, std::size_t ldo) {
  v128_t acc[kRows][4];
  for (int r = 0; r < kRows; ++r) {
    for (int c = 0; c < 4; ++c) acc[r][c] = wasm_f32x4_splat(0);
  }
  std::size_t p = 0;
  for (; p + 4 <= k; p += 4) {
    v128_t row[kRows];
    for (int r = 0; r < kRows; ++r) row[r] = wasm_v128_load(a + r * k + p);
    for (int c = 0; c < 4; ++c) {
      const v128_t column = wasm_v128_load(b + c * k + p);
      for (int r = 0; r < kRows; ++r) acc[r][c] = madd_f32x4(row[r], column, acc[r][c]);
    }
  }
  for (int r = 0; r < kRows; ++r) {
    float* const row = out + r * ldo;
    wasm_v128_store(row, sums_f32x4(acc[r][0], acc[r][1], acc[r][2], acc[r][3]));
    for (std::size_t q = p; q < k; ++q) {
      for (int c = 0; c < 4; ++c) row[c] += a[r * k + q] * b[c * k + q];
    }
  }
}

/// Rows of a matrix that stay in the first-level cache while the other one passes by.
constexpr std::size_t kPanel = 4;

}  // namespace

void widen_i8(const std::int8_t* in, std::size_t n, std::int16_t* out) {
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) wasm_v128_store(out + i, wasm_i16x8_load8x8(in + i));
  scalar::widen_i8(in + i, n - i, out + i);
}

void widen_u8(const std::uint8_t* in, std::size_t n, std::int16_t* out) {
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) wasm_v128_store(out + i, wasm_u16x8_load8x8(in + i));
  scalar::widen_u8(in + i, n - i, out + i);
}

void widen_i4(const std::uint8_t* in, std::size_t n, std::int16_t* out) {
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const v128_t pairs = wasm_u16x8_load8x8(in + i / 2);
    // Each nibble moves to the top of its lane, then back with its sign.
    const v128_t even = wasm_i16x8_shr(wasm_i16x8_shl(pairs, 12), 12);
    const v128_t odd = wasm_i16x8_shr(wasm_i16x8_shl(pairs, 8), 12);
    wasm_v128_store(out + i, wasm_i16x8_shuffle(even, odd, 0, 8, 1, 9, 2, 10, 3, 11));
    wasm_v128_store(out + i + 8, wasm_i16x8_shuffle(even, odd, 4, 12, 5, 13, 6, 14, 7, 15));
  }
  scalar::widen_i4(in + i / 2, n - i, out + i);
}

void multiply(const std::int16_t* a, std::size_t m, const std::int16_t* b, std::size_t n,
              std::size_t stride, std::int32_t* out, std::size_t ldo) {
  std::size_t j = 0;
  for (; j + kPanel <= n; j += kPanel) {
    const std::int16_t* panel = b + j * stride;
    std::size_t i = 0;
    for (; i + 3 <= m; i += 3) tile<3>(a + i * stride, panel, stride, out + i * ldo + j, ldo);
    for (; i < m; ++i) tile<1>(a + i * stride, panel, stride, out + i * ldo + j, ldo);
  }
  for (; j < n; ++j) {
    for (std::size_t i = 0; i < m; ++i) {
      out[i * ldo + j] = dot(a + i * stride, b + j * stride, stride);
    }
  }
}

void multiply_f32(const float* a, std::size_t m, const float* b, std::size_t n, std::size_t k,
                  float* out, std::size_t ldo) {
  std::size_t j = 0;
  for (; j + kPanel <= n; j += kPanel) {
    std::size_t i = 0;
    for (; i + 3 <= m; i += 3) tile_f32<3>(a + i * k, b + j * k, k, out + i * ldo + j, ldo);
    for (; i < m; ++i) tile_f32<1>(a + i * k, b + j * k, k, out + i * ldo + j, ldo);
  }
  scalar::multiply_f32(a, m, b + j * k, n - j, k, out + j, ldo);
}

}  // namespace fewbits::linear::simd

#endif  // FEWBITS_SIMD
