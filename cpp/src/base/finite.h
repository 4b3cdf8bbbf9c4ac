// Where values stop being numbers, for the families that refuse NaN and infinities.

#pragma once

#include <cstddef>

namespace fewbits {

/// Position of the first value that is NaN or infinite, or n.
std::size_t first_non_finite(const float* x, std::size_t n);

}  // namespace fewbits
