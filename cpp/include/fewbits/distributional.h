#pragma once

#include <cstddef>
#include <cstdint>

#include "fewbits/result.h"

/// Quantizers for a known distribution.
///
/// A quantizer of n cells whose levels lie with density f has, for data of density g and an error
/// of order p, the least error when f is proportional to g^(1/(p+1)) (Bennett 1948; Panter and
/// Dite 1951; Zador 1982). It encodes by the distribution function F of f, code = floor(n F(z)),
/// and decodes by its inverse at the middle of the cell, z = F^-1((code + 1/2) / n), where
/// z = (x - loc) / (scale * beta). beta stretches the range of the levels; 1 is best as n grows.
/// Petersen and Sutter, "Distributional Quantization" (2021-2023), and their Python package
/// distquant, whose names and parameters these are.
///
/// Here a value is never put through F: every code is a comparison with thresholds, floats chosen
/// so that the code equals that of the formula in double precision for every float. All of it,
/// the special functions included, is plain IEEE 754 arithmetic, so that the same input gives the
/// same bytes in every build.
namespace fewbits::distributional {

/// In the order in which an automatic choice tries them. Without suffix: the point density for the
/// order of error asked for. With `_cdf`: the density of the data itself, so that every cell is
/// equally likely. The numbers cross the WebAssembly boundary.
enum class Distribution : int {
  gaussian = 0,
  gaussian_cdf = 1,
  logistic = 2,
  logistic_cdf = 3,
  cauchy_cdf = 4,
  gumbel = 5,
  gumbel_cdf = 6,
  exponential = 7,
  exponential_cdf = 8,
};
inline constexpr int kDistributions = 9;

/// How a cell is decoded: to the formula's value, or to the conditional mean (order 2) or median
/// (order 1) of the cell under the distribution assumed of the data. The mean of a Cauchy tail does
/// not exist: cauchy_cdf takes the median for both orders.
enum class Levels : int { midpoint = 0, centroid = 1 };

inline constexpr std::uint32_t kMinCells = 2;
inline constexpr std::uint32_t kMaxCells = 65536;

/// Everything a codebook of the formula depends on. `order` is 1 (absolute error) or 2 (squared);
/// `scale` >= 0 and `beta` > 0. With `scale` 0 every level is `loc`.
struct Formula {
  Distribution distribution = Distribution::gaussian;
  int order = 1;
  std::uint32_t n = 16;
  Levels levels = Levels::midpoint;
  double loc = 0;
  double scale = 1;
  double beta = 1;
};

/// F at `z`, for the distribution with loc 0 and scale 1.
double point_cdf(Distribution distribution, int order, double z);
/// Its inverse, 0 < u < 1.
double point_quantile(Distribution distribution, int order, double u);
/// min(floor(n F((x - loc) / (scale beta))), n - 1) in double precision: what the thresholds are
/// made to agree with.
std::uint32_t index_of(const Formula& formula, float x);

/// thresholds[n - 1], ascending, and levels[n], ascending and finite: the code of x is the number
/// of thresholds <= x. For n <= 256 that is index_of(x) for every finite float x; above, a
/// threshold may be one float off. Allocates while it works.
Result make_codebook(const Formula& formula, float* thresholds, float* levels);

/// Densities with mean 0 and variance 1 for which lloyd_max() has the optimum.
enum class Source : int { gaussian = 0, laplace = 1 };

/// The Lloyd-Max quantizer: thresholds[n - 1] and levels[n] of least mean squared error, every
/// level the mean of its cell and every threshold half-way between two levels (Lloyd 1957/1982,
/// Max 1960), solved by Newton's method to the last digits. 1 <= n <= 256 (n = 1: the mean).
Result lloyd_max(Source source, std::size_t n, double* thresholds, double* levels);

/// Mean squared error of any codebook on a source, by the closed form of its integral.
double mean_squared_error(Source source, std::size_t n, const double* thresholds,
                          const double* levels);

}  // namespace fewbits::distributional
