// The computations of the Python package, operation by operation in float32 as PyTorch evaluates
// its expressions. Elementary functions are those of double precision, rounded.

#include "distributional/reference.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "distributional/math.h"
#include "distributional/ordered.h"

namespace fewbits::distributional {
namespace {

constexpr float kPi = 3.14159265358979323846f;
constexpr float kSqrt2 = 1.41421356237309504880f;
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
// The uniform distribution under PyTorch's Gumbel ranges from the least normal float to 1 - 2^-23.
constexpr float kUniformLow = std::numeric_limits<float>::min();
constexpr float kUniformRange = 1 - std::numeric_limits<float>::epsilon() - kUniformLow;

float exp(float x) {
  return static_cast<float>(math::exp(static_cast<double>(x)));
}
float erf(float x) {
  return static_cast<float>(1 - math::erfc(static_cast<double>(x)));
}
float atan(float x) {
  return static_cast<float>(math::atan(static_cast<double>(x)));
}

float log(float x) {
  if (std::isnan(x) || x < 0) return kNaN;
  if (x == 0) return -std::numeric_limits<float>::infinity();
  if (std::isinf(x)) return x;
  return static_cast<float>(math::log(static_cast<double>(x)));
}

float log1p(float x) {
  if (std::isnan(x) || x < -1) return kNaN;
  if (x == -1) return -std::numeric_limits<float>::infinity();
  return static_cast<float>(math::log1p(static_cast<double>(x)));
}

/// |x| <= pi.
float tan(float x) {
  const double magnitude = std::fabs(static_cast<double>(x));
  const double tangent = math::sin(magnitude) / math::cos(magnitude);
  return static_cast<float>(x < 0 ? -tangent : tangent);
}

float erfinv(float y) {
  if (!(std::fabs(y) <= 1)) return kNaN;
  if (std::fabs(y) == 1) return std::copysign(std::numeric_limits<float>::infinity(), y);
  return static_cast<float>(math::normal_quantile(0.5 * (1 + static_cast<double>(y))) /
                            math::kSqrt2);
}

float normal_cdf(float x) {
  return 0.5f * (1 + erf(x / kSqrt2));
}
float normal_quantile(float u) {
  return erfinv(2 * u - 1) * kSqrt2;
}

/// F of the standardised value.
float cdf(Distribution distribution, float t, float beta) {
  switch (distribution) {
    case Distribution::gaussian:
      return normal_cdf(t / kSqrt2 / beta);
    case Distribution::gaussian_cdf:
      return normal_cdf(t / beta);
    case Distribution::logistic:
      return 2 * atan(exp(t / beta / 2)) / kPi;
    case Distribution::logistic_cdf:
      return 1 / (1 + exp(-(t / beta)));
    case Distribution::cauchy_cdf:
      return atan(t / beta) / kPi + 0.5f;
    case Distribution::gumbel:
      return 1 - erf(exp(-t / 2 / beta) / kSqrt2);
    case Distribution::gumbel_cdf: {
      const float u = exp(-exp(-std::clamp(t / beta, -4.46975f, 15.9424f)));
      return std::clamp((u - kUniformLow) / kUniformRange, 0.0f, 1.0f);
    }
    case Distribution::exponential:
    case Distribution::exponential_cdf: {
      const float positive = std::max(t - 1e-8f, 0.0f) + 1e-8f;
      const float v =
          distribution == Distribution::exponential ? positive / 2 / beta : positive / beta;
      return 1 - exp(-v);
    }
    default:
      return 0;
  }
}

/// The standardised value that `u` decodes to.
float quantile(Distribution distribution, float u, float beta) {
  switch (distribution) {
    case Distribution::gaussian:
      return normal_quantile(u) * kSqrt2 * beta;
    case Distribution::gaussian_cdf:
      return normal_quantile(u) * beta;
    case Distribution::logistic:
      return log(tan(u / 2 * kPi)) * 2 * beta;
    case Distribution::logistic_cdf:
      return log(u / (1 - u)) * beta;
    case Distribution::cauchy_cdf:
      return tan(kPi * (u - 0.5f)) * beta;
    case Distribution::gumbel: {
      const float e = erfinv(1 - u);
      return log(1 / (2 * (e * e))) * beta;
    }
    case Distribution::gumbel_cdf:
      return -log(-log(u * kUniformRange + kUniformLow)) * beta;
    case Distribution::exponential:
      return -log1p(-u) * 2 * beta;
    case Distribution::exponential_cdf:
      return -log1p(-u) * beta;
    default:
      return 0;
  }
}

}  // namespace

void CascadeSum::begin(std::size_t total) {
  *this = {};
  vectors_end_ = total - total % kVector;
  rows_end_ = total - total % kRow;
  const std::size_t rows = total / kRow;
  if (rows > 2) level_bits_ = std::max(4, static_cast<int>(std::bit_width(rows - 1)) / kLevels);
}

void CascadeSum::fold() {
  for (int level = 1; level < kLevels; ++level) {
    for (std::size_t k = 0; k < kRow; ++k) levels_[0][k] += levels_[level][k];
  }
}

void CascadeSum::add(const float* x, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i, ++position_) {
    if (position_ == rows_end_) fold();
    if (position_ >= vectors_end_) {
      tail_ += x[i];
    } else if (position_ >= rows_end_) {
      levels_[0][position_ % kVector] += x[i];
    } else {
      levels_[0][position_ % kRow] += x[i];
      if (position_ % kRow != kRow - 1) continue;
      const std::size_t rows = position_ / kRow + 1;
      for (int level = 1; level < kLevels; ++level) {
        const std::size_t mask = (std::size_t{1} << level_bits_) - 1;
        if ((rows & mask << (level - 1) * level_bits_) != 0) break;
        for (std::size_t k = 0; k < kRow; ++k) {
          levels_[level][k] += levels_[level - 1][k];
          levels_[level - 1][k] = 0;
        }
      }
    }
  }
}

