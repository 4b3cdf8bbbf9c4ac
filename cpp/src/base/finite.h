// The position of the first NaN or infinity, for families that refuse them.

#pragma once

#include <cstddef>

namespace fewbits {

/// The position of the first value that is NaN or infinite, or n.
std::size_t first_non_finite(const float* x, std::size_t n);

}  // namespace fewbits
