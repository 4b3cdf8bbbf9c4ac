// The values that the affine demo stores and prints, for each of its tensors, block lengths and
// widths.

#include <gtest/gtest.h>

#include <bit>
#include <string>
#include <vector>

#include "fewbits/bits.h"
#include "fewbits/uniform.h"
#include "floats/half.h"
#include "support/golden_json.h"

namespace fewbits::uniform {
namespace {

struct Case {
  const char* name;
  std::size_t block;
  int bits;
};

constexpr Case kCases[] = {{"block32_8bit", 32, 8},
                           {"block32_4bit", 32, 4},
                           {"whole_8bit", 256, 8},
                           {"whole_4bit", 256, 4}};

/// The demo computes codes with float32 scales and then stores these as float16.
void store_as_f16(std::vector<float>& values) {
  for (float& value : values) value = floats::f32_from_f16(floats::f16_from_f32(value));
}

template <typename T>
std::vector<double> doubles(const std::vector<T>& values) {
  return {values.begin(), values.end()};
}

TEST(AffineGolden, StoresAndPrintsWhatTheDemoDoes) {
  const std::string json = test::read_affine_and_k();
  for (const char* seed : {"seed_readme_affine", "seed_readme_kquant", "head_seed1"}) {
    std::vector<float> x;
    for (const double bits : test::numbers(json, {seed, "t_bits"})) {
      x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
    }
    ASSERT_EQ(x.size(), 256u);
    for (const Case& c : kCases) {
      const std::size_t block = c.block;
      const int bits = c.bits;
      SCOPED_TRACE(testing::Message() << seed << " " << c.name);
      const Format format = {bits, Scheme::affine, Rounding::truncate, ScaleType::f32};
      std::vector<float> scales(256 / block), minima(256 / block), back(256);
      std::vector<std::int32_t> zero_points(256 / block);
      std::vector<std::uint8_t> packed(bits::packed_bytes(256, bits)), codes(256);
      const Blocks blocks = {scales.data(), minima.data(), zero_points.data()};
      ASSERT_TRUE(quantize_blocks(x.data(), 256, block, format, blocks, packed.data()).ok());
      store_as_f16(scales);
      store_as_f16(minima);
      bits::unpack(packed.data(), 256, bits, codes.data());
      decode(packed.data(), 256, 0, block, blocks, format, back.data());

      const auto expected = [&](const char* key) {
        return test::numbers(json, {seed, c.name, key});
      };
      EXPECT_EQ(doubles(scales), expected("scale_f16"));
      EXPECT_EQ(doubles(minima), expected("zero_f16"));
      EXPECT_EQ(doubles(codes), expected("q"));
      std::vector<double> back_bits;
      float sum = 0;
      for (std::size_t i = 0; i < 256; ++i) {
        back_bits.push_back(std::bit_cast<std::uint32_t>(back[i]));
        sum += (x[i] - back[i]) * (x[i] - back[i]);
      }
      EXPECT_EQ(back_bits, expected("deq_bits"));
      EXPECT_EQ(static_cast<double>(sum / 256.0f), expected("mse").at(0));
    }
  }
}

}  // namespace
}  // namespace fewbits::uniform
