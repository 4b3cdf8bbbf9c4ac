// One-dimensional k-means reaches the optimum, and blocks have their own scales.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <vector>

#include "fewbits/distributional.h"

namespace fewbits::distributional {
namespace {

struct Book {
  std::vector<float> thresholds;
  std::vector<float> levels;
};

Book fitted(std::uint32_t n, const std::vector<float>& x) {
  KMeans kmeans;
  EXPECT_TRUE(kmeans.begin(n).ok());
  while (kmeans.next_pass()) {
    for (std::size_t i = 0; i < x.size(); i += 100) {
      EXPECT_TRUE(kmeans.accumulate(x.data() + i, std::min<std::size_t>(100, x.size() - i)).ok());
    }
  }
  EXPECT_TRUE(kmeans.status().ok());
  Book book{std::vector<float>(n - 1), std::vector<float>(n)};
  EXPECT_TRUE(kmeans.codebook(book.thresholds.data(), book.levels.data()).ok());
  return book;
}

double error_of(const Book& book, const std::vector<float>& x) {
  Codebook codebook;
  EXPECT_TRUE(codebook.assign(book.levels.size(), book.thresholds.data(), book.levels.data()).ok());
  std::vector<std::uint8_t> codes(x.size());
  ErrorSums errors;
  EXPECT_TRUE(codebook.encode(x.data(), x.size(), codes.data(), &errors).ok());
  return errors.mean_squared();
}

/// The optimum, by dynamic programming over the sorted values.
double optimum(std::uint32_t n, std::vector<float> x) {
  std::sort(x.begin(), x.end());
  const std::size_t count = x.size();
  std::vector<double> sum(count + 1);
  std::vector<double> square(count + 1);
  for (std::size_t i = 0; i < count; ++i) {
    const double v = x[i];
    sum[i + 1] = sum[i] + v;
    square[i + 1] = square[i] + v * v;
  }
  const auto cost = [&](std::size_t a, std::size_t b) {
    const double s = sum[b] - sum[a];
    return square[b] - square[a] - s * s / static_cast<double>(b - a);
  };
  std::vector<double> best(count + 1, INFINITY);
  best[0] = 0;
  for (std::uint32_t k = 0; k < n; ++k) {
    std::vector<double> next(count + 1, INFINITY);
    for (std::size_t b = 1; b <= count; ++b) {
      for (std::size_t a = 0; a < b; ++a) next[b] = std::min(next[b], best[a] + cost(a, b));
    }
    best = next;
    best[0] = 0;
  }
  return best[count] / static_cast<double>(count);
}

TEST(KMeans, ReachesTheOptimumOfTheValuesThemselves) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> x(600);
  for (float& v : x) v = random() % 3 == 0 ? normal(random) * 0.1f + 3 : normal(random);
  for (const std::uint32_t n : {2u, 3u, 7u, 16u, 40u}) {
    const double least = optimum(n, x);
    const double error = error_of(fitted(n, x), x);
    EXPECT_GE(error, least * (1 - 1e-6));
    EXPECT_LE(error, least * (1 + 1e-4)) << n;
  }
}

TEST(KMeans, OnGaussianSamplesIsNoWorseThanLloydMax) {
  std::mt19937 random(2);
  std::normal_distribution<float> normal;
  std::vector<float> x(100'000);
  for (float& v : x) v = normal(random);
  for (const std::uint32_t n : {2u, 16u, 256u}) {
    std::vector<double> t(n - 1);
    std::vector<double> l(n);
    ASSERT_TRUE(lloyd_max(Source::gaussian, n, t.data(), l.data()).ok());
    const Book theory{{t.begin(), t.end()}, {l.begin(), l.end()}};
    EXPECT_LT(error_of(fitted(n, x), x), error_of(theory, x)) << n;
  }
}

TEST(KMeans, FewValuesAreKeptExactly) {
  constexpr float most = std::numeric_limits<float>::max();
  for (const std::vector<float>& x :
       {std::vector<float>{}, {5}, {1, 2, 2, 7, 7, 7}, {0, 0, 0}, {-3, 100, 20000}}) {
    const Book book = fitted(16, x);
    EXPECT_TRUE(std::is_sorted(book.thresholds.begin(), book.thresholds.end()));
    EXPECT_EQ(error_of(book, x), 0);
  }
  for (const float level : fitted(4, {most, -most, 0, 1}).levels) EXPECT_TRUE(std::isfinite(level));
  KMeans kmeans;
  EXPECT_EQ(kmeans.begin(257).status, Status::invalid_argument);
  ASSERT_TRUE(kmeans.begin(4).ok());
  ASSERT_TRUE(kmeans.next_pass());
  const float bad[] = {1, NAN};
  EXPECT_EQ(kmeans.accumulate(bad, 2).index, 1u);
}

TEST(Blocks, EachHasItsOwnScale) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  std::vector<float> x(1000);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = normal(random) * std::ldexp(1.0f, static_cast<int>(i / 32 % 12)) +
           static_cast<float>(i / 32);
  }
  for (int d = -1; d < kAllDistributions; ++d) {
    for (const std::uint32_t n : {2u, 16u, 300u}) {
      if (n > 256 && d >= kDistributions) continue;
      for (const std::size_t block : {1u, 32u, 100u, 2000u}) {
        FitOptions options;
        options.distribution = d;
        options.n = n;
        options.block = block;
        if (block == 1) options.beta = 1;
        Fit fit;
        ASSERT_TRUE(fit.begin(options).ok());
        while (fit.next_pass()) ASSERT_TRUE(fit.accumulate(x.data(), x.size()).ok());
        ASSERT_TRUE(fit.status().ok());
        BlockCodebook book;
        ASSERT_TRUE(book.assign(fit.formula(), nullptr).ok());
        const std::size_t blocks = (x.size() + block - 1) / block;
        std::vector<float> locs(blocks);
        std::vector<float> scales(blocks);
        std::vector<float> decoded(x.size());
        ErrorSums errors;
        const auto check = [&](auto codes) {
          ASSERT_TRUE(book.encode(x.data(), x.size(), block, locs.data(), scales.data(),
                                  codes.data(), &errors)
                          .ok());
          ASSERT_TRUE(
              book.decode(codes.data(), x.size(), block, locs.data(), scales.data(), decoded.data())
                  .ok());
          // Codes and values equal those of a codebook with the parameters of the block.
          for (std::size_t i = 0; i < x.size(); i += 41) {
            Formula f = fit.formula();
            f.loc = locs[i / block];
            f.scale = scales[i / block];
            std::vector<float> thresholds(n - 1);
            std::vector<float> levels(n);
            ASSERT_TRUE(make_codebook(f, thresholds.data(), levels.data()).ok());
            const auto code = static_cast<std::size_t>(
                std::upper_bound(thresholds.begin(), thresholds.end(), x[i]) - thresholds.begin());
            ASSERT_EQ(codes[i], code);
            ASSERT_EQ(decoded[i], levels[code]);
          }
        };
        if (n <= 256) {
          check(std::vector<std::uint8_t>(x.size()));
        } else {
          check(std::vector<std::uint16_t>(x.size()));
        }
        double sum = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
          sum += std::fabs(static_cast<double>(x[i]) - static_cast<double>(decoded[i]));
        }
        EXPECT_NEAR(errors.mean_absolute(), sum / static_cast<double>(x.size()), 1e-9);
        if (block == 1) {
          EXPECT_LT(errors.mean_absolute(), d == 7 || d == 8 ? 200 : 1e-9) << d;
        }
      }
    }
  }
}

}  // namespace
}  // namespace fewbits::distributional
