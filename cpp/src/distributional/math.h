// Elementary and special functions in plain double arithmetic. They determine the thresholds of
// codebooks, and a difference of one bit between two C libraries could move a threshold by one
// float; these implementations give the same bits natively and in WebAssembly. Accurate to a few
// units in the last place. Speed matters little, since they only build tables and are never applied
// to data.

#pragma once

namespace fewbits::distributional::math {

inline constexpr double kPi = 3.14159265358979323846;
inline constexpr double kSqrt2 = 1.41421356237309504880;
inline constexpr double kEulerGamma = 0.57721566490153286061;

double exp(double x);
double expm1(double x);
double log(double x);            ///< x > 0
double log1p(double x);          ///< x > -1
double pow(double x, double y);  ///< x > 0
double atan(double x);
double sin(double x);  ///< 0 <= x <= pi
double cos(double x);  ///< 0 <= x <= pi

/// 1 - erf(x).
double erfc(double x);
/// Distribution function of N(0,1).
double normal_cdf(double x);
/// The inverse of normal_cdf, 0 < u < 1.
double normal_quantile(double u);
/// The density of N(0,1).
double normal_density(double x);

/// Regularised upper incomplete gamma function Q(1/3, x), x >= 0.
double upper_gamma_third(double x);
/// Regularised incomplete beta function I_s(1/3, 1/3), 0 <= s <= 1/2.
double beta_third(double s);
/// Gamma(1/3) and B(1/3, 1/3), the constants of the two.
inline constexpr double kGammaThird = 2.67893853470774763366;
inline constexpr double kBetaThird = 5.29991625085634987194;

}  // namespace fewbits::distributional::math
