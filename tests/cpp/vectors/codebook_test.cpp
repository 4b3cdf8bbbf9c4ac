// The levels of each width, against the optimum for normal values.

#include "vectors/code/codebook.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "fewbits/distributional.h"
#include "vectors/code/encode.h"
#include "vectors/code/kernels.h"

namespace fewbits::vectors {
namespace {

TEST(Codebook, LevelsAreThoseOfLloydAndMax) {
  for (const int bits : {1, 2, 4}) {
    const std::size_t n = std::size_t{1} << bits;
    std::vector<double> thresholds(n - 1);
    std::vector<double> levels(n);
    ASSERT_TRUE(distributional::lloyd_max(distributional::Source::gaussian, n, thresholds.data(),
                                          levels.data())
                    .ok());
    const Codebook& book = *codebook(bits);
    const double unit = bits == 1 ? 1 / levels[1] : static_cast<double>(book.unit);
    for (unsigned code = 0; code < n; ++code) {
      EXPECT_NEAR(level_of(book, code) / unit, levels[code], 0.6 / unit);
    }
    for (std::size_t i = 0; bits > 1 && i < n / 2 - 1; ++i) {
      EXPECT_NEAR(book.thresholds[i], thresholds[n / 2 + i] * unit, 1);
    }
  }
}

TEST(Codebook, DistortionIsThatOfTheCode) {
  for (const int bits : {1, 2, 3, 4, 5, 6, 8}) {
    const Codebook& book = *codebook(bits);
    // E (x - level)^2 by the midpoint rule, with the level scaled by the best factor.
    double xx = 0;
    double xl = 0;
    double ll = 0;
    for (double x = -8; x < 8; x += 1.0 / 4096) {
      const double weight = std::exp(-x * x / 2);
      int best = 0;
      for (unsigned code = 0; code < (1u << bits); ++code) {
        const int level = level_of(book, code);
        const double unit = static_cast<double>(book.unit);
        if (code == 0 || std::fabs(x * unit - level) < std::fabs(x * unit - best)) best = level;
      }
      xx += weight * x * x;
      xl += weight * x * best;
      ll += weight * best * best;
    }
    EXPECT_NEAR(1 - xl * xl / xx / ll, book.distortion, 0.005 * book.distortion) << bits;
  }
}

/// Root mean square of sqrt(d) times the error of the estimated inner product, for random unit
/// vectors: the tangent of the angle between vector and code.
double score_error(int bits, std::size_t dims, bool search) {
  std::mt19937_64 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> x(dims);
  std::vector<std::int16_t> fixed(dims);
  std::vector<std::uint8_t> codes(dims);
  double sum = 0;
  constexpr int kVectors = 1000;
  for (int i = 0; i < kVectors; ++i) {
    for (float& value : x) value = normal(random);
    const double square = static_cast<double>(kernels::sum_squares(x.data(), dims));
    const double scale =
        static_cast<double>(kFixedOne) * std::sqrt(static_cast<double>(dims) / square);
    kernels::to_fixed(x.data(), dims, static_cast<float>(scale), fixed.data());
    const Codebook& book = *codebook(bits);
    const CodeSums sums = encode(fixed.data(), dims, book, search, codes.data()).sums;
    double product = 0;
    double level_square = 0;
    for (std::size_t j = 0; j < dims; ++j) {
      const int level = level_of(book, codes[j]);
      product += static_cast<double>(x[j]) * level;
      level_square += level * level;
    }
    EXPECT_EQ(sums.square, static_cast<std::int64_t>(level_square));
    sum += square * level_square / (product * product) - 1;
  }
  return std::sqrt(sum / kVectors);
}

TEST(Codebook, ScoreErrorIsThatOfTheTheory) {
  // sqrt(D / (1 - D)) for the distortion D in Max's tables.
  EXPECT_NEAR(score_error(1, 384, false), 0.7555, 0.03 * 0.7555);
  EXPECT_NEAR(score_error(2, 384, false), 0.3649, 0.03 * 0.3649);
  EXPECT_NEAR(score_error(4, 384, false), 0.0979, 0.03 * 0.0979);
  EXPECT_LT(score_error(8, 384, false), 0.0103);
  EXPECT_LT(score_error(2, 384, true), 0.3649);
  EXPECT_LT(score_error(4, 384, true), 0.0945);
  EXPECT_LT(score_error(8, 384, true), 0.0075);
}

}  // namespace
}  // namespace fewbits::vectors
