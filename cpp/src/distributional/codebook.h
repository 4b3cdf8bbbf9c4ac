#pragma once

#include <cstdint>
#include <limits>

#include "distributional/buffer.h"
#include "fewbits/distributional.h"

namespace fewbits::distributional {

inline constexpr float kInfinityFloat = std::numeric_limits<float>::infinity();

/// Up to here thresholds agree with the formula for every float.
inline constexpr std::uint32_t kExactCells = 256;

/// Whether every field is within the ranges that Formula states.
bool valid(const Formula& formula);

/// Thresholds and levels for loc 0 and scale * beta 1: computed once, then only moved and
/// stretched.
struct UnitTable {
  Buffer<double> thresholds;
  Buffer<double> levels;

  Result make(Distribution distribution, int order, std::uint32_t n);
  bool made() const { return levels.size() > 0; }
};

/// out[n - 1]: the smallest floats x with (x - loc) / width >= the unit threshold.
void place_thresholds(const UnitTable& unit, double loc, double width, std::uint32_t n, float* out);

/// out[n]: the levels, finite and ascending.
void place_levels(const UnitTable& unit, const Formula& formula, float* out);

}  // namespace fewbits::distributional
