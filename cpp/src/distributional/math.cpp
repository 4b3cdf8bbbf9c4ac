// Elementary functions that give the same bits on every machine.

#include "distributional/math.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace fewbits::distributional::math {
namespace {

constexpr double kLn2High = 6.93147180369123816490e-01;  // 33 bits, so that k * high is exact
constexpr double kLn2Low = 1.90821492927058770002e-10;
constexpr double kHalfPi = 1.57079632679489661923;

double power_of_two(int e) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(e + 1023) << 52);
}

/// exp(r) - 1 for |r| <= 0.35 by its Taylor series.
double expm1_reduced(double r) {
  double sum = 1.0;
  for (int k = 15; k >= 2; --k) sum = 1.0 + sum * r / k;
  return r * sum;
}

/// 2 * atanh(f) for |f| <= 0.18.
double twice_atanh(double f) {
  const double f2 = f * f;
  double sum = 0;
  for (int k = 25; k >= 3; k -= 2) sum = (sum + 1.0 / k) * f2;
  return 2 * f + 2 * f * sum;
}

/// sin and cos for 0 <= x <= pi / 4.
double sin_reduced(double x) {
  const double x2 = x * x;
  double sum = 1;
  for (int k = 18; k >= 2; k -= 2) sum = 1 - sum * x2 / (k * (k + 1));
  return x * sum;
}
double cos_reduced(double x) {
  const double x2 = x * x;
  double sum = 1;
  for (int k = 19; k >= 1; k -= 2) sum = 1 - sum * x2 / (k * (k + 1));
  return sum;
}

}  // namespace

double exp(double x) {
  if (x > 709.78) return std::numeric_limits<double>::infinity();
  if (x < -745.2) return 0;
  const double k = std::floor(x / (kLn2High + kLn2Low) + 0.5);
  const double r = (x - k * kLn2High) - k * kLn2Low;
  const double y = 1 + expm1_reduced(r);
  // In two steps, so that neither power exceeds the range of a double.
  const int e = static_cast<int>(k);
  const int half = e / 2;
  return y * power_of_two(half) * power_of_two(e - half);
}

double expm1(double x) {
  return std::fabs(x) < 0.35 ? expm1_reduced(x) : exp(x) - 1;
}

double log(double x) {
  int e = 0;
  if (x < std::numeric_limits<double>::min()) {
    x *= power_of_two(54);
    e = -54;
  }
  const auto bits = std::bit_cast<std::uint64_t>(x);
  e += static_cast<int>(bits >> 52) - 1023;
  double m =
      std::bit_cast<double>((bits & ((std::uint64_t{1} << 52) - 1)) | (std::uint64_t{1023} << 52));
  if (m > kSqrt2) {
    m /= 2;
    e += 1;
  }
  return e * kLn2High + (twice_atanh((m - 1) / (m + 1)) + e * kLn2Low);
}

double log1p(double x) {
  return std::fabs(x) < 0.3 ? twice_atanh(x / (2 + x)) : log(1 + x);
}

double pow(double x, double y) {
  return exp(y * log(x));
}

double atan(double x) {
  if (x < 0) return -atan(-x);
  if (x > 1) return kHalfPi - atan(1 / x);
  if (x > 0.4142135623730951) return kHalfPi / 2 + atan((x - 1) / (x + 1));
  const double x2 = x * x;
  double sum = 0;
  for (int k = 43; k >= 3; k -= 2) sum = (1.0 / k - sum) * x2;
  return x - x * sum;
}

double sin(double x) {
  if (x > kHalfPi) x = kPi - x;
  return x > kHalfPi / 2 ? cos_reduced(kHalfPi - x) : sin_reduced(x);
}

double cos(double x) {
  if (x > kHalfPi) return -cos(kPi - x);
  return x > kHalfPi / 2 ? sin_reduced(kHalfPi - x) : cos_reduced(x);
}

double erfc(double x) {
  if (x < 0) return 2 - erfc(-x);
  if (x > 27) return 0;
  const double gauss = exp(-x * x);
  if (x < 2) {
    // erf as a sum of positive terms.
    const double x2 = 2 * x * x;
    double term = x;
    double sum = x;
    for (int k = 3; term > sum * 1e-17; k += 2) {
      term *= x2 / k;
      sum += term;
    }
    return 1 - 1.12837916709551257390 * gauss * sum;
  }
  // The continued fraction x + (1/2)/(x + 1/(x + (3/2)/(x + ...))), from its tail.
  const int depth = 20 + static_cast<int>(400 / (x * x));
  double fraction = x;
  for (int k = depth; k >= 1; --k) fraction = x + 0.5 * k / fraction;
  return gauss * 0.56418958354775628695 / fraction;
}

double normal_cdf(double x) {
  return 0.5 * erfc(-x / kSqrt2);
}

double normal_density(double x) {
  return 0.39894228040143267794 * exp(-0.5 * x * x);
}

double normal_quantile(double u) {
  if (u > 0.5) return -normal_quantile(1 - u);
  if (u == 0.5) return 0;
  // Starts from the asymptote of the tail or the slope at the centre, then uses Halley's method.
  double x = 0;
  if (u > 0.2) {
    x = (u - 0.5) * 2.50662827463100050242;
  } else {
    const double l = std::sqrt(-2 * log(u));
    x = -(l - (log(l) + 0.91893853320467274178) / l);
  }
  for (int i = 0; i < 8; ++i) {
    const double e = (normal_cdf(x) - u) / normal_density(x);
    const double step = e / (1 + 0.5 * x * e);
    x -= step;
    if (std::fabs(step) < 1e-9 * (1 + std::fabs(x))) break;
  }
  return x;
}

double upper_gamma_third(double x) {
  constexpr double a = 1.0 / 3.0;
  if (x <= 0) return 1;
  if (x > 745) return 0;
  const double front = exp(-x) * pow(x, a) / kGammaThird;
  if (x < 1.5) {
    double term = 1 / a;
    double sum = term;
    for (int k = 1; term > sum * 1e-17; ++k) {
      term *= x / (a + k);
      sum += term;
    }
    return 1 - front * sum;
  }
  // Gamma(a, x) = e^-x x^a / (x + 1 - a - 1(1 - a)/(x + 3 - a - 2(2 - a)/(x + 5 - a - ...)))
  const int depth = 20 + static_cast<int>(200 / x);
  double fraction = x + 2 * depth + 1 - a;
  for (int k = depth; k >= 1; --k) fraction = x + 2 * k - 1 - a - k * (k - a) / fraction;
  return front / fraction;
}

double beta_third(double s) {
  constexpr double a = 1.0 / 3.0;
  if (s <= 0) return 0;
  // s^a times the integral of (1 - s t)^(a-1) t^(a-1), term by term.
  double coefficient = 1;
  double sum = 1 / a;
  for (int k = 1; k < 80; ++k) {
    coefficient *= s * (k - a) / k;
    sum += coefficient / (a + k);
  }
  return pow(s, a) * sum / kBetaThird;
}

}  // namespace fewbits::distributional::math
