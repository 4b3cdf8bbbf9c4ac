// Every code against the formulas of the specifications, and rounding against a search of all
// codes.

#include "fewbits/small_floats.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace fewbits::floats {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Format {
  const char* name;
  int exponent_bits;
  int mantissa_bits;
  int bias;
  int largest;  ///< the code of the largest finite value
};

const Format kE4m3 = {"f8_e4m3", 4, 3, 7, 0x7E};
const Format kE5m2 = {"f8_e5m2", 5, 2, 15, 0x7B};
const Format kE2m1 = {"f4_e2m1", 2, 1, 1, 0x7};

/// (-1)^sign * 2^(exponent - bias) * 1.mantissa, or 2^(1 - bias) * 0.mantissa.
double value_of(const Format& format, int code) {
  const int bits = format.exponent_bits + format.mantissa_bits;
  const int mantissa = code & ((1 << format.mantissa_bits) - 1);
  const int exponent = (code >> format.mantissa_bits) & ((1 << format.exponent_bits) - 1);
  const double fraction = std::ldexp(mantissa, -format.mantissa_bits);
  const double magnitude = exponent == 0 ? std::ldexp(fraction, 1 - format.bias)
                                         : std::ldexp(1 + fraction, exponent - format.bias);
  return (code >> bits) & 1 ? -magnitude : magnitude;
}

int encode(const Format& format, float value) {
  std::uint8_t byte = 0xFF;
  bool ok = true;
  if (&format == &kE4m3) ok = encode_f8_e4m3(&value, 1, &byte).ok();
  if (&format == &kE5m2) encode_f8_e5m2(&value, 1, &byte);
  if (&format == &kE2m1) ok = encode_f4_e2m1(&value, 1, &byte).ok();
  EXPECT_TRUE(ok);
  return byte;
}

float decode(const Format& format, int code) {
  const auto byte = static_cast<std::uint8_t>(code);
  float value = 0;
  if (&format == &kE4m3) decode_f8_e4m3(&byte, 1, &value);
  if (&format == &kE5m2) decode_f8_e5m2(&byte, 1, &value);
  if (&format == &kE2m1) decode_f4_e2m1(&byte, 1, &value);
  return value;
}

class SmallFloats : public testing::TestWithParam<const Format*> {};

TEST_P(SmallFloats, EveryFiniteCodeIsItsValueAndBack) {
  const Format& format = *GetParam();
  const int sign = 1 << (format.exponent_bits + format.mantissa_bits);
  for (int code = 0; code <= format.largest; ++code) {
    for (const int signed_code : {code, code | sign}) {
      const auto expected = static_cast<float>(value_of(format, signed_code));
      EXPECT_EQ(std::bit_cast<std::uint32_t>(decode(format, signed_code)),
                std::bit_cast<std::uint32_t>(expected));
      EXPECT_EQ(encode(format, expected), signed_code);
    }
  }
}

TEST_P(SmallFloats, RoundingIsToTheNearestTiesToEven) {
  const Format& format = *GetParam();
  for (int code = 0; code < format.largest; ++code) {
    const double low = value_of(format, code);
    const double high = value_of(format, code + 1);
    const auto middle = static_cast<float>((low + high) / 2);
    EXPECT_EQ(encode(format, middle), code + code % 2);
    EXPECT_EQ(encode(format, std::nextafter(middle, 0.0f)), code);
    EXPECT_EQ(encode(format, std::nextafter(middle, kInfinity)), code + 1);
  }
  std::mt19937 random(5);
  for (int i = 0; i < 20000; ++i) {
    const float value = std::bit_cast<float>(static_cast<std::uint32_t>(random() & 0x7FFFFFFF));
    if (!(value <= value_of(format, format.largest))) continue;
    int nearest = 0;
    for (int code = 1; code <= format.largest; ++code) {
      const double better = std::fabs(value_of(format, code) - value);
      const double best = std::fabs(value_of(format, nearest) - value);
      if (better < best || (better == best && code % 2 == 0)) nearest = code;
    }
    ASSERT_EQ(encode(format, value), nearest) << value;
  }
}

INSTANTIATE_TEST_SUITE_P(All, SmallFloats, testing::Values(&kE4m3, &kE5m2, &kE2m1),
                         [](const auto& test) { return std::string(test.param->name); });

