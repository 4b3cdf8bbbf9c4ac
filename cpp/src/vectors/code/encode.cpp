// The search for the code that is nearest in direction.

#include "vectors/code/encode.h"

#include <cmath>
#include <initializer_list>

namespace fewbits::vectors {
namespace {

/// The fixed-point factor that converts `fixed` to levels, at `scale` times the scale of the
/// codebook.
std::int16_t multiplier_of(const Codebook& book, double scale) {
  const bool odd = book.bits == 3 || book.bits == 5 || book.bits == 6;
  const double factor = scale * static_cast<double>(book.unit) * (odd ? 8.0 : 1.0) * 32768.0 /
                        static_cast<double>(kFixedOne);
  return static_cast<std::int16_t>(std::lround(factor));
}

/// A monotone function of the cosine between the values and their levels.
double alignment(const CodeSums& sums) {
  if (sums.product <= 0 || sums.square == 0) return 0;
  const auto product = static_cast<double>(sums.product);
  return product * product / static_cast<double>(sums.square);
}

}  // namespace

Encoded encode(const std::int16_t* fixed, std::size_t n, const Codebook& book, bool search,
               std::uint8_t* codes) {
  std::int16_t multiplier = multiplier_of(book, 1);
  if (search && book.bits != 1) {
    double best = alignment(kernels::align(fixed, n, multiplier, book));
    double centre = 1;
    double reach = 0.24;
    for (int round = 0; round < 3; ++round) {
      const double middle = centre;
      for (const double offset : {-1.0, -0.5, 0.5, 1.0}) {
        const double scale = middle + offset * reach;
        const std::int16_t candidate = multiplier_of(book, scale);
        const double found = alignment(kernels::align(fixed, n, candidate, book));
        if (found > best) {
          best = found;
          centre = scale;
          multiplier = candidate;
        }
      }
      reach /= 4;
    }
  }
  return {kernels::quantize(fixed, n, multiplier, book, codes), multiplier};
}

}  // namespace fewbits::vectors
