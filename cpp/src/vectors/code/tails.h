// The finer outermost values of 4-bit codes, in 32 bits per vector.

#pragma once

// The largest errors of a 4-bit code are in its outermost cells, which extend to infinity. 32 bits
// per vector refine the values there; they are used for the scores of candidates, not in the scan.

#include <cstddef>
#include <cstdint>

namespace fewbits::vectors {

inline constexpr std::size_t kTailBits = 32;

/// The distribution of 32 bits among the `count` values of a vector in the outermost cells: value j
/// of them, in order, has bits(j) bits of the word, from the low end up.
struct TailShare {
  std::size_t count;
  /// At most six; if the bits do not divide evenly, the first values have one more.
  int bits(std::size_t j) const {
    const std::size_t each = kTailBits / count;
    if (each >= 6) return 6;
    return static_cast<int>(each + (j < kTailBits % count ? 1 : 0));
  }
};

/// The magnitude, in levels, of index i with `bits` bits: the middle of one of 2^bits equal cells
/// from 111.5, where the outermost cell starts, to 111.5 + 32 * bits.
inline float tail_level(int bits, std::uint32_t i) {
  return 111.5f + 32.0f * static_cast<float>(bits) * (static_cast<float>(i) + 0.5f) /
                      static_cast<float>(1 << bits);
}

/// A finer value.
struct Tail {
  std::uint32_t position;
  float excess;  ///< the value minus its level, both signed
};

/// Encodes the word of a vector from its codes and the input of encode().
std::uint32_t encode_tails(const std::int16_t* fixed, const std::uint8_t* codes, std::size_t n,
                           std::int16_t multiplier);

/// Decodes the finer values of a vector from its levels and word: at most kTailBits; returns how
/// many.
std::size_t decode_tails(const std::int8_t* levels, std::size_t n, std::uint32_t word, Tail* tails);

/// The factor of a vector must be multiplied by this when finer values replace their levels, so
/// that scores stay unbiased: <L, F> / <F, F> for levels L and finer values F, because the
/// remaining error of F is nearly orthogonal to F - L.
double tail_ratio(const std::int8_t* levels, std::size_t n, const Tail* tails, std::size_t count);

}  // namespace fewbits::vectors
