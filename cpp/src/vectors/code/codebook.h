// The levels of codes of 1 to 8 bits.

#pragma once

// Codebooks of the standard normal distribution with integer levels, so that a score is an integer
// dot product and every engine computes the same one.

#include <cstddef>
#include <cstdint>

namespace fewbits::vectors {

/// The code widths of a dimension, in bits. 0 (dropped) and 5 occur in learned segments only.
inline constexpr int kWidths[] = {0, 1, 2, 3, 4, 5, 6, 8};

/// A code of `bits` bits has an integer level in -127..127; `unit` levels are one standard
/// deviation. 1, 2 and 4 bits use the Lloyd-Max levels of N(0,1) (Max 1960, Lloyd 1982), scaled and
/// rounded; the others are uniform: 2c - (2^b - 1) for 3, 5 and 6 bits, c - 128 for 8. Uniform
/// codes split into planes of 4, 2 and 1 bits whose levels add up, for the look-ups of the scan.
struct Codebook {
  int bits;
  float unit;
  double distortion;  ///< E (x - level)^2 for x from N(0,1), levels in units of sigma
  int planes;
  int plane_bits[2];          ///< high plane first
  std::int8_t levels[2][16];  ///< level of each plane code; a level is the sum over the planes
  std::int8_t thresholds[7];  ///< Lloyd-Max only: the index of magnitude m counts those < m
};

/// The codebook of a width; nullptr if there is none.
const Codebook* codebook(int bits);

/// The level of `code`.
int level_of(const Codebook& book, unsigned code);

/// The number of plane codes per nibble, the unit of look-ups in the scan.
constexpr std::size_t dims_per_nibble(int plane_bits) {
  return static_cast<std::size_t>(4 / plane_bits);
}

}  // namespace fewbits::vectors
