// Calibration's trial of what it has learned: an index of the sample, searched with the sample.

#pragma once

#include "fewbits/vectors.h"
#include "vectors/learn/calibrate.h"

namespace fewbits::vectors {

/// Whether clearly fewer of the neighbours that 8 bits find in the sample are missed with the axes
/// than without: where vectors lie in clusters, the error that axes save may not be the one that
/// ranks neighbours. No when they cannot be tried, as the sample has vectors that an index refuses.
Result axes_find_more(const Options& options, const Learned& learned, const float* sample,
                      std::size_t n, bool* more);

}  // namespace fewbits::vectors