TEST(SmallFloats, WhatHasNoCode) {
  const float nan = std::nanf("");
  EXPECT_TRUE(std::isnan(decode(kE4m3, 0x7F)));
  EXPECT_TRUE(std::isnan(decode(kE4m3, 0xFF)));
  EXPECT_EQ(encode(kE4m3, nan) & 0x7F, 0x7F);
  EXPECT_EQ(encode(kE4m3, 1e30f), 0x7E);
  EXPECT_EQ(encode(kE4m3, -465.0f), 0xFE);

  EXPECT_EQ(decode(kE5m2, 0x7C), kInfinity);
  EXPECT_EQ(decode(kE5m2, 0xFC), -kInfinity);
  for (const int code : {0x7D, 0x7E, 0x7F, 0xFD}) EXPECT_TRUE(std::isnan(decode(kE5m2, code)));
  EXPECT_EQ(encode(kE5m2, nan) & 0x7F, 0x7E);
  EXPECT_EQ(encode(kE5m2, -kInfinity), 0xFC);
  EXPECT_EQ(encode(kE5m2, 61439.0f), 0x7B);
  EXPECT_EQ(encode(kE5m2, 61440.0f), 0x7C);

  EXPECT_EQ(encode(kE2m1, -100.0f), 0xF);
  for (const float bad : {nan, kInfinity, -kInfinity}) {
    const float x[3] = {1, bad, bad};
    std::uint8_t out[3] = {9, 9, 9};
    float absmax[2] = {9, 9};
    EXPECT_EQ(encode_f4_e2m1(x, 3, out).index, 1u);
    EXPECT_EQ(encode_nf4(x, 3, 2, absmax, out).index, 1u);
    EXPECT_EQ(out[0], 9);
    EXPECT_EQ(encode_f8_e4m3(x, 3, out).ok(), std::isnan(bad));
    if (std::isnan(bad)) continue;
    EXPECT_EQ(encode_f8_e4m3(x, 3, out).index, 1u);
    EXPECT_EQ(out[0], 9);
    EXPECT_EQ(absmax[0], 9);
  }
}

TEST(SmallFloats, FourBitCodesLieTwoToAByte) {
  const float x[3] = {0.5f, -6.0f, 1.5f};
  std::uint8_t bytes[2];
  ASSERT_TRUE(encode_f4_e2m1(x, 3, bytes).ok());
  EXPECT_EQ(bytes[0], 0xF1);
  EXPECT_EQ(bytes[1], 0x03);
  float y[3];
  decode_f4_e2m1(bytes, 3, y);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(y[i], x[i]);
}

TEST(Nf4, EveryLevelComesBackAndBoundsLieBetween) {
  float x[16];
  for (int i = 0; i < 16; ++i) x[i] = 3.0f * kNf4Levels[i];
  std::uint8_t bytes[8];
  float absmax[1];
  ASSERT_TRUE(encode_nf4(x, 16, 64, absmax, bytes).ok());
  EXPECT_EQ(absmax[0], 3.0f);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(bytes[i], (2 * i << 4) | (2 * i + 1));
  float y[16];
  ASSERT_TRUE(decode_nf4(bytes, 16, 64, absmax, y).ok());
  for (int i = 0; i < 16; ++i) EXPECT_EQ(y[i], x[i]);
  // The nearest level, up to the rounding of the bounds.
  for (int i = 0; i < 15; ++i) {
    const float middle = (kNf4Levels[i] + kNf4Levels[i + 1]) / 2;
    const float around[3] = {middle - 1e-6f, middle + 1e-6f, 1.0f};
    ASSERT_TRUE(encode_nf4(around, 3, 64, absmax, bytes).ok());
    EXPECT_EQ(bytes[0], (i << 4) | (i + 1));
  }
}

TEST(Nf4, ZerosSubnormalsAndShortBlocks) {
  const float x[5] = {0.0f, -0.0f, 1e-42f, -1e-42f, 2.0f};
  std::uint8_t bytes[3];
  float absmax[3];
  ASSERT_TRUE(encode_nf4(x, 5, 2, absmax, bytes).ok());
  EXPECT_EQ(bytes[0], 0x77);
  EXPECT_EQ(bytes[1], 0xF0);
  EXPECT_EQ(bytes[2], 0xF0);
  float y[5];
  ASSERT_TRUE(decode_nf4(bytes, 5, 2, absmax, y).ok());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(y[i], x[i]);
  EXPECT_EQ(encode_nf4(x, 5, 3, absmax, bytes).status, Status::invalid_argument);
  EXPECT_EQ(decode_nf4(bytes, 5, 0, absmax, y).status, Status::invalid_argument);
}

}  // namespace
}  // namespace fewbits::floats
