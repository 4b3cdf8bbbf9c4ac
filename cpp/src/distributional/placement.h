// Where a distribution is placed: its location and scale by the statistics of the values.

#pragma once

#include <cstddef>

#include "base/buffer.h"
#include "distributional/kernels.h"
#include "fewbits/distributional.h"

namespace fewbits::distributional {

/// What loc and scale are estimated from.
struct Statistics {
  std::size_t count = 0;
  double mean = 0;
  double deviation = 0;  ///< unbiased; 0 for one value or equal ones
  double low = 0;
  double high = 0;
  bool has_quartiles = false;
  float quartiles[3] = {};
};

/// Mean and deviation from moments about `shift`. False when the shift was so far off that the
/// deviation needs a second pass about the mean; the mean is sound then.
bool from_moments(const Moments& moments, std::size_t count, double shift, Statistics* out);

/// Of an array. `sorted` has room for n values where quartiles are wanted, else is null. False,
/// with the position in `bad`, if a value is not finite.
bool statistics_of(const float* x, std::size_t n, float* sorted, Statistics* out, std::size_t* bad);

/// loc and scale as Fit documents them; `zero` is null or what loc has to be.
void place(Distribution distribution, const Statistics& statistics, const double* zero, double* loc,
           double* scale);

}  // namespace fewbits::distributional
