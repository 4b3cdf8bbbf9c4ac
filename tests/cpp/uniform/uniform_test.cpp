// Uniform quantization against its formulas, at edges and ties.

#include "fewbits/uniform.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "fewbits/bits.h"
#include "fewbits/int4.h"
#include "support/awkward.h"

namespace fewbits::uniform {
namespace {

using test::Data;

struct Quantized {
  std::vector<float> scales, minima;
  std::vector<std::int32_t> zero_points;
  std::vector<std::uint8_t> codes;

  Quantized(std::size_t blocks, std::size_t n, int bits)
      : scales(blocks), minima(blocks), zero_points(blocks), codes(bits::packed_bytes(n, bits)) {}
  Blocks blocks() { return {scales.data(), minima.data(), zero_points.data()}; }
};

Quantized quantized(const std::vector<float>& x, std::size_t block, const Format& format) {
  Quantized q((x.size() + block - 1) / block, x.size(), format.bits);
  const Result result =
      quantize_blocks(x.data(), x.size(), block, format, q.blocks(), q.codes.data());
  EXPECT_TRUE(result.ok());
  return q;
}

std::vector<float> round_trip(const std::vector<float>& x, std::size_t block,
                              const Format& format) {
  Quantized q = quantized(x, block, format);
  std::vector<float> back(x.size());
  decode(q.codes.data(), x.size(), 0, block, q.blocks(), format, back.data());
  return back;
}

constexpr Scheme kSchemes[] = {Scheme::symmetric, Scheme::asymmetric, Scheme::affine};

// The error bound of a uniform quantizer: at most half a step per value, except for the rounding of
// the arithmetic itself; a whole step with a rounded zero point or with truncation.
TEST(Uniform, ErrorIsAtMostHalfAStep) {
  for (const Scheme scheme : kSchemes) {
    for (int bits = 2; bits <= 8; ++bits) {
      for (const Data data : test::kAllData) {
        for (const std::size_t block : {1u, 5u, 32u, 100u}) {
          const Format format = {bits, scheme, Rounding::nearest, ScaleType::f32};
          const std::vector<float> x = test::make(data, 333);
          Quantized q = quantized(x, block, format);
          const std::vector<float> y = round_trip(x, block, format);
          for (std::size_t i = 0; i < x.size(); ++i) {
            const double step = q.scales[i / block];
            const double slack = std::fabs(x[i]) * 3e-7 + 2e-45;
            const double bound = step * (scheme == Scheme::asymmetric ? 1.0 : 0.5) * 1.00001;
            ASSERT_LE(std::fabs(static_cast<double>(x[i]) - y[i]), bound + slack)
                << "scheme " << static_cast<int>(scheme) << " bits " << bits << " data "
                << static_cast<int>(data) << " block " << block << " i " << i;
          }
        }
      }
    }
  }
}

TEST(Uniform, ConstantInputIsExact) {
  for (const Scheme scheme : kSchemes) {
    for (const float value : {0.0f, 1.0f, -3.7f, 1e-45f, -3.4e38f}) {
      const std::vector<float> x(40, value);
      const std::vector<float> y =
          round_trip(x, 32, {4, scheme, Rounding::nearest, ScaleType::f32});
      if (scheme == Scheme::symmetric && std::fabs(value) > 1e-30f) {
        for (const float v : y) EXPECT_FLOAT_EQ(v, value);
      } else {
        EXPECT_EQ(y, x) << static_cast<int>(scheme);
      }
    }
  }
}

TEST(Uniform, PiecesGiveTheBytesOfTheWhole) {
  const std::vector<float> x = test::make(Data::normal, 5000);
  for (const std::size_t block : {7u, 33u, 1000u, 5000u}) {
    for (const int bits : {3, 4, 8}) {
      const Format format = {bits, Scheme::asymmetric, Rounding::nearest, ScaleType::f16};
      Quantized whole = quantized(x, block, format);

      const std::size_t count = whole.scales.size();
      std::vector<float> min(count), max(count);
      Quantized pieces(count, x.size(), bits);
      std::vector<float> back(x.size());
      constexpr std::size_t kPiece = 808;
      for (std::size_t start = 0; start < x.size(); start += kPiece) {
        const std::size_t n = std::min(kPiece, x.size() - start);
        ASSERT_TRUE(block_ranges(x.data() + start, n, start % block, block,
                                 {min.data() + start / block, max.data() + start / block})
                        .ok());
      }
      ASSERT_TRUE(choose_blocks({min.data(), max.data()}, count, format, pieces.blocks()).ok());
      for (std::size_t start = 0; start < x.size(); start += kPiece) {
        const std::size_t n = std::min(kPiece, x.size() - start);
        const std::size_t first = start / block;
        const Blocks own = {pieces.scales.data() + first, pieces.minima.data() + first,
                            pieces.zero_points.data() + first};
        std::uint8_t* codes = pieces.codes.data() + start / 8 * static_cast<std::size_t>(bits);
        encode(x.data() + start, n, start % block, block, own, format, codes);
        decode(codes, n, start % block, block, own, format, back.data() + start);
      }
      EXPECT_EQ(pieces.codes, whole.codes) << block << " " << bits;
      EXPECT_EQ(pieces.scales, whole.scales);
      EXPECT_EQ(pieces.zero_points, whole.zero_points);
      EXPECT_EQ(back, round_trip(x, block, format));
    }
  }
}

TEST(Uniform, ColumnsAreTheBlocksOfTheTransposed) {
  constexpr std::size_t kRows = 50;
  constexpr std::size_t kColumns = 37;
  const std::vector<float> x = test::make(Data::normal, kRows * kColumns);
  std::vector<float> transposed(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) transposed[i % kColumns * kRows + i / kColumns] = x[i];
  for (const Scheme scheme : kSchemes) {
    const Format format = {8, scheme, Rounding::nearest, ScaleType::f32};
    Quantized rows = quantized(transposed, kRows, format);

    std::vector<float> min(kColumns, std::numeric_limits<float>::infinity());
    std::vector<float> max(kColumns, -std::numeric_limits<float>::infinity());
    Quantized columns(kColumns, x.size(), 8);
    std::vector<float> back(x.size());
    const Ranges ranges = {min.data(), max.data()};
    constexpr std::size_t kPiece = 400;
    for (std::size_t start = 0; start < x.size(); start += kPiece) {
      const std::size_t n = std::min(kPiece, x.size() - start);
      ASSERT_TRUE(column_ranges(x.data() + start, n, start % kColumns, kColumns, ranges).ok());
    }
    ASSERT_TRUE(choose_blocks(ranges, kColumns, format, columns.blocks()).ok());
    for (std::size_t start = 0; start < x.size(); start += kPiece) {
      const std::size_t n = std::min(kPiece, x.size() - start);
      encode_columns(x.data() + start, n, start % kColumns, kColumns, columns.blocks(), format,
                     columns.codes.data() + start);
      decode_columns(columns.codes.data() + start, n, start % kColumns, kColumns, columns.blocks(),
                     format, back.data() + start);
    }
    EXPECT_EQ(columns.scales, rows.scales);
    EXPECT_EQ(columns.zero_points, rows.zero_points);
    const std::vector<float> expected = round_trip(transposed, kRows, format);
    for (std::size_t i = 0; i < x.size(); ++i) {
      ASSERT_EQ(columns.codes[i], rows.codes[i % kColumns * kRows + i / kColumns]);
      ASSERT_EQ(back[i], expected[i % kColumns * kRows + i / kColumns]);
    }
  }
}

TEST(Uniform, RefusesWhatIsNotFiniteAndSaysWhere) {
  for (const std::size_t position : {0u, 31u, 32u, 99u}) {
    std::vector<float> x(100, 1.0f);
    x[position] = std::numeric_limits<float>::quiet_NaN();
    Quantized q(4, 100, 8);
    q.codes.assign(100, 77);
    const Result result = quantize_blocks(x.data(), 100, 32, {}, q.blocks(), q.codes.data());
    EXPECT_EQ(result.status, Status::non_finite);
    EXPECT_EQ(result.index, position);
    EXPECT_EQ(q.codes, std::vector<std::uint8_t>(100, 77));
  }
}

TEST(Uniform, RefusesAScaleThatFloat16CannotHold) {
  std::vector<float> x(64, 1.0f);
  x[40] = 1e8f;
  Quantized q(2, 64, 4);
  const Result result =
      quantize_blocks(x.data(), 64, 32, {4, Scheme::symmetric, Rounding::nearest, ScaleType::f16},
                      q.blocks(), q.codes.data());
  EXPECT_EQ(result.status, Status::unsupported);
  EXPECT_EQ(result.index, 32u);
}

// The values of the worked example; see tests/golden/linear.
TEST(Uniform, ReproducesTheWorkedExample) {
  const std::vector<float> x = {0.0f,
                                -7.295509338378906f,
                                -174.83139038085938f,
                                -194.05178833007812f,
                                174.68698120117188f,
                                376.07928466796875f,
                                -29.72479248046875f,
                                -143.40936279296875f,
                                260.2398376464844f,
                                -57.88679504394531f};
  Quantized symmetric = quantized(x, 10, {8, Scheme::symmetric, Rounding::nearest, ScaleType::f32});
  EXPECT_EQ(symmetric.scales[0], 2.961254119873047f);
  const std::vector<int> expected = {0, -2, -59, -66, 59, 127, -10, -48, 88, -20};
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(static_cast<std::int8_t>(symmetric.codes[i]), expected[i]);
  }
  Quantized asymmetric =
      quantized(x, 10, {8, Scheme::asymmetric, Rounding::nearest, ScaleType::f32});
  EXPECT_EQ(asymmetric.scales[0], 2.2358081340789795f);
  EXPECT_EQ(asymmetric.zero_points[0], 87);
  EXPECT_EQ(asymmetric.codes, (std::vector<std::uint8_t>{87, 84, 9, 0, 165, 255, 74, 23, 203, 61}));
}

std::vector<int> int4_codes(const std::vector<float>& x, int4::ScaleMethod method,
                            bool wrap = false) {
  Range range = {x[0], x[0]};
  EXPECT_TRUE(widen(x.data(), x.size(), &range).ok());
  std::vector<std::int8_t> values(x.size());
  int4::quantize(x.data(), x.size(), int4::scale(range, method), wrap, values.data());
  return {values.begin(), values.end()};
}

// See tests/golden/int4.
TEST(Int4, IsThePackage) {
  const std::vector<float> six = {0.1f, 0.5f, -1.3f, 2.7f, 3.9f, -0.8f};
  EXPECT_EQ(int4_codes(six, int4::ScaleMethod::minmax), (std::vector<int>{0, 1, -4, 7, 7, -2}));
  EXPECT_EQ(int4_codes(six, int4::ScaleMethod::absmax), (std::vector<int>{0, 1, -2, 5, 7, -1}));
  EXPECT_EQ(int4_codes({-1000000, 1000000}, int4::ScaleMethod::minmax), (std::vector<int>{-8, 7}));
  EXPECT_EQ(int4_codes({1, 2, 3}, int4::ScaleMethod::minmax), (std::vector<int>{7, 7, 7}));
  EXPECT_EQ(int4_codes({42}, int4::ScaleMethod::minmax), (std::vector<int>{7}));
}

TEST(Int4, WrapsFarOutsideOnlyWhenAsked) {
  EXPECT_EQ(int4_codes({1000}, int4::ScaleMethod::minmax), (std::vector<int>{7}));
  // 1000 is 0x3E8: its low byte is -24.
  EXPECT_EQ(int4_codes({1000}, int4::ScaleMethod::minmax, true), (std::vector<int>{-8}));
}

}  // namespace
}  // namespace fewbits::uniform
