// What the demo's two published versions print and store, and what its repairs gain.

#include <gtest/gtest.h>

#include <bit>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "fewbits/kquant.h"

namespace fewbits::kquant {
namespace {

std::string read_cases() {
  std::string text;
  std::FILE* file = std::fopen(FEWBITS_GOLDEN "/affine-and-k/cases.json", "rb");
  if (file == nullptr) return text;
  char buffer[4096];
  for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, file)) > 0;) text.append(buffer, n);
  std::fclose(file);
  return text;
}

/// The number or list of numbers at this path of keys, each looked up after the one before.
std::vector<double> numbers(const std::string& json, const std::vector<std::string>& path) {
  std::size_t at = 0;
  for (const std::string& key : path) {
    at = json.find('"' + key + '"', at);
    if (at == std::string::npos) return {};
    at += key.size() + 2;
  }
  at = json.find(':', at) + 1;
  at = json.find_first_not_of(" \n", at);
  std::size_t end = json[at] == '[' ? json.find(']', at) : json.find_first_of(",}", at);
  std::vector<double> result;
  for (std::size_t i = json[at] == '[' ? at + 1 : at; i < end;) {
    result.push_back(std::strtod(json.c_str() + i, nullptr));
    i = json.find(',', i);
    if (i == std::string::npos) break;
    ++i;
  }
  return result;
}

const std::string& cases() {
  static const std::string text = read_cases();
  return text;
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

const char* const tensors[] = {"seed_readme_affine", "seed_readme_kquant", "head_seed1"};

TEST(Kquant, BothPublishedVersionsToTheBit) {
  for (const std::string name : tensors) {
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
