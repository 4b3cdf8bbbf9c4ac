// Error measures of a reconstruction, as sums that continue from part to part.

#pragma once

#include <cstddef>

namespace fewbits::compare {

/// Sums for the comparison of two arrays, in double precision; they accumulate over pieces.
struct Sums {
  double squared = 0;    ///< sum of (x - y)^2
  double absolute = 0;   ///< sum of |x - y|
  double max_abs = 0;    ///< largest |x - y|
  double x_squared = 0;  ///< sum of x^2
  double y_squared = 0;  ///< sum of y^2
  double product = 0;    ///< sum of x * y
};

/// Adds the `n` pairs of `x` and `y` to `sums`. NaN and infinities propagate as in IEEE 754.
void accumulate(const float* x, const float* y, std::size_t n, Sums* sums);

}  // namespace fewbits::compare
