// ggml's types with unusual values: NaN, infinities, zeros, huge and tiny ones.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "fewbits/ggml.h"
#include "ggml/fp4.h"

namespace fewbits::ggml {
namespace {

TEST(Edges, NonFiniteInputIsRefusedBeforeAnythingIsWritten) {
  for (const TypeInfo& type : kTypes) {
    if (type.block_size == 1) continue;
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
          -std::numeric_limits<float>::infinity()}) {
      std::vector<float> x(512, 1.0f);
      x[300] = bad;
      x[301] = bad;
      std::vector<std::uint8_t> out(512 / type.block_size * type.bytes_per_block, 0xAB);
      const Result result = quantize(type.type, x.data(), 2, 256, nullptr, out.data());
      EXPECT_EQ(result.status, Status::non_finite);
      EXPECT_EQ(result.index, 300u);
      for (const std::uint8_t byte : out) ASSERT_EQ(byte, 0xAB);
    }
  }
}

TEST(Edges, HalvesHoldWhatIsNotFinite) {
  const float x[3] = {-std::numeric_limits<float>::infinity(), std::nanf(""), 1.5f};
  for (const Type type : {Type::f16, Type::bf16}) {
    std::uint8_t bytes[6];
    float y[3];
    ASSERT_TRUE(quantize(type, x, 1, 3, nullptr, bytes).ok());
    ASSERT_TRUE(dequantize(type, bytes, 3, y).ok());
    EXPECT_EQ(y[0], x[0]);
    EXPECT_TRUE(std::isnan(y[1]));
    EXPECT_EQ(y[2], 1.5f);
  }
}

TEST(Edges, ArgumentsAreChecked) {
  const float x[256] = {};
  std::uint8_t out[1024];
  float y[256];
  for (const TypeInfo& type : kTypes) {
    EXPECT_TRUE(quantize(type.type, x, 0, 256, nullptr, out).ok());
    EXPECT_TRUE(quantize(type.type, x, 1, 0, nullptr, out).ok());
    EXPECT_TRUE(dequantize(type.type, out, 0, y).ok());
    if (type.block_size == 1) continue;
    EXPECT_EQ(quantize(type.type, x, 1, 255, nullptr, out).status, Status::invalid_argument);
    EXPECT_EQ(dequantize(type.type, out, 255, y).status, Status::invalid_argument);
    if (!type.takes_importance) continue;
    for (const float bad : {-1.0f, std::nanf(""), std::numeric_limits<float>::infinity()}) {
      float importance[256] = {};
      importance[7] = bad;
      const Result result = quantize(type.type, x, 1, 256, importance, out);
      EXPECT_EQ(result.status, Status::invalid_argument);
      EXPECT_EQ(result.index, 7u);
    }
  }
  const auto gone = static_cast<Type>(4);  // Q4_2, which ggml has removed
  EXPECT_EQ(quantize(gone, x, 1, 256, nullptr, out).status, Status::unsupported);
  EXPECT_EQ(dequantize(gone, out, 256, y).status, Status::unsupported);
}

// The exponent is the floor of the logarithm as the C library rounds it to float32.
TEST(Edges, Mxfp4ExponentIsThatOfTheRoundedLogarithm) {
  const auto expected = [](float magnitude) {
    return static_cast<std::uint8_t>(static_cast<int>(std::floor(std::log2(magnitude))) + 125);
  };
  for (std::uint32_t exponent = 0; exponent < 255; ++exponent) {
    for (std::uint32_t offset = 0; offset < 128; ++offset) {
      for (const std::uint32_t bits :
           {(exponent << 23) + offset, ((exponent + 1) << 23) - offset}) {
        if (bits == 0 || bits >= 0x7F800000u) continue;
        const float magnitude = std::bit_cast<float>(bits);
        ASSERT_EQ(mxfp4_exponent(magnitude), expected(magnitude)) << magnitude;
      }
    }
  }
  EXPECT_EQ(mxfp4_exponent(0.0f), 0);
}

TEST(Edges, Nvfp4ScaleTakesItsCodesBack) {
  for (int code = 0; code < 0x7F; ++code) {
    const float value = 2 * nvfp4_scale(static_cast<std::uint8_t>(code));
    const int expected = value >= 256.0f ? 0x7E : code;
    EXPECT_EQ(nvfp4_code(value), expected);
  }
}

}  // namespace
}  // namespace fewbits::ggml
