// The table of a unit distribution, which is moved and scaled to make codebooks.

#pragma once

#include <cstdint>
#include <limits>

#include "base/buffer.h"
#include "fewbits/distributional.h"

namespace fewbits::distributional {

inline constexpr float kInfinityFloat = std::numeric_limits<float>::infinity();

/// The most cells for which thresholds agree with the formula for every float.
inline constexpr std::uint32_t kExactCells = 256;

inline bool is_lloyd(Distribution distribution) {
  return distribution == Distribution::lloyd_gaussian ||
         distribution == Distribution::lloyd_laplace;
}

/// Whether every field is within the ranges that Formula states.
bool valid(const Formula& formula);

/// Thresholds and levels for loc 0 and scale * beta 1: computed once, then only moved and scaled.
struct UnitTable {
  Buffer<double> thresholds;
  Buffer<double> levels;

  Result make(Distribution distribution, int order, std::uint32_t n);
  bool made() const { return levels.size() > 0; }
};

/// Writes out[n - 1]: the smallest floats x with (x - loc) / width >= the unit threshold.
void place_thresholds(const UnitTable& unit, double loc, double width, std::uint32_t n, float* out);

/// Level j for loc 0 and scale 1; it depends on beta, order and kind of levels.
double unit_position(const UnitTable& unit, const Formula& formula, std::uint32_t j);
/// The same level moved to loc and scaled, always finite.
float place_position(double position, double loc, double scale);

/// Writes out[n]: all levels, ascending.
void place_levels(const UnitTable& unit, const Formula& formula, float* out);

}  // namespace fewbits::distributional
