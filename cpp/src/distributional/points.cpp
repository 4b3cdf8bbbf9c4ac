// Point densities as distribution functions, and codebooks made from them.

#include <algorithm>
#include <cmath>
#include <limits>

#include "distributional/kept_tables.h"
#include "distributional/math.h"
#include "distributional/ordered.h"
#include "fewbits/distributional.h"

namespace fewbits::distributional {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr float kMostFloat = std::numeric_limits<float>::max();

/// The distribution of the data to which a point density belongs.
Distribution data_distribution(Distribution distribution) {
  switch (distribution) {
    case Distribution::gaussian:
      return Distribution::gaussian_cdf;
    case Distribution::logistic:
      return Distribution::logistic_cdf;
    case Distribution::gumbel:
      return Distribution::gumbel_cdf;
    case Distribution::exponential:
      return Distribution::exponential_cdf;
    default:
      return distribution;
  }
}

/// The density of the data, for the `_cdf` distributions.
double data_density(Distribution distribution, double z) {
  switch (distribution) {
    case Distribution::gaussian_cdf:
      return math::normal_density(z);
    case Distribution::logistic_cdf: {
      const double e = math::exp(-std::fabs(z));
      return e / ((1 + e) * (1 + e));
    }
    case Distribution::gumbel_cdf: {
      const double t = math::exp(-z);
      return t * math::exp(-t);
    }
    case Distribution::exponential_cdf:
      return z < 0 ? 0 : math::exp(-z);
    default:
      return 1 / (math::kPi * (1 + z * z));
  }
}

/// Solves F(z) = u where F has no closed inverse (logistic and Gumbel of order 2).
double invert(Distribution distribution, double u) {
  // Starts from the order-1 quantile stretched to order 2, then uses Newton's steps as long as they
  // stay inside the bracket, and bisection otherwise.
  double low = -60;
  double high = 2400;
  double z = std::clamp(1.5 * point_quantile(distribution, 1, u), low, high);
  for (int i = 0; i < 200; ++i) {
    const double error = point_cdf(distribution, 2, z) - u;
    if (error == 0) return z;
    (error < 0 ? low : high) = z;
    double density = 0;
    if (distribution == Distribution::logistic) {
      density =
          math::pow(data_density(Distribution::logistic_cdf, z), 1.0 / 3.0) / math::kBetaThird;
    } else {
      const double y = math::exp(-z) / 3;
      density = math::exp(-y) * math::pow(y, 1.0 / 3.0) / math::kGammaThird;
    }
    double next = z - error / density;
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    const double step = std::fabs(next - z);
    z = next;
    if (step <= 1e-15 * std::max(std::fabs(z), 1e-3)) break;
  }
  return z;
}

/// The smallest double at which F(z) n >= j, near the guess `z`.
double exact_threshold(Distribution distribution, int order, double n, double j, double z) {
  const std::int64_t last = ordered(std::numeric_limits<double>::max());
  const std::int64_t key = first_reached(-last, last, ordered(z), [&](std::int64_t at) {
    return point_cdf(distribution, order, double_of(at)) * n >= j;
  });
  return key > last ? kInfinity : double_of(key);
}

float to_finite(double x) {
  constexpr double most = kMostFloat;
  return static_cast<float>(std::clamp(x, -most, most));
}

// Nodes and weights of 8-point Gauss-Legendre quadrature on [-1, 1], by symmetry only the positive
// half.
constexpr double kNodes[] = {.18343464249564980494, .52553240991632898582, .79666647741362673959,
                             .96028985649753623168};
constexpr double kWeights[] = {.36268378337836198297, .31370664587788728734, .22238103445337447054,
                               .10122853629037625915};

/// The mean of the data distribution between a and b. Tails are cut where no mass is left.
double conditional_mean(Distribution data, double a, double b) {
  if (data == Distribution::exponential_cdf) a = std::max(a, 0.0);
  // Left tails of Gaussian and Gumbel have vanished by then, exponential ones are down to e^-45.
  const double reach = 45;
  if (a == -kInfinity) a = std::min(b, 0.0) - reach;
  if (b == kInfinity) b = std::max(a, 0.0) + reach;
  const int panels = 1 + static_cast<int>(std::min((b - a) * 2, 4000.0));
  const double half = 0.5 * (b - a) / panels;
  const double origin = 0.5 * (a + b);
  double mass = 0;
  double moment = 0;
  for (int i = 0; i < panels; ++i) {
    const double centre = a + (2 * i + 1) * half;
    for (int k = 0; k < 4; ++k) {
      for (const double z : {centre - half * kNodes[k], centre + half * kNodes[k]}) {
        const double m = kWeights[k] * data_density(data, z);
        mass += m;
        moment += m * (z - origin);
      }
    }
  }
  return mass > 0 ? origin + moment / mass : std::fabs(a) < std::fabs(b) ? a : b;
}

double conditional_median(Distribution data, double a, double b) {
  const double below = a == -kInfinity ? 0 : point_cdf(data, 1, a);
  const double above = b == kInfinity ? 1 : point_cdf(data, 1, b);
  const double u = 0.5 * (below + above);
  double median = u > 0 && u < 1 ? point_quantile(data, 1, u) : a == -kInfinity ? b : a;
  // Where no mass is left the quantile is inaccurate: stay in the cell.
  if (median < a) median = a;
  if (median > b) median = b;
  return median;
}

/// Computes the table.
Result compute(Distribution distribution, int order, std::uint32_t n, UnitTable* table) {
  if (is_lloyd(distribution)) {
    const bool gaussian = distribution == Distribution::lloyd_gaussian;
    return lloyd_max(gaussian ? Source::gaussian : Source::laplace, n, table->thresholds.data(),
                     table->levels.data());
  }
  const double count = n;
  for (std::uint32_t j = 1; j < n; ++j) {
    const double z = point_quantile(distribution, order, j / count);
    table->thresholds[j - 1] =
        n <= kExactCells ? exact_threshold(distribution, order, count, j, z) : z;
  }
  for (std::uint32_t j = 0; j < n; ++j) {
    table->levels[j] = point_quantile(distribution, order, (j + 0.5) / count);
  }
  return success();
}

}  // namespace

