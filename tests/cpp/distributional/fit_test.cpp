// Fits: parameters and errors as theory predicts, however the values are split into parts.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "distributional/math.h"
#include "fewbits/distributional.h"

namespace fewbits::distributional {
namespace {

Formula fitted(const FitOptions& options, const std::vector<float>& x, std::size_t piece = 4096,
               std::size_t* passes = nullptr, std::size_t* measured = nullptr) {
  Fit fit;
  EXPECT_TRUE(fit.begin(options).ok());
  while (fit.next_pass()) {
    for (std::size_t i = 0; i < x.size(); i += piece) {
      EXPECT_TRUE(fit.accumulate(x.data() + i, std::min(piece, x.size() - i)).ok());
    }
  }
  EXPECT_TRUE(fit.status().ok());
  if (passes != nullptr) *passes = fit.passes();
  if (measured != nullptr) *measured = fit.measured();
  return fit.formula();
}

ErrorSums errors_of(const Formula& f, const std::vector<float>& x) {
  Codebook book;
  EXPECT_TRUE(book.assign(f).ok());
  ErrorSums errors;
  if (f.n <= 256) {
    std::vector<std::uint8_t> codes(x.size());
    EXPECT_TRUE(book.encode(x.data(), x.size(), codes.data(), &errors).ok());
    for (const auto code : codes) EXPECT_LT(code, f.n);
  } else {
    std::vector<std::uint16_t> codes(x.size());
    EXPECT_TRUE(book.encode(x.data(), x.size(), codes.data(), &errors).ok());
    for (const auto code : codes) EXPECT_LT(code, f.n);
  }
  return errors;
}

/// Samples of the distribution: its quantile function at the midpoints of `n` equal intervals,
/// shuffled.
std::vector<float> samples(Distribution data, std::size_t n) {
  std::vector<float> x(n);
  std::mt19937 random(5);
  for (float& v : x) {
    const double u = (static_cast<double>(random()) + 0.5) / 4294967296.0;
    v = static_cast<float>(point_quantile(data, 1, u));
  }
  return x;
}

TEST(Fit, ErrorReachesTheLimitOfTheory) {
  struct Row {
    Distribution points, data;
    double limit;
  };
  for (const Row& row :
       {Row{Distribution::gaussian, Distribution::gaussian_cdf, std::sqrt(8 * math::kPi) / 4},
        Row{Distribution::logistic, Distribution::logistic_cdf, math::kPi * math::kPi / 4},
        Row{Distribution::exponential, Distribution::exponential_cdf, 1},
        Row{Distribution::gumbel, Distribution::gumbel_cdf, math::kPi / 2}}) {
    const std::vector<float> x = samples(row.data, 200'000);
    FitOptions options;
    options.distribution = static_cast<int>(row.points);
    options.n = 256;
    options.beta = 1;
    const double error = errors_of(fitted(options, x), x).mean_absolute();
    EXPECT_NEAR(256 * error / row.limit, 1, 0.01) << static_cast<int>(row.points);
  }
}

TEST(Fit, ChoosesTheGaussianForANormalWithSomeNoise) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::uniform_real_distribution<float> uniform;
  std::vector<float> x(100'000);
  for (float& v : x) v = normal(random) + 0.2f * uniform(random);
  FitOptions options;
  options.distribution = -1;
  options.n = 128;
  std::size_t passes = 0;
  std::size_t measured = 0;
  EXPECT_EQ(fitted(options, x, 5000, &passes, &measured).distribution, Distribution::gaussian);
  // Nine distributions, at least 37 betas each: the histogram leaves only a few to be measured
  // exactly.
  EXPECT_LE(passes, 4u);
  EXPECT_LE(measured, 16u);
}

TEST(Fit, NeverWorseThanTheGrid) {
  for (int d = 0; d < kDistributions; ++d) {
    const auto distribution = static_cast<Distribution>(d);
    const std::vector<float> x = samples(distribution, 3000);
    for (const std::uint32_t n : {2u, 5u, 16u, 200u, 300u}) {
      for (const int order : {1, 2}) {
        FitOptions options;
        options.distribution = d;
        options.n = n;
        options.order = order;
        const Formula found = fitted(options, x, 777);
        const auto error_of = [&](const Formula& f) {
          const ErrorSums e = errors_of(f, x);
          return order == 1 ? e.mean_absolute() : e.mean_squared();
        };
        const double error = error_of(found);
        const double* grid = nullptr;
        const std::size_t points = beta_grid(distribution, &grid);
        for (std::size_t i = 0; i < points; ++i) {
          Formula f = found;
          f.beta = grid[i];
          ASSERT_LE(error, error_of(f)) << d << ' ' << n << ' ' << order << ' ' << grid[i];
        }
      }
    }
  }
}

TEST(Fit, PiecesDoNotMatter) {
  const std::vector<float> x = samples(Distribution::gumbel_cdf, 5000);
  FitOptions options;
  options.distribution = -1;
  const Formula whole = fitted(options, x, x.size());
  for (const std::size_t piece : {1, 3, 64, 1021}) {
    const Formula f = fitted(options, x, piece);
    EXPECT_EQ(f.distribution, whole.distribution);
    EXPECT_EQ(f.loc, whole.loc);
    EXPECT_EQ(f.scale, whole.scale);
    EXPECT_EQ(f.beta, whole.beta);
  }
}

TEST(Fit, AwkwardData) {
  constexpr float most = std::numeric_limits<float>::max();
  std::vector<float> heavy = samples(Distribution::cauchy_cdf, 500);
  heavy[7] = 1e30f;
  std::vector<float> far = samples(Distribution::gaussian_cdf, 500);
  for (float& v : far) v = v * 0.01f + 4000;
  far[0] = -1e9f;
  const std::vector<std::vector<float>> inputs = {{},
                                                  {3},
                                                  {0},
                                                  {5, 5, 5, 5, 5},
                                                  {-2, -2},
                                                  {most, -most, most},
                                                  {most, most},
                                                  {1e-45f, 0, -1e-45f},
                                                  {0, 0, 0, 0, 0, 0, 0, 1},
                                                  heavy,
                                                  far,
                                                  {-1, -2, -3, -4.5f}};
  for (const auto& x : inputs) {
    for (int d = -1; d < kDistributions; ++d) {
      for (const std::uint32_t n : {2u, 15u, 256u, 257u}) {
        for (const bool has_zero : {false, true}) {
          for (const bool reference : {false, true}) {
            if (reference && n > 15) continue;
            FitOptions options;
            options.distribution = d;
            options.n = n;
            options.has_zero = has_zero;
            options.reference = reference;
            const Formula f = fitted(options, x);
            ASSERT_TRUE(std::isfinite(f.loc) && std::isfinite(f.scale) && f.beta > 0);
            const ErrorSums e = errors_of(f, x);
            const bool constant =
                !x.empty() && std::all_of(x.begin(), x.end(), [&](float v) { return v == x[0]; });
            if (constant && !has_zero && d < 7) {
              EXPECT_EQ(e.mean_absolute(), 0) << x[0] << ' ' << d << ' ' << n;
            }
          }
        }
      }
    }
  }
}

TEST(Fit, ExponentialBelowZeroStartsAtTheLeastValue) {
  std::vector<float> x = samples(Distribution::exponential_cdf, 2000);
  for (float& v : x) v -= 3;
  FitOptions options;
  options.distribution = static_cast<int>(Distribution::exponential);
  const Formula f = fitted(options, x);
  EXPECT_EQ(static_cast<float>(f.loc), *std::min_element(x.begin(), x.end()));
  EXPECT_LT(errors_of(f, x).mean_absolute(), 0.08);
}

TEST(Fit, CauchyTakesMedianAndQuartiles) {
  std::vector<float> x = samples(Distribution::cauchy_cdf, 4001);
  for (float& v : x) v = v * 1000 + 50000;
  FitOptions options;
  options.distribution = static_cast<int>(Distribution::cauchy_cdf);
  options.beta = 1;
  const Formula f = fitted(options, x);
  std::vector<float> sorted = x;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(f.loc, sorted[2000]);
  EXPECT_EQ(f.scale, 0.5f * (sorted[3000] - sorted[1000]));
}

TEST(Fit, RefusesWhatIsNotFinite) {
  std::vector<float> x(100, 1.0f);
  x[63] = NAN;
  Fit fit;
  ASSERT_TRUE(fit.begin({}).ok());
  ASSERT_TRUE(fit.next_pass());
  ASSERT_TRUE(fit.accumulate(x.data(), 50).ok());
  const Result result = fit.accumulate(x.data() + 50, 50);
  EXPECT_EQ(result.status, Status::non_finite);
  EXPECT_EQ(result.index, 63u);
  FitOptions bad;
  bad.distribution = 11;
  EXPECT_EQ(fit.begin(bad).status, Status::invalid_argument);
}

}  // namespace
}  // namespace fewbits::distributional
