// Quantizers for values of a known distribution: their parameters, codebooks, fits and codes.

#pragma once

#include <cstddef>
#include <cstdint>

#include "fewbits/result.h"

/// Quantizers for a known distribution.
///
/// A quantizer of n cells whose levels have the density f has, for data of density g and an error
/// of order p, the least error when f is proportional to g^(1/(p+1)) (Bennett 1948; Panter and
/// Dite 1951; Zador 1982). It encodes by the distribution function F of f, code = floor(n F(z)),
/// and decodes by its inverse at the middle of the cell, z = F^-1((code + 1/2) / n), where
/// z = (x - loc) / (scale * beta). beta stretches the range of the levels; 1 is best as n grows.
/// Petersen and Sutter, "Distributional Quantization" (2021-2023), and their Python package
/// distquant, whose names and parameters these are.
///
/// This implementation never evaluates F on the data: codes come from comparisons with thresholds,
/// which are floats chosen so that the code equals that of the formula in double precision for
/// every float. Everything, including the special functions, is plain IEEE 754 arithmetic, so that
/// the same input gives the same bytes in every build.
namespace fewbits::distributional {

/// Distributions, in the order in which an automatic choice tries them. Without suffix: the point
/// density for the given order of error. With `_cdf`: the density of the data itself, so that all
/// cells are equally likely. The numbers cross the WebAssembly boundary.
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
  lloyd_gaussian = 9,  ///< no formula, but lloyd_max() for N(0,1); n <= 256
  lloyd_laplace = 10,  ///< lloyd_max() for the Laplace distribution of variance 1
};
/// The number of distributions that an automatic choice tries, and of all.
inline constexpr int kDistributions = 9;
inline constexpr int kAllDistributions = 11;

/// The level of a cell: the formula's value, or the conditional mean (order 2) or median (order 1)
/// of the cell under the assumed distribution of the data. The mean of a Cauchy tail does not
/// exist: cauchy_cdf takes the median for both orders.
enum class Levels : int { midpoint = 0, centroid = 1 };

inline constexpr std::uint32_t kMinCells = 2;
inline constexpr std::uint32_t kMaxCells = 65536;

/// The parameters of a codebook by formula. `order` is 1 (absolute error) or 2 (squared); `scale`
/// >= 0 and `beta` > 0. With `scale` 0 every level is `loc`.
struct Formula {
  Distribution distribution = Distribution::gaussian;
  int order = 1;
  std::uint32_t n = 16;
  Levels levels = Levels::midpoint;
  double loc = 0;
  double scale = 1;
  double beta = 1;
};

/// F at `z` for the distribution with loc 0 and scale 1. For the first kDistributions only.
double point_cdf(Distribution distribution, int order, double z);
/// The inverse of point_cdf, 0 < u < 1.
double point_quantile(Distribution distribution, int order, double u);
/// min(floor(n F((x - loc) / (scale beta))), n - 1) in double precision, which the thresholds must
/// agree with. For the first kDistributions only.
std::uint32_t index_of(const Formula& formula, float x);

/// Computes thresholds[n - 1], ascending, and levels[n], ascending and finite: the code of x is the
/// number of thresholds <= x. For n <= 256 this equals index_of(x) for every finite float x; above,
/// a threshold may be one float off. Allocates memory temporarily.
Result make_codebook(const Formula& formula, float* thresholds, float* levels);

/// Error sums over a stream of values and their levels. Value i goes to lane i % 4 whatever the
/// size of the pieces, so that the sums do not depend on it.
struct ErrorSums {
  double absolute[4] = {};
  double squared[4] = {};
  std::size_t count = 0;

  double mean_absolute() const;
  double mean_squared() const;
};

struct UnitTable;

/// Thresholds and levels, ready to encode and decode. Codes for up to 256 cells are bytes, for more
/// 16-bit integers; the overload must be the one for size().
class Codebook {
 public:
  Codebook() = default;
  Codebook(const Codebook&) = delete;
  Codebook& operator=(const Codebook&) = delete;
  ~Codebook();

