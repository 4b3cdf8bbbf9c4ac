// The location and scale of a distribution, estimated from statistics of the values.

#pragma once

#include <cstddef>

#include "base/buffer.h"
#include "distributional/kernels.h"
#include "fewbits/distributional.h"

namespace fewbits::distributional {

/// The statistics from which loc and scale are estimated.
struct Statistics {
  std::size_t count = 0;
  double mean = 0;
  double deviation = 0;  ///< unbiased; 0 for one value or equal ones
  double low = 0;
  double high = 0;
  bool has_quartiles = false;
  float quartiles[3] = {};
};

/// Mean and deviation from moments about `shift`. False when the shift was so far away that the
/// deviation needs a second pass about the mean; the mean is valid then.
bool from_moments(const Moments& moments, std::size_t count, double shift, Statistics* out);

/// Statistics of an array. `sorted` has space for n values if quartiles are needed, and is null
/// otherwise. False, with the position in `bad`, if a value is not finite.
bool statistics_of(const float* x, std::size_t n, float* sorted, Statistics* out, std::size_t* bad);

/// The loc and scale that Fit documents; `zero` is null or a given loc.
void place(Distribution distribution, const Statistics& statistics, const double* zero, double* loc,
           double* scale);

}  // namespace fewbits::distributional
