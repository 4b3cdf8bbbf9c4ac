// Lloyd-Max codebooks, against published tables and the optimality conditions.

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "distributional/math.h"
#include "fewbits/distributional.h"

namespace fewbits::distributional {
namespace {

// Mean squared error at 1 to 8 bits, unit variance. The first rows are in Max's table of 1960.
constexpr double kGaussian[] = {.363380,   .117482,    .0345478,   .00950101,
                                .00250467, 6.44240e-4, 1.63478e-4, 4.11851e-5};
constexpr double kLaplace[] = {.5,        .176195,   .054476,    .0153725,
                               .00410218, .00106095, 2.69874e-4, 6.80617e-5};

TEST(LloydMax, ReachesTheKnownOptima) {
  for (const Source source : {Source::gaussian, Source::laplace}) {
    for (int bits = 1; bits <= 8; ++bits) {
      const std::size_t n = std::size_t{1} << bits;
      std::vector<double> thresholds(n - 1);
      std::vector<double> levels(n);
      ASSERT_TRUE(lloyd_max(source, n, thresholds.data(), levels.data()).ok());
      const double expected = (source == Source::gaussian ? kGaussian : kLaplace)[bits - 1];
      const double error = mean_squared_error(source, n, thresholds.data(), levels.data());
      EXPECT_NEAR(error / expected, 1, 1e-5) << bits;
    }
  }
}

TEST(LloydMax, LevelsOfFourAsMaxPrintedThem) {
  double thresholds[3];
  double levels[4];
  ASSERT_TRUE(lloyd_max(Source::gaussian, 4, thresholds, levels).ok());
  EXPECT_NEAR(levels[2], 0.4528, 5e-5);
  EXPECT_NEAR(levels[3], 1.510, 5e-4);
  EXPECT_NEAR(thresholds[2], 0.9816, 5e-5);
  EXPECT_EQ(thresholds[1], 0);
  EXPECT_EQ(levels[0], -levels[3]);
}

TEST(LloydMax, AnyNumberOfLevels) {
  double thresholds[256];
  double levels[256];
  for (const Source source : {Source::gaussian, Source::laplace}) {
    double last = 2;
    for (std::size_t n = 1; n <= 256; ++n) {
      ASSERT_TRUE(lloyd_max(source, n, thresholds, levels).ok());
      for (std::size_t i = 1; i < n; ++i) ASSERT_LT(levels[i - 1], levels[i]);
      const double error = mean_squared_error(source, n, thresholds, levels);
      ASSERT_LT(error, last) << n;
      last = error;
    }
    EXPECT_EQ(lloyd_max(source, 0, thresholds, levels).status, Status::invalid_argument);
    EXPECT_EQ(lloyd_max(source, 257, thresholds, levels).status, Status::invalid_argument);
  }
}

TEST(Math, AgreesWithTheLibrary) {
  for (double x = -40; x <= 40; x += 0.0137) {
    const double tolerance = 2e-15;
    EXPECT_NEAR(math::exp(x) / std::exp(x), 1, tolerance) << x;
    EXPECT_NEAR(math::expm1(x) / std::expm1(x), 1, tolerance) << x;
    EXPECT_NEAR(math::log(std::exp(x)), std::log(std::exp(x)), tolerance * std::fabs(x)) << x;
    EXPECT_NEAR(math::atan(x), std::atan(x), tolerance) << x;
    EXPECT_NEAR(math::log1p(std::fabs(x) * 0.1), std::log1p(std::fabs(x) * 0.1), tolerance) << x;
    if (std::fabs(x) < 8) {
      EXPECT_NEAR(math::erfc(x), std::erfc(x), tolerance) << x;
    }
    if (x > 0 && x < math::kPi) {
      EXPECT_NEAR(math::sin(x), std::sin(x), tolerance) << x;
      EXPECT_NEAR(math::cos(x), std::cos(x), tolerance) << x;
    }
  }
  for (double u = 1e-9; u < 1; u += 0.00137) {
    EXPECT_NEAR(math::normal_cdf(math::normal_quantile(u)), u, 2e-15) << u;
  }
  // Q(1/3, x) decreases by the integral of its density; I_s(1/3, 1/3) is 1/2 in the middle.
  EXPECT_NEAR(math::beta_third(0.5), 0.5, 1e-14);
  EXPECT_NEAR(math::upper_gamma_third(1.5 - 1e-9), math::upper_gamma_third(1.5 + 1e-9), 1e-9);
  EXPECT_NEAR(math::upper_gamma_third(1e-300), 1, 1e-15);
}

}  // namespace
}  // namespace fewbits::distributional
