// Calibration's trial of what it has learned, on vectors that it has not learned from.

#pragma once

#include "fewbits/vectors.h"
#include "vectors/learn/axes.h"

namespace fewbits::vectors {

/// Whether no more of the rows' neighbours among each other are missed with the mean off than with
/// it. No where an index refuses one of the rows, here and below.
Result mean_finds_as_much(const Options& options, const float* rows, std::size_t n,
                          const float* mean, bool* pays);

/// Whether clearly fewer are missed with axes than without, `mean` off (or null): where vectors lie
/// in clusters, the error that axes save may not be the one that ranks neighbours.
Result axes_find_more(const Options& options, const float* rows, std::size_t n, const float* mean,
                      const Learned& learned, bool* pay);

/// Whether other rows say that more of their neighbours are missed with axes than without.
Result try_again(const Options& options, const float* rows, std::size_t n, const float* mean,
                 const Learned& learned, bool* harm);

}  // namespace fewbits::vectors
