// Finer outermost values: bits allotted as the file format says, and a measurable gain.

#include "vectors/code/tails.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "vectors/code/codebook.h"
#include "vectors/code/encode.h"

namespace fewbits::vectors {
namespace {

TEST(Tails, ShareTheBits) {
  for (std::size_t count = 1; count <= 100; ++count) {
    const TailShare share{count};
    int sum = 0;
    for (std::size_t j = 0; j < std::min(count, kTailBits); ++j) {
      EXPECT_GE(share.bits(j), 1);
      EXPECT_LE(share.bits(j), 6);
      EXPECT_GE(share.bits(0), share.bits(j));
      sum += share.bits(j);
    }
    EXPECT_EQ(sum, static_cast<int>(count <= 5 ? 6 * count : kTailBits)) << count;
  }
}

TEST(Tails, LevelsAreMiddlesOfEqualCells) {
  EXPECT_EQ(tail_level(1, 0), 119.5f);
  EXPECT_EQ(tail_level(1, 1), 135.5f);
  EXPECT_EQ(tail_level(4, 0), 115.5f);
  EXPECT_EQ(tail_level(4, 15), 235.5f);
  EXPECT_EQ(tail_level(6, 63), 302.0f);
}

TEST(Tails, ComeBackWithinHalfACell) {
  std::mt19937 random(1);
  std::normal_distribution<double> normal(0, 2048);
  const Codebook& book = *codebook(4);
  for (const std::size_t dims : {1, 2, 40, 384, 768, 3000}) {
    for (int round = 0; round < 50; ++round) {
      std::vector<std::int16_t> fixed(dims);
      for (std::int16_t& value : fixed) value = static_cast<std::int16_t>(normal(random));
      if (round == 0) std::fill(fixed.begin(), fixed.end(), std::int16_t{-32767});
      std::vector<std::uint8_t> codes(dims);
      const Encoded encoded = encode(fixed.data(), dims, book, true, codes.data());
      std::vector<std::int8_t> levels(dims);
      std::size_t outer = 0;
      for (std::size_t i = 0; i < dims; ++i) {
        levels[i] = static_cast<std::int8_t>(level_of(book, codes[i]));
        outer += codes[i] == 0 || codes[i] == 15;
      }
      const std::uint32_t word = encode_tails(fixed.data(), codes.data(), dims, encoded.multiplier);
      Tail tails[kTailBits];
      const std::size_t count = decode_tails(levels.data(), dims, word, tails);
      ASSERT_EQ(count, std::min(outer, kTailBits));
      double product = static_cast<double>(encoded.sums.product);
      for (std::size_t j = 0; j < count; ++j) {
        const std::size_t i = tails[j].position;
        ASSERT_TRUE(codes[i] == 0 || codes[i] == 15);
        const int bits = TailShare{outer}.bits(j);
        const double value = fixed[i] * static_cast<double>(encoded.multiplier) / 32768;
        const double last = 111.5 + 32 * bits;
        const double reached = std::copysign(std::min(std::fabs(value), last), value);
        const double finer = static_cast<double>(levels[i]) + static_cast<double>(tails[j].excess);
        ASSERT_NEAR(finer, reached, 16.0 * bits / (1 << bits) + 1e-3);
        product += static_cast<double>(tails[j].excess) * fixed[i];
      }
      // The ratio of the factors, computed from the levels alone, against the actual one.
      if (encoded.sums.product == 0 || dims < 384 || round == 0) continue;
      const double ratio = tail_ratio(levels.data(), dims, tails, count);
      ASSERT_NEAR(ratio, static_cast<double>(encoded.sums.product) / product, 2e-3);
    }
  }
}

TEST(Tails, BringDownTheErrorOfScores) {
  std::mt19937_64 random(2);
  std::normal_distribution<double> normal;
  const Codebook& book = *codebook(4);
  for (const std::size_t dims : {384, 768}) {
    double error = 0;
    double without = 0;
    double drift = 0;
    constexpr int kVectors = 1000;
    for (int v = 0; v < kVectors; ++v) {
      std::vector<double> x(dims);
      double norm = 0;
      for (double& value : x) {
        value = normal(random);
        norm += value * value;
      }
      std::vector<std::int16_t> fixed(dims);
      for (std::size_t i = 0; i < dims; ++i) {
        x[i] *= std::sqrt(static_cast<double>(dims) / norm);
        fixed[i] = static_cast<std::int16_t>(std::lround(x[i] * 2048));
      }
      std::vector<std::uint8_t> codes(dims);
      std::vector<std::int8_t> levels(dims);
      const Encoded encoded = encode(fixed.data(), dims, book, true, codes.data());
      double coarse = 0;
      double square = 0;
      for (std::size_t i = 0; i < dims; ++i) {
        levels[i] = static_cast<std::int8_t>(level_of(book, codes[i]));
        coarse += x[i] * levels[i];
        square += levels[i] * levels[i];
      }
      Tail tails[kTailBits];
      const std::size_t count =
          decode_tails(levels.data(), dims,
                       encode_tails(fixed.data(), codes.data(), dims, encoded.multiplier), tails);
      double product = coarse;
      double own = square;
      for (std::size_t j = 0; j < count; ++j) {
        const double level = levels[tails[j].position];
        const double fine = level + static_cast<double>(tails[j].excess);
        product += (fine - level) * x[tails[j].position];
        own += fine * fine - level * level;
      }
      // The estimate of <q, x> is <q, F> ||x||^2 / <x, F>, off by the tangent of the angle between.
      without += static_cast<double>(dims) * square / (coarse * coarse) - 1;
      error += static_cast<double>(dims) * own / (product * product) - 1;
      // The stored factor makes <x, L> unbiased; the ratio adapts it to F.
      drift += tail_ratio(levels.data(), dims, tails, count) * product / coarse - 1;
    }
    EXPECT_LE(std::sqrt(error / kVectors), 0.0905) << dims;
    EXPECT_LE(std::sqrt(error / without), 0.945) << dims;
    EXPECT_LT(std::fabs(drift / kVectors), 1e-4) << dims;
  }
}

}  // namespace
}  // namespace fewbits::vectors
