// The search for the code of a rotated vector.

#pragma once

#include <cstddef>
#include <cstdint>

#include "vectors/code/codebook.h"
#include "vectors/code/kernels.h"

namespace fewbits::vectors {

struct Encoded {
  CodeSums sums;
  std::int16_t multiplier;  ///< what brought `fixed` to levels, times 2^15
};

/// Codes of one vector (or segment), `fixed` holding its rotated values in units of
/// norm / sqrt(n) times kFixedOne. With `search` the scale is chosen that brings the levels closest
/// in direction (largest cosine); without, it is that of the codebook.
Encoded encode(const std::int16_t* fixed, std::size_t n, const Codebook& book, bool search,
               std::uint8_t* codes);

}  // namespace fewbits::vectors