  /// Sets the codebook of a formula; see make_codebook().
  Result assign(const Formula& formula);
  /// Sets the codebook as the Python package computes it, in float32. Its index n, which it can
  /// give to an outlier, is n - 1 here.
  Result assign_reference(const Formula& formula);
  /// Sets any codebook: thresholds[n - 1] ascending, levels[n] finite, 1 <= n <= 65536.
  Result assign(std::size_t n, const float* thresholds, const float* levels);

  std::size_t size() const;
  const float* thresholds() const;
  const float* levels() const;

  /// Sets codes[i] to the number of thresholds <= x[i]; NaN gives 0. Adds to `errors` unless it is
  /// null.
  Result encode(const float* x, std::size_t n, std::uint8_t* codes, ErrorSums* errors) const;
  Result encode(const float* x, std::size_t n, std::uint16_t* codes, ErrorSums* errors) const;
  /// Sets out[i] to the level of codes[i]; a code without a cell is corrupt_data with its position.
  Result decode(const std::uint8_t* codes, std::size_t n, float* out) const;
  Result decode(const std::uint16_t* codes, std::size_t n, float* out) const;

 private:
  friend class Fit;
  Result assign_unit(const UnitTable& unit, const Formula& formula);
  struct State;
  State* state_ = nullptr;
};

/// Options of a search for parameters.
struct FitOptions {
  int distribution = 0;  ///< a Distribution, or -1: the one with the least error
  int order = 1;
  std::uint32_t n = 16;
  Levels levels = Levels::midpoint;
  double beta = 0;  ///< 0: the one with the least error
  bool has_zero = false;
  double zero = 0;         ///< loc, instead of an estimate from the data
  bool reference = false;  ///< as the Python package does, even where it is unsound
  std::size_t block = 0;   ///< values that share loc and scale; 0: all. Not with `reference`
};

/// Finds parameters for a stream of values, which is read as many times as needed:
///   Fit fit; fit.begin(options); while (fit.next_pass()) for (each piece) fit.accumulate(piece);
/// Pieces may have any length, as long as they are the same values in the same order each time.
///
/// loc and scale are estimated by moments (unbiased standard deviation), rounded to float32:
/// gaussian: mean and deviation; logistic: deviation * sqrt(3) / pi; Gumbel: deviation * sqrt(6) /
/// pi and mean - gamma * scale; exponential: min(0, least value) and the deviation; Cauchy: median
/// and half the interquartile range. Where that gives a scale of 0, it is the largest distance from
/// loc: 0 only if all values are loc. An empty stream has loc 0 and scale 0.
/// Lloyd-Max: mean and deviation. With `block`, only distribution and beta are determined, common
/// to all blocks, by measuring; every piece but the last must then consist of whole blocks.
/// beta: the best of the Python package's grid and of a search between the grid's points; never
/// worse than the grid in the error of the given order. Up to 256 cells the search uses a fine
/// histogram, which bounds the error of every candidate from both sides, and then measures on the
/// data every candidate that the bounds do not exclude; above, it measures all.
/// `reference`: moments rounded to float32 where the package does, its grids, its float32
/// arithmetic, its strict comparisons; beta 0 with distribution -1 always searches, as there.
class Fit {
 public:
  Fit() = default;
  Fit(const Fit&) = delete;
  Fit& operator=(const Fit&) = delete;
  ~Fit();

  Result begin(const FitOptions& options);
  /// False when the parameters are found, or when memory ran out: see status().
  bool next_pass();
  /// Adds values; one that is not finite is refused with its position in the stream.
  Result accumulate(const float* x, std::size_t n);
  Result status() const;
  /// The parameters, once next_pass() has returned false.
  const Formula& formula() const;
  /// The number of passes over the data so far, and of codebooks measured on it.
  std::size_t passes() const;
  std::size_t measured() const;

 private:
  struct State;
  State* state_ = nullptr;
};

