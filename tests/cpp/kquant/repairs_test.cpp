// Each fix of the demonstration's quantizer by itself.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "fewbits/ggml.h"
#include "fewbits/kquant.h"

namespace fewbits::kquant {
namespace {

constexpr Repairs kAll = {.best_candidate = true,
                          .whole_error = true,
                          .rounding = true,
                          .weighted_sum = true,
                          .six_bits = true};

/// The demo's tensors: 24 random bits scaled to -5..5.
std::vector<float> tensor(unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> x(kBlockSize);
  for (float& value : x) {
    value = static_cast<float>(random() & 0xFFFFFF) * 0x1p-24f * 10.0f - 5.0f;
  }
  return x;
}

float error(const std::vector<float>& x, const Repairs& repairs) {
  Block block;
  EXPECT_TRUE(quantize(x.data(), repairs, &block).ok());
  float y[kBlockSize];
  dequantize(block, y);
  return mean_squared_error(x.data(), y, kBlockSize);
}

TEST(Repairs, TogetherReachTheErrorOfQ4K) {
  float repaired = 0;
  float reference = 0;
  for (unsigned seed = 1; seed <= 50; ++seed) {
    const std::vector<float> x = tensor(seed);
    repaired += error(x, kAll);
    std::uint8_t bytes[144];
    float y[kBlockSize];
    ASSERT_TRUE(ggml::quantize(ggml::Type::q4_K, x.data(), 1, 256, nullptr, bytes).ok());
    ASSERT_TRUE(ggml::dequantize(ggml::Type::q4_K, bytes, 256, y).ok());
    reference += mean_squared_error(x.data(), y, kBlockSize);
  }
  EXPECT_NEAR(repaired / reference, 1.0, 0.05);
}

TEST(Repairs, EachGainsOnAverageOnTopOfThoseBefore) {
  Repairs repairs;
  bool Repairs::*const order[] = {&Repairs::rounding, &Repairs::weighted_sum,
                                  &Repairs::best_candidate, &Repairs::six_bits};
  const auto total = [](const Repairs& with) {
    float sum = 0;
    for (unsigned seed = 1; seed <= 100; ++seed) sum += error(tensor(seed), with);
    return sum;
  };
  float before = total(repairs);
  for (bool Repairs::*repair : order) {
    repairs.*repair = true;
    // Candidates can only be distinguished if all of their integers count.
    if (repair == &Repairs::best_candidate) repairs.whole_error = true;
    const float after = total(repairs);
    EXPECT_LT(after, before);
    before = after;
  }
}

TEST(Repairs, EdgesHaveAnAnswer) {
  for (const bool repaired : {false, true}) {
    const Repairs repairs = repaired ? kAll : Repairs{};
    const std::vector<float> zeros(kBlockSize, 0.0f);
    EXPECT_EQ(error(zeros, repairs), 0.0f);
    EXPECT_EQ(error(std::vector<float>(kBlockSize, -2.0f), repairs), 0.0f);
    for (const float scale : {1e-42f, 1e-20f, 1e30f, 3e38f}) {
      std::vector<float> x = tensor(3);
      for (float& value : x) value *= scale / 5;
      Block block;
      ASSERT_TRUE(quantize(x.data(), repairs, &block).ok());
      for (const std::uint8_t code : block.codes) ASSERT_LE(code, 15);
      for (const std::uint8_t code : block.subscales) ASSERT_LE(code, repaired ? 63 : 15);
    }
    std::vector<float> x = tensor(4);
    x[200] = std::numeric_limits<float>::infinity();
    x[201] = std::nanf("");
    Block block;
    const Result result = quantize(x.data(), repairs, &block);
    EXPECT_EQ(result.status, Status::non_finite);
    EXPECT_EQ(result.index, 200u);
  }
}

}  // namespace
}  // namespace fewbits::kquant
