// The values that the demo's two published versions print and store, and the gain of its fixes.

#include <gtest/gtest.h>

#include <bit>
#include <string>
#include <vector>

#include "fewbits/kquant.h"
#include "support/golden_json.h"

namespace fewbits::kquant {
namespace {

using test::numbers;

const std::string& cases() {
  static const std::string kText = test::read_affine_and_k();
  return kText;
}

std::vector<float> tensor(const std::string& name) {
  std::vector<float> x;
  for (const double bits : numbers(cases(), {name, "t_bits"})) {
    x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  }
  return x;
}

template <typename T>
std::vector<double> doubles(const T* values, int n) {
  return std::vector<double>(values, values + n);
}

const char* const kTensors[] = {"seed_readme_affine", "seed_readme_kquant", "head_seed1"};

TEST(Kquant, BothPublishedVersionsToTheBit) {
  for (const std::string name : kTensors) {
    const std::vector<float> x = tensor(name);
    ASSERT_EQ(x.size(), 256u);
    for (const std::string version : {"k_8ca1b07", "k_quantization"}) {
      SCOPED_TRACE(testing::Message() << name << " " << version);
      const auto expected = [&](const char* key) { return numbers(cases(), {name, version, key}); };
      Block block;
      ASSERT_TRUE(quantize(x.data(), {.best_candidate = version == "k_quantization"}, &block).ok());
      EXPECT_EQ(doubles(&block.scale, 1), expected("scale_f16"));
      EXPECT_EQ(doubles(&block.zero_point, 1), expected("zero_f16"));
      EXPECT_EQ(doubles(block.subscales, 8), expected("subscales"));
      EXPECT_EQ(doubles(block.suboffsets, 8), expected("suboffsets"));
      EXPECT_EQ(doubles(block.codes, 256), expected("q"));
      float y[256];
      dequantize(block, y);
      EXPECT_EQ(doubles(y, 256), expected("deq"));
      EXPECT_EQ(mean_squared_error(x.data(), y, 8), static_cast<float>(expected("mse_first8")[0]));
      EXPECT_NEAR(mean_squared_error(x.data(), y, 256), expected("mse_all")[0], 1e-7);
    }
  }
}

}  // namespace
}  // namespace fewbits::kquant
