// The scalar and SIMD kernels of uniform quantization against each other.

#include "uniform/kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "support/awkward.h"

#if FEWBITS_SIMD

namespace fewbits::uniform {
namespace {

using test::Data;
using test::Exact;
using test::kAllData;
using test::kLengths;
using test::kOffsets;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr Scheme kSchemes[] = {Scheme::symmetric, Scheme::asymmetric, Scheme::affine};
constexpr Rounding kRoundings[] = {Rounding::nearest, Rounding::truncate, Rounding::floor};

template <typename F>
void each_case(F f) {
  for (const Data data : kAllData) {
    for (const std::size_t n : kLengths) {
      const std::vector<float> values = test::make(data, n);
      for (const std::size_t offset : kOffsets) {
        SCOPED_TRACE(testing::Message()
                     << "data " << static_cast<int>(data) << " n " << n << " offset " << offset);
        Exact<float> x(values, offset);
        f(x, offset);
      }
    }
  }
}

TEST(UniformKernels, RangesAreTheScalarOnes) {
  each_case([](Exact<float>& x, std::size_t) {
    Range expected = kNoRange;
    Range actual = kNoRange;
    ASSERT_TRUE(scalar::widen_run(x.data(), x.size(), &expected));
    ASSERT_TRUE(simd::widen_run(x.data(), x.size(), &actual));
    EXPECT_EQ(actual.min, expected.min);
    EXPECT_EQ(actual.max, expected.max);
  });
}

TEST(UniformKernels, NonFiniteValuesAreSeenWhereverTheyStand) {
  for (const float odd : {std::numeric_limits<float>::quiet_NaN(), kInfinity, -kInfinity}) {
    for (std::size_t position = 0; position < 37; ++position) {
      std::vector<float> x(37, 1.0f);
      x[position] = odd;
      Range range;
      EXPECT_FALSE(simd::widen_run(x.data(), x.size(), &range)) << position;
      EXPECT_FALSE(scalar::widen_run(x.data(), x.size(), &range)) << position;
      std::vector<float> low(37);
      std::vector<float> high(37);
      EXPECT_FALSE(simd::widen_each(x.data(), x.size(), {low.data(), high.data()})) << position;
      EXPECT_FALSE(scalar::widen_each(x.data(), x.size(), {low.data(), high.data()})) << position;
    }
  }
}

TEST(UniformKernels, ColumnRangesAreTheScalarOnes) {
  each_case([](Exact<float>& x, std::size_t offset) {
    const std::vector<float> start(x.size(), 0.5f);
    Exact<float> min0(start, offset), max0(start, offset), min1(start, offset), max1(start, offset);
    ASSERT_TRUE(scalar::widen_each(x.data(), x.size(), {min0.data(), max0.data()}));
    ASSERT_TRUE(simd::widen_each(x.data(), x.size(), {min1.data(), max1.data()}));
    EXPECT_EQ(min0.copy(), min1.copy());
    EXPECT_EQ(max0.copy(), max1.copy());
  });
}

TEST(UniformKernels, RunsEncodeAndDecodeToTheScalarBytes) {
  each_case([](Exact<float>& x, std::size_t offset) {
    Range range;
    ASSERT_TRUE(scalar::widen_run(x.data(), x.size(), &range));
    for (const Scheme scheme : kSchemes) {
      for (const Rounding rounding : kRoundings) {
        for (const int bits : {2, 4, 7, 8}) {
          Block block;
          ASSERT_TRUE(choose(range, {bits, scheme, rounding, ScaleType::f32}, &block).ok());
          const int sign = scheme == Scheme::symmetric ? 1 << (bits - 1) : 0;
          const Codes codes = {(1 << bits) - 1, sign, scheme == Scheme::affine, rounding};
          OneBlock one = {block};
          Exact<std::uint8_t> expected(x.size(), offset), actual(x.size(), offset);
          scalar::encode_blocks(x.data(), 1, x.size(), one.blocks(), codes, expected.data());
          simd::encode_blocks(x.data(), 1, x.size(), one.blocks(), codes, actual.data());
          ASSERT_EQ(actual.copy(), expected.copy());
          Exact<float> back0(x.size(), offset), back1(x.size(), offset);
          scalar::decode_blocks(expected.data(), 1, x.size(), one.blocks(), codes, back0.data());
          simd::decode_blocks(expected.data(), 1, x.size(), one.blocks(), codes, back1.data());
          ASSERT_TRUE(test::same_bits(back0.data(), back1.data(), x.size()));
        }
      }
    }
  });
}

TEST(UniformKernels, BlocksAreChosenEncodedAndDecodedAsTheScalarOnes) {
  for (const Data data : kAllData) {
    for (const std::size_t block : {1u, 8u, 31u, 32u, 40u}) {
      constexpr std::size_t kCount = 11;
      const std::size_t n = kCount * block;
      Exact<float> x(test::make(data, n), 1);
      // A constant block and a block of zeros among the others.
      std::fill_n(x.data(), block, -3.0f);
      std::fill_n(x.data() + 5 * block, block, 0.0f);
      Exact<float> min0(kCount, 1), max0(kCount, 1), min1(kCount, 1), max1(kCount, 1);
      ASSERT_TRUE(scalar::range_blocks(x.data(), kCount, block, {min0.data(), max0.data()}));
      ASSERT_TRUE(simd::range_blocks(x.data(), kCount, block, {min1.data(), max1.data()}));
      ASSERT_EQ(min1.copy(), min0.copy());
      ASSERT_EQ(max1.copy(), max0.copy());
      for (const Scheme scheme : kSchemes) {
        for (const ScaleType type : {ScaleType::f32, ScaleType::f16}) {
          const Format format = {4, scheme, Rounding::nearest, type};
          Exact<float> scale0(kCount), minimum0(kCount), scale1(kCount), minimum1(kCount);
          Exact<std::int32_t> zero0(kCount), zero1(kCount);
          const Blocks blocks0 = {scale0.data(), minimum0.data(), zero0.data()};
          const Blocks blocks1 = {scale1.data(), minimum1.data(), zero1.data()};
          const Ranges ranges = {min0.data(), max0.data()};
          const std::size_t chosen = scalar::choose_each(ranges, kCount, format, blocks0);
          ASSERT_EQ(simd::choose_each(ranges, kCount, format, blocks1), chosen);
          if (chosen < kCount) continue;
          ASSERT_TRUE(test::same_bits(scale1.data(), scale0.data(), kCount));
          ASSERT_TRUE(test::same_bits(minimum1.data(), minimum0.data(), kCount));
          ASSERT_EQ(zero1.copy(), zero0.copy());
          const int sign = scheme == Scheme::symmetric ? 8 : 0;
          const Codes codes = {15, sign, scheme == Scheme::affine, Rounding::nearest};
          Exact<std::uint8_t> expected(n, 1), actual(n, 1);
          scalar::encode_blocks(x.data(), kCount, block, blocks0, codes, expected.data());
          simd::encode_blocks(x.data(), kCount, block, blocks0, codes, actual.data());
          ASSERT_EQ(actual.copy(), expected.copy());
          Exact<float> back0(n, 1), back1(n, 1);
          scalar::decode_blocks(expected.data(), kCount, block, blocks0, codes, back0.data());
          simd::decode_blocks(expected.data(), kCount, block, blocks0, codes, back1.data());
          ASSERT_TRUE(test::same_bits(back0.data(), back1.data(), n));
        }
      }
    }
  }
}

TEST(UniformKernels, ColumnsEncodeAndDecodeToTheScalarBytes) {
  for (const std::size_t n : kLengths) {
    for (const std::size_t offset : kOffsets) {
      for (const bool with_huge : {false, true}) {
        std::mt19937 random(static_cast<std::uint32_t>(n));
        std::vector<float> values(n), scales(n), minima(n);
        std::vector<std::int32_t> zeros(n);
        for (std::size_t i = 0; i < n; ++i) {
          values[i] = test::uniform_float(random, -5, 5);
          scales[i] = test::uniform_float(random, 0.01f, 1);
          minima[i] = test::uniform_float(random, -5, 0);
          zeros[i] = static_cast<std::int32_t>(random() % 300);
          if (with_huge && i % 3 == 0) {
            values[i] *= 6e37f;
            scales[i] *= 2.6e36f;
            minima[i] *= 6e37f;
          }
        }
        Exact<float> x(values, offset), scale(scales, offset), minimum(minima, offset);
        Exact<std::int32_t> zero(zeros, offset);
        const Blocks blocks = {scale.data(), minimum.data(), zero.data()};
        for (const Rounding rounding : kRoundings) {
          const Codes codes = {255, 128, true, rounding};
          Exact<std::uint8_t> expected(n, offset), actual(n, offset);
          scalar::encode_each(x.data(), n, blocks, codes, expected.data());
          simd::encode_each(x.data(), n, blocks, codes, actual.data());
          ASSERT_EQ(actual.copy(), expected.copy());
          Exact<float> back0(n, offset), back1(n, offset);
          scalar::decode_each(expected.data(), n, blocks, codes, back0.data());
          simd::decode_each(expected.data(), n, blocks, codes, back1.data());
          ASSERT_EQ(back0.copy(), back1.copy());
        }
      }
    }
  }
}

// No range gives such a scale, but the data may come from a file.
TEST(UniformKernels, NegativeScalesOfAnySizeDecodeWithoutInfinities) {
  constexpr std::size_t kCodes = 256;
  static constexpr double kLargest = std::numeric_limits<float>::max();
  constexpr Codes kSigned = {255, 128, true, Rounding::nearest};
  Exact<std::uint8_t> codes(kCodes);
  for (std::size_t i = 0; i < kCodes; ++i) codes.data()[i] = static_cast<std::uint8_t>(i);
  const auto value = [](std::size_t code, float scale, float minimum) {
    const double exact = static_cast<double>(static_cast<std::int8_t>(code)) * scale + minimum;
    return static_cast<float>(std::clamp(exact, -kLargest, kLargest));
  };
  for (const float scale : {-1.0f, -2.6e36f, -1e37f, -3.4e38f}) {
    for (const float minimum : {0.0f, 3.4e38f, -3.4e38f}) {
      SCOPED_TRACE(testing::Message() << "scale " << scale << " minimum " << minimum);
      std::vector<float> run(kCodes), columns(kCodes), scales(kCodes), minima(kCodes);
      for (std::size_t i = 0; i < kCodes; ++i) {
        scales[i] = i % 3 == 0 ? scale : 1.0f;
        minima[i] = i % 3 == 0 ? minimum : 0.0f;
        run[i] = value(i, scale, minimum);
        columns[i] = value(i, scales[i], minima[i]);
      }
      OneBlock one = {{scale, minimum, 0}};
      std::vector<std::int32_t> zeros(kCodes);
      const Blocks each = {scales.data(), minima.data(), zeros.data()};
      Exact<float> back(kCodes);
      scalar::decode_blocks(codes.data(), 1, kCodes, one.blocks(), kSigned, back.data());
      EXPECT_EQ(back.copy(), run);
      simd::decode_blocks(codes.data(), 1, kCodes, one.blocks(), kSigned, back.data());
      EXPECT_EQ(back.copy(), run);
      scalar::decode_each(codes.data(), kCodes, each, kSigned, back.data());
      EXPECT_EQ(back.copy(), columns);
      simd::decode_each(codes.data(), kCodes, each, kSigned, back.data());
      EXPECT_EQ(back.copy(), columns);
    }
  }
}

}  // namespace
}  // namespace fewbits::uniform

#endif  // FEWBITS_SIMD