/// Codebooks that differ only in loc and scale, which are estimated for each block of a stream as
/// Fit does.
class BlockCodebook {
 public:
  BlockCodebook() = default;
  BlockCodebook(const BlockCodebook&) = delete;
  BlockCodebook& operator=(const BlockCodebook&) = delete;
  ~BlockCodebook();

  /// Sets the shared parameters; loc and scale of `shared` are ignored. `zero`: loc of every block,
  /// or null.
  Result assign(const Formula& shared, const double* zero);
  /// Encodes whole blocks of `block` values, the last may be shorter: loc and scale of each, and
  /// the codes. A value that is not finite is refused with its position; the output is invalid
  /// then.
  Result encode(const float* x, std::size_t n, std::size_t block, float* locs, float* scales,
                std::uint8_t* codes, ErrorSums* errors);
  Result encode(const float* x, std::size_t n, std::size_t block, float* locs, float* scales,
                std::uint16_t* codes, ErrorSums* errors);
  /// Decodes blocks; a code without a cell is corrupt_data with its position.
  Result decode(const std::uint8_t* codes, std::size_t n, std::size_t block, const float* locs,
                const float* scales, float* out);
  Result decode(const std::uint16_t* codes, std::size_t n, std::size_t block, const float* locs,
                const float* scales, float* out);

 private:
  struct State;
  State* state_ = nullptr;
};

/// The codebook with the least mean squared error for given data, whatever their distribution. A
/// stream is read twice, as with Fit; its values are counted in 65536 fine bins with their sums.
/// Exact dynamic programming finds the best partition of the bins (merged to at most 4096 if there
/// are more), and Lloyd's iteration on all bins then improves the result where merging was too
/// coarse.
class KMeans {
 public:
  KMeans() = default;
  KMeans(const KMeans&) = delete;
  KMeans& operator=(const KMeans&) = delete;
  ~KMeans();

  /// Begins with 1 <= n <= 256 levels.
  Result begin(std::uint32_t n);
  bool next_pass();
  Result accumulate(const float* x, std::size_t n);
  Result status() const;
  /// Returns thresholds[n - 1] and levels[n]. With fewer distinct values than levels the last level
  /// is repeated, and nothing is encoded to the repetitions.
  Result codebook(float* thresholds, float* levels) const;

 private:
  struct State;
  State* state_ = nullptr;
};

/// The grid of beta values of the Python package for a distribution.
std::size_t beta_grid(Distribution distribution, const double** values);

/// Packs codes into ceil(n / floor(64 / bits)) words of floor(64 / bits) codes, the first in the
/// highest bits, the rest of the last word zeros. 1 <= bits <= 16, or up to 8 for codes in bytes;
/// codes must fit.
Result pack_words(const std::uint8_t* codes, std::size_t n, unsigned bits, std::uint64_t* words);
Result pack_words(const std::uint16_t* codes, std::size_t n, unsigned bits, std::uint64_t* words);
Result unpack_words(const std::uint64_t* words, std::size_t n, unsigned bits, std::uint8_t* codes);
Result unpack_words(const std::uint64_t* words, std::size_t n, unsigned bits, std::uint16_t* codes);

/// Densities with mean 0 and variance 1 for which lloyd_max() computes the optimum.
enum class Source : int { gaussian = 0, laplace = 1 };

/// The Lloyd-Max quantizer: thresholds[n - 1] and levels[n] with the least mean squared error,
/// where every level is the mean of its cell and every threshold is half-way between two levels
/// (Lloyd 1957/1982, Max 1960), solved by Newton's method to full precision. 1 <= n <= 256 (n = 1:
/// the mean).
Result lloyd_max(Source source, std::size_t n, double* thresholds, double* levels);

/// The mean squared error of any codebook on a source, by the closed form of its integral.
double mean_squared_error(Source source, std::size_t n, const double* thresholds,
                          const double* levels);

}  // namespace fewbits::distributional
