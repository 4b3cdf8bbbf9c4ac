// The search for the code of a rotated vector.

#pragma once

#include <cstddef>
#include <cstdint>

#include "vectors/code/codebook.h"
#include "vectors/code/kernels.h"

namespace fewbits::vectors {

struct Encoded {
  CodeSums sums;
  std::int16_t multiplier;  ///< the factor from `fixed` to levels, times 2^15
};

/// Encodes one vector (or segment); `fixed` holds its rotated values in units of norm / sqrt(n),
/// times kFixedOne. With `search` the scale is chosen that makes the levels closest in direction
/// (largest cosine); without, the scale of the codebook is used.
Encoded encode(const std::int16_t* fixed, std::size_t n, const Codebook& book, bool search,
               std::uint8_t* codes);

}  // namespace fewbits::vectors