double point_cdf(Distribution distribution, int order, double z) {
  switch (distribution) {
    case Distribution::gaussian:
      return math::normal_cdf(order == 1 ? z / math::kSqrt2 : z / 1.73205080756887729353);
    case Distribution::gaussian_cdf:
      return math::normal_cdf(z);
    case Distribution::logistic: {
      if (order == 1) return 2 / math::kPi * math::atan(math::exp(0.5 * z));
      const double e = math::exp(-std::fabs(z));
      const double below = math::beta_third(e / (1 + e));
      return z < 0 ? below : 1 - below;
    }
    case Distribution::logistic_cdf:
      return 1 / (1 + math::exp(-z));
    case Distribution::cauchy_cdf:
      return 0.5 + math::atan(z) / math::kPi;
    case Distribution::gumbel:
      return order == 1 ? math::erfc(math::exp(-0.5 * z) / math::kSqrt2)
                        : math::upper_gamma_third(math::exp(-z) / 3);
    case Distribution::gumbel_cdf:
      return math::exp(-math::exp(-z));
    case Distribution::exponential:
      return z <= 0 ? 0 : -math::expm1(-z / (order + 1));
    case Distribution::exponential_cdf:
      return z <= 0 ? 0 : -math::expm1(-z);
    default:
      return 0;
  }
}

double point_quantile(Distribution distribution, int order, double u) {
  switch (distribution) {
    case Distribution::gaussian:
      return math::normal_quantile(u) * (order == 1 ? math::kSqrt2 : 1.73205080756887729353);
    case Distribution::gaussian_cdf:
      return math::normal_quantile(u);
    case Distribution::logistic:
      if (u == 0.5) return 0;
      if (order == 1) {
        const double angle = 0.5 * math::kPi * u;
        return 2 * math::log(math::sin(angle) / math::cos(angle));
      }
      return invert(distribution, u);
    case Distribution::logistic_cdf:
      return math::log(u / (1 - u));
    case Distribution::cauchy_cdf:
      return u == 0.5 ? 0 : -math::cos(math::kPi * u) / math::sin(math::kPi * u);
    case Distribution::gumbel:
      if (order == 1) return -2 * math::log(-math::normal_quantile(0.5 * u));
      return invert(distribution, u);
    case Distribution::gumbel_cdf:
      return -math::log(-math::log(u));
    case Distribution::exponential:
      return -(order + 1) * math::log1p(-u);
    case Distribution::exponential_cdf:
      return -math::log1p(-u);
    default:
      return 0;
  }
}