float CascadeSum::sum() const {
  CascadeSum folded = *this;
  if (position_ == rows_end_) folded.fold();
  float sum = folded.tail_;
  for (std::size_t k = 0; k < kVector; ++k) {
    float lane = folded.levels_[0][k];
    for (std::size_t vector = 1; vector < 4; ++vector) {
      lane += folded.levels_[0][vector * kVector + k];
    }
    sum += lane;
  }
  return sum;
}

void reference_parameters(Distribution distribution, float mean32, double deviation, float* loc,
                          float* scale) {
  const float deviation32 = static_cast<float>(deviation);
  *loc = mean32;
  *scale = deviation32;
  switch (distribution) {
    case Distribution::logistic:
    case Distribution::logistic_cdf:
      *scale = deviation32 / kPi * 1.73205080756887729353f;
      break;
    case Distribution::gumbel:
    case Distribution::gumbel_cdf:
      *scale = deviation32 * 2.44948974278317809820f / kPi;
      *loc = mean32 - 0.5772156649f * *scale;
      break;
    case Distribution::cauchy_cdf:
      *loc = 0;
      *scale = 1;
      break;
    case Distribution::exponential:
    case Distribution::exponential_cdf:
      *loc = 0;
      break;
    default:
      break;
  }
}

void reference_codebook(const Formula& f, float* thresholds, float* levels) {
  const float loc = static_cast<float>(f.loc);
  const float scale = static_cast<float>(f.scale);
  const float beta = static_cast<float>(f.beta);
  const float n = static_cast<float>(f.n);
  for (std::uint32_t i = 0; i <= f.n; ++i) {
    const float u = (static_cast<float>(i) + 0.5f) / n;
    levels[i] = quantile(f.distribution, u, beta) * scale + loc;
  }
  // Every step rounds a monotone function, so the index is monotone in x and has thresholds.
  constexpr float most = std::numeric_limits<float>::max();
  const std::int64_t last = ordered(most);
  for (std::uint32_t i = 1; i <= f.n; ++i) {
    // The index n first appears where float32 rounds F to 1.
    const double u = i < f.n ? static_cast<double>(i) / f.n : 1 - 3e-8;
    const double at = f.loc + f.scale * f.beta * point_quantile(f.distribution, 1, u);
    const auto guess =
        static_cast<float>(std::clamp(at, -static_cast<double>(most), static_cast<double>(most)));
    const std::int64_t key = first_reached(-last, last, ordered(guess), [&](std::int64_t bits) {
      const float t = (float_of(bits) - loc) / scale;
      return std::floor(cdf(f.distribution, t, beta) * n) >= static_cast<float>(i);
    });
    thresholds[i - 1] = key > last ? std::numeric_limits<float>::infinity() : float_of(key);
  }
}

}  // namespace fewbits::distributional
