// Calibration's trial of what it has learned, on vectors that it has not learned from.

#pragma once

#include "fewbits/vectors.h"
#include "vectors/learn/axes.h"

namespace fewbits::vectors {

/// Whether the rows' neighbours among each other say that it pays to take `mean` off, which may be
/// null, and, of what was learned with that mean off, leaves `pays` where they say that axes do:
/// the mean where no more of them are missed than without, axes where clearly fewer are. For where
/// vectors lie in clusters, the error that axes save may not be the one that ranks neighbours. No
/// to both where an index refuses one of the rows.
Result try_out(const Options& options, const float* rows, std::size_t n, const float* mean,
               Learned* learned, bool* mean_pays);

/// Whether other rows say that more of their neighbours are missed with axes than without. No where
/// an index refuses one of the rows.
Result try_again(const Options& options, const float* rows, std::size_t n, const float* mean,
                 const Learned& learned, bool* harm);

}  // namespace fewbits::vectors