std::uint32_t index_of(const Formula& f, float x) {
  const double distance = static_cast<double>(x) - f.loc;
  const double width = f.scale * f.beta;
  const double z = width > 0 ? distance / width : distance == 0 ? 0 : distance * kInfinity;
  const double index = point_cdf(f.distribution, f.order, z) * f.n;
  return index >= f.n ? f.n - 1 : static_cast<std::uint32_t>(index);
}

bool valid(const Formula& f) {
  return static_cast<int>(f.distribution) >= 0 &&
         static_cast<int>(f.distribution) < kAllDistributions &&
         (!is_lloyd(f.distribution) || f.n <= 256) && (f.order == 1 || f.order == 2) &&
         f.n >= kMinCells && f.n <= kMaxCells &&
         (f.levels == Levels::midpoint || f.levels == Levels::centroid) && std::isfinite(f.loc) &&
         std::isfinite(f.scale) && f.scale >= 0 && std::isfinite(f.beta) && f.beta > 0;
}

Result UnitTable::make(Distribution distribution, int order, std::uint32_t n) {
  if (!thresholds.reset(n - 1) || !levels.reset(n)) return failure(Status::out_of_memory);
  if (n > KeptTables::kMostCells) return compute(distribution, order, n, this);
  static constinit thread_local KeptTables kept_tables;
  if (kept_tables.take(distribution, order, n, this)) return success();
  const Result made = compute(distribution, order, n, this);
  if (made.ok()) kept_tables.keep(distribution, order, n, *this);
  return made;
}

void place_thresholds(const UnitTable& unit, double loc, double width, std::uint32_t n,
                      float* out) {
  for (std::uint32_t j = 0; j + 1 < n; ++j) {
    const double z = unit.thresholds[j];
    if (!(width > 0)) {
      // Every deviation from loc is infinitely large.
      const float at = static_cast<float>(loc);
      const bool below = z <= 0 ? static_cast<double>(at) < loc : static_cast<double>(at) <= loc;
      out[j] = below ? std::nextafter(at, kInfinityFloat) : at;
      continue;
    }
    // Usually the guess or its neighbour; where loc and width * z cancel there are more floats than
    // distinct differences, and it can be far away.
    const std::int64_t last = ordered(kMostFloat);
    const std::int64_t key = first_reached(
        -last, last, ordered(to_finite(loc + width * z)),
        [&](std::int64_t at) { return (static_cast<double>(float_of(at)) - loc) / width >= z; });
    out[j] = key > last ? kInfinityFloat : float_of(key);
  }
}

double unit_position(const UnitTable& unit, const Formula& f, std::uint32_t j) {
  if (f.levels == Levels::midpoint || is_lloyd(f.distribution)) return unit.levels[j] * f.beta;
  const Distribution data = data_distribution(f.distribution);
  const double a = j > 0 ? unit.thresholds[j - 1] * f.beta : -kInfinity;
  const double b = j + 1 < f.n ? unit.thresholds[j] * f.beta : kInfinity;
  const bool mean = f.order == 2 && data != Distribution::cauchy_cdf;
  return mean ? conditional_mean(data, a, b) : conditional_median(data, a, b);
}

float place_position(double position, double loc, double scale) {
  return to_finite(loc + scale * position);
}

void place_levels(const UnitTable& unit, const Formula& f, float* out) {
  for (std::uint32_t j = 0; j < f.n; ++j) {
    out[j] = place_position(unit_position(unit, f, j), f.loc, f.scale);
    // Ascending apart from rounding.
    if (j > 0) out[j] = std::max(out[j], out[j - 1]);
  }
}

Result make_codebook(const Formula& formula, float* thresholds, float* levels) {
  if (!valid(formula)) return failure(Status::invalid_argument);
  UnitTable unit;
  const Result made = unit.make(formula.distribution, formula.order, formula.n);
  if (!made.ok()) return made;
  place_thresholds(unit, formula.loc, formula.scale * formula.beta, formula.n, thresholds);
  place_levels(unit, formula, levels);
  return success();
}

}  // namespace fewbits::distributional
