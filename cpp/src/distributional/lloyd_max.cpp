// The Lloyd-Max codebooks of known densities.

#include <algorithm>
#include <cmath>
#include <limits>

#include "distributional/math.h"
#include "fewbits/distributional.h"

namespace fewbits::distributional {
namespace {

constexpr std::size_t kMostLevels = 256;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Mass, first moment and density of a source over (-inf, x], from which centroids follow.
struct Below {
  double mass;
  double moment;
  double density;
};

Below below(Source source, double x) {
  if (x == -kInfinity) return {0, 0, 0};
  if (x == kInfinity) return {1, 0, 0};
  if (source == Source::gaussian) {
    const double density = math::normal_density(x);
    return {math::normal_cdf(x), -density, density};
  }
  // Density e^(-|x| sqrt 2) / sqrt 2.
  const double tail = 0.5 * math::exp(-std::fabs(x) * math::kSqrt2);
  const double moment = -tail * (std::fabs(x) + 1 / math::kSqrt2);
  return {x < 0 ? tail : 1 - tail, moment, tail * math::kSqrt2};
}

/// The position at which the optimal point density for squared error has the fraction `u` of the
/// levels.
double companded(Source source, double u) {
  if (source == Source::gaussian) return math::normal_quantile(u) * std::sqrt(3.0);
  const double scale = 3 / math::kSqrt2;
  return u < 0.5 ? scale * math::log(2 * u) : -scale * math::log(2 * (1 - u));
}

}  // namespace

Result lloyd_max(Source source, std::size_t n, double* thresholds, double* levels) {
  if (n < 1 || n > kMostLevels) return failure(Status::invalid_argument);
  if (source != Source::gaussian && source != Source::laplace)
    return failure(Status::invalid_argument);
  // Both densities are even and log-concave, so the solution is odd and unique (Fleischer 1964;
  // Kieffer 1983): only half of it is computed, next to a threshold (even n) or a level (odd n) at
  // 0.
  const std::size_t half = n / 2;
  double* const positive = levels + (n - half);
  for (std::size_t i = 0; i < half; ++i) {
    positive[i] =
        companded(source, (static_cast<double>(n - half + i) + 0.5) / static_cast<double>(n));
  }
  // Newton's method for level_i - centroid_i(levels) = 0. A centroid depends only on its two
  // thresholds, so the Jacobian is tridiagonal.
  double upper[kMostLevels];
  double right[kMostLevels];
  double previous_step = kInfinity;
  for (int round = 0; round < 100 && half > 0; ++round) {
    const bool odd = n % 2 == 1;
    double a = odd ? 0.5 * positive[0] : 0;
    Below at_a = below(source, a);
    for (std::size_t i = 0; i < half; ++i) {
      const double b = i + 1 < half ? 0.5 * (positive[i] + positive[i + 1]) : kInfinity;
      const Below at_b = below(source, b);
      const double mass = at_b.mass - at_a.mass;
      const double centroid = (at_b.moment - at_a.moment) / mass;
      const double slope_a = i > 0 || odd ? at_a.density * (centroid - a) / mass : 0;
      const double slope_b = i + 1 < half ? at_b.density * (b - centroid) / mass : 0;
      const double lower = -0.5 * slope_a;
      const double pivot = 1 - 0.5 * (slope_a + slope_b) - (i > 0 ? lower * upper[i - 1] : 0);
      upper[i] = -0.5 * slope_b / pivot;
      right[i] = (positive[i] - centroid - (i > 0 ? lower * right[i - 1] : 0)) / pivot;
      a = b;
      at_a = at_b;
    }
    double largest = 0;
    for (std::size_t i = half; i-- > 0;) {
      if (i + 1 < half) right[i] -= upper[i] * right[i + 1];
      positive[i] -= right[i];
      largest = std::max(largest, std::fabs(right[i]));
    }
    // Convergence is quadratic until rounding stops it.
    if (largest == 0 || (largest < 1e-9 && largest >= 0.5 * previous_step)) break;
    previous_step = largest;
  }
  for (std::size_t i = 0; i < half; ++i) levels[i] = -levels[n - 1 - i];
  if (n % 2 == 1) levels[half] = 0;
  for (std::size_t i = 0; i + 1 < n; ++i) thresholds[i] = 0.5 * (levels[i] + levels[i + 1]);
  return success();
}

double mean_squared_error(Source source, std::size_t n, const double* thresholds,
                          const double* levels) {
  double error = 1;  // the variance
  Below at_a = below(source, -kInfinity);
  for (std::size_t i = 0; i < n; ++i) {
    const Below at_b = below(source, i + 1 < n ? thresholds[i] : kInfinity);
    error += levels[i] * (levels[i] * (at_b.mass - at_a.mass) - 2 * (at_b.moment - at_a.moment));
    at_a = at_b;
  }
  return error;
}

}  // namespace fewbits::distributional
