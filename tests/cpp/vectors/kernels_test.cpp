// The scalar and SIMD kernels of the index against each other.

#include "vectors/code/kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#if FEWBITS_SIMD

namespace fewbits::vectors {
namespace {

std::mt19937 random_bits(1);

template <typename T>
std::vector<T> integers(std::size_t n, int low, int high) {
  std::uniform_int_distribution<int> uniform(low, high);
  std::vector<T> values(n);
  for (T& value : values) value = static_cast<T>(uniform(random_bits));
  return values;
}

std::vector<float> normals(std::size_t n, float scale = 1) {
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> values(n);
  for (float& value : values) value = normal(random_bits);
  return values;
}

template <typename T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  return a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

TEST(VectorKernels, HadamardIsTheSame) {
  for (std::size_t n = 1; n <= 4096; n *= 2) {
    std::vector<float> a = normals(n);
    std::vector<float> b = a;
    scalar::hadamard(a.data(), n);
    simd::hadamard(b.data(), n);
    EXPECT_EQ(a, b) << n;
    const std::vector<float> x = normals(n);
    const std::vector<float> factors = normals(n);
    scalar::flip_hadamard(x.data(), factors.data(), a.data(), n);
    simd::flip_hadamard(x.data(), factors.data(), b.data(), n);
    EXPECT_EQ(a, b) << n;
    b = x;
    simd::flip_hadamard(b.data(), factors.data(), b.data(), n);
    EXPECT_EQ(a, b) << n;
  }
}

TEST(VectorKernels, FloatLoopsAreTheSame) {
  for (std::size_t n = 0; n < 70; ++n) {
    const std::vector<float> x = normals(n, 30);
    std::vector<float> a = normals(n);
    std::vector<float> b = a;
    scalar::multiply(x.data(), a.data(), a.data(), n);
    simd::multiply(x.data(), b.data(), b.data(), n);
    EXPECT_TRUE(same(a, b));
    EXPECT_EQ(scalar::sum_squares(x.data(), n), simd::sum_squares(x.data(), n));
    const std::vector<std::int8_t> levels = integers<std::int8_t>(n, -128, 127);
    EXPECT_EQ(scalar::dot_levels(x.data(), levels.data(), n),
              simd::dot_levels(x.data(), levels.data(), n));
    std::vector<std::int16_t> c(n);
    std::vector<std::int16_t> d(n);
    for (const float scale : {1.0f, 0.5f, 300.0f, 20000.0f}) {
      scalar::to_fixed(x.data(), n, scale, c.data());
      simd::to_fixed(x.data(), n, scale, d.data());
      EXPECT_EQ(c, d);
    }
  }
}

TEST(VectorKernels, QuantizeIsTheSame) {
  for (const int bits : {1, 2, 3, 4, 5, 6, 8}) {
    const Codebook& book = *codebook(bits);
    for (const std::size_t n : {0, 1, 15, 16, 17, 64, 300, 2047, 2048, 5000}) {
      for (const int reach : {3000, 8000, 32767}) {
        std::vector<std::int16_t> fixed = integers<std::int16_t>(n, -reach, reach);
        if (n > 1) fixed[n / 2] = static_cast<std::int16_t>(-reach);
        for (const std::int16_t multiplier : std::initializer_list<std::int16_t>{1, 700, 2500}) {
          std::vector<std::uint8_t> a(n);
          std::vector<std::uint8_t> b(n);
          const CodeSums one = scalar::quantize(fixed.data(), n, multiplier, book, a.data());
          const CodeSums two = simd::quantize(fixed.data(), n, multiplier, book, b.data());
          ASSERT_EQ(a, b) << bits;
          ASSERT_EQ(one.product, two.product);
          ASSERT_EQ(one.square, two.square);
          ASSERT_EQ(one.level, two.level);
          const CodeSums three = scalar::align(fixed.data(), n, multiplier, book);
          const CodeSums four = simd::align(fixed.data(), n, multiplier, book);
          ASSERT_EQ(one.product, three.product);
          ASSERT_EQ(one.square, three.square);
          ASSERT_EQ(one.product, four.product);
          ASSERT_EQ(one.square, four.square);
        }
      }
    }
  }
}

TEST(VectorKernels, FindIsTheSame) {
  for (std::size_t n = 0; n < 100; ++n) {
    const std::vector<std::int8_t> x = integers<std::int8_t>(n, -2, 2);
    for (const std::size_t room : {0, 1, 32, 100}) {
      std::vector<std::uint16_t> a(room);
      std::vector<std::uint16_t> b(room);
      EXPECT_EQ(scalar::find(x.data(), n, -2, 2, room, a.data()),
                simd::find(x.data(), n, -2, 2, room, b.data()));
      EXPECT_EQ(a, b);
    }
  }
}

TEST(VectorKernels, LevelsOfCodesAreTheSame) {
  const std::vector<std::int8_t> of_code = integers<std::int8_t>(16, -128, 127);
  for (std::size_t n = 0; n < 70; ++n) {
    const std::vector<std::uint8_t> codes = integers<std::uint8_t>(n, 0, 15);
    std::vector<std::int8_t> a = integers<std::int8_t>(n, -128, 127);
    std::vector<std::int8_t> b = a;
    scalar::add_levels(codes.data(), n, of_code.data(), a.data());
    simd::add_levels(codes.data(), n, of_code.data(), b.data());
    EXPECT_EQ(a, b);
  }
}

TEST(VectorKernels, ColumnsAreTheSame) {
  for (const std::size_t bytes : {1, 2, 15, 16, 17, 33, 48, 192}) {
    const std::vector<std::uint8_t> rows = integers<std::uint8_t>(kColumnRows * bytes, 0, 255);
    for (std::size_t slot = 0; slot < kBlockRows; slot += kColumnRows) {
      std::vector<std::uint8_t> a(kBlockRows * bytes, 7);
      std::vector<std::uint8_t> b = a;
      scalar::to_columns(rows.data(), bytes, a.data() + slot);
      simd::to_columns(rows.data(), bytes, b.data() + slot);
      ASSERT_EQ(a, b);
      std::vector<std::uint8_t> back(kColumnRows * bytes);
      simd::from_columns(b.data() + slot, bytes, back.data());
      ASSERT_EQ(back, rows);
      scalar::from_columns(b.data() + slot, bytes, back.data());
      ASSERT_EQ(back, rows);
    }
  }
}

TEST(VectorKernels, BitScanIsTheSame) {
  for (const std::size_t bytes : {1, 2, 30, 31, 32, 62, 63, 96, 128, 1000, 2048}) {
    const std::vector<std::uint8_t> codes = integers<std::uint8_t>(bytes * kBlockRows, 0, 255);
    std::vector<std::uint8_t> query = integers<std::uint8_t>(bytes, 0, 255);
    for (const bool all : {false, true}) {
      std::vector<std::uint8_t> rows = codes;
      if (all) {
        // Every bit differs: the largest possible sums.
        std::fill(rows.begin(), rows.end(), std::uint8_t{0xFF});
        std::fill(query.begin(), query.end(), std::uint8_t{0});
      }
      std::vector<std::int32_t> a(kBlockRows);
      std::vector<std::int32_t> b(kBlockRows, 77);
      scalar::bit_scan(rows.data(), bytes, query.data(), a.data());
      simd::bit_scan(rows.data(), bytes, query.data(), b.data());
      ASSERT_EQ(a, b) << bytes;
      if (all) {
        ASSERT_EQ(a[63], static_cast<std::int32_t>(8 * bytes));
      }
    }
  }
}

TEST(VectorKernels, TableScanIsTheSame) {
  for (const std::size_t bytes : {1, 2, 3, 4, 5, 37, 48, 129, 1023, 1024, 1027, 1028, 2049}) {
    const std::vector<std::uint8_t> codes = integers<std::uint8_t>(bytes * kBlockRows, 0, 255);
    std::vector<std::uint8_t> lut = integers<std::uint8_t>(bytes * 32, 0, 255);
    for (const bool full : {false, true}) {
      if (full) std::fill(lut.begin(), lut.end(), std::uint8_t{255});
      std::vector<std::int32_t> a(kBlockRows);
      std::vector<std::int32_t> b(kBlockRows, 77);
      scalar::lut_scan(codes.data(), bytes, lut.data(), a.data());
      simd::lut_scan(codes.data(), bytes, lut.data(), b.data());
      ASSERT_EQ(a, b) << bytes;
    }
  }
}

TEST(VectorKernels, DotScansAreTheSame) {
  for (const std::size_t stride : {16, 48, 64, 80, 384, 1024}) {
    for (const bool full : {false, true}) {
      std::vector<std::int8_t> rows = integers<std::int8_t>(kBlockRows * stride, -128, 127);
      std::vector<std::uint8_t> query = integers<std::uint8_t>(4 * stride, 0, 127);
      if (full) {
        std::fill(rows.begin(), rows.end(), std::int8_t{-128});
        std::fill(query.begin(), query.end(), std::uint8_t{127});
      }
      std::vector<std::int32_t> a(4 * kBlockRows);
      std::vector<std::int32_t> b(4 * kBlockRows);
      scalar::dot_scan4(rows.data(), stride, query.data(), a.data());
      simd::dot_scan4(rows.data(), stride, query.data(), b.data());
      ASSERT_EQ(a, b);
      simd::dot_scan(rows.data(), stride, query.data(), b.data());
      ASSERT_EQ(a, b);
      scalar::row_sums(rows.data(), stride, a.data());
      simd::row_sums(rows.data(), stride, b.data());
      ASSERT_EQ(a, b);
    }
  }
}

TEST(VectorKernels, EstimatesAreTheSame) {
  for (int round = 0; round < 100; ++round) {
    const std::vector<std::int32_t> sums = integers<std::int32_t>(kBlockRows, -100000, 100000);
    const std::vector<float> added = normals(kBlockRows);
    std::vector<float> factors = normals(kBlockRows);
    factors[3] = 0;
    factors[4] = NAN;
    std::vector<float> a(kBlockRows);
    std::vector<float> b(kBlockRows);
    for (const float threshold : {0.0f, 0.5f, -INFINITY, INFINITY}) {
      for (const float* more : {static_cast<const float*>(nullptr), added.data()}) {
        ASSERT_EQ(scalar::estimate(sums.data(), 0.25f, 1e-5f, factors.data(), more, -0.7f,
                                   threshold, a.data()),
                  simd::estimate(sums.data(), 0.25f, 1e-5f, factors.data(), more, -0.7f, threshold,
                                 b.data()));
        a[4] = b[4] = 0;  // a NaN may have any sign
        ASSERT_TRUE(same(a, b));
        ASSERT_EQ(scalar::above(a.data(), more, -0.7f, threshold),
                  simd::above(b.data(), more, -0.7f, threshold));
        ASSERT_TRUE(same(a, b));
      }
    }
  }
}

}  // namespace
}  // namespace fewbits::vectors

#endif
