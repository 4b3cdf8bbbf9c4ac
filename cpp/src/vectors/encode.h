#pragma once

#include <cstddef>
#include <cstdint>

#include "vectors/codebook.h"
#include "vectors/kernels.h"

namespace fewbits::vectors {

/// Levels of one vector (or segment), `fixed` holding its rotated values in units of
/// norm / sqrt(n) times kFixedOne. With `search` the scale is chosen that brings the levels closest
/// in direction (largest cosine); without, it is that of the codebook. `scratch` takes n levels.
CodeSums encode(const std::int16_t* fixed, std::size_t n, const Codebook& book, bool search,
                std::int8_t* levels, std::int8_t* scratch);

}  // namespace fewbits::vectors
