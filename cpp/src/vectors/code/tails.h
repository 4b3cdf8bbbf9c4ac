// The finer outermost values of 4-bit codes, 32 bits a vector.

#pragma once

// Where a 4-bit code errs most is in its outermost cells, which reach to infinity. 32 bits a vector
// say more about the values there; they count in scores of candidates, not in the scan.

#include <cstddef>
#include <cstdint>

namespace fewbits::vectors {

inline constexpr std::size_t kTailBits = 32;

/// How 32 bits are shared by the values of a vector that lie in the outermost cells, `count` of
/// them: value j of them, in order, has bits(j) of the word, from the low end up.
struct TailShare {
  std::size_t count;
  /// Six at most; where the bits do not come out even, the first values have one more.
  int bits(std::size_t j) const {
    const std::size_t each = kTailBits / count;
    if (each >= 6) return 6;
    return static_cast<int>(each + (j < kTailBits % count ? 1 : 0));
  }
};

/// The magnitude, in levels, that index i of `bits` bits stands for: the middle of one of 2^bits
/// equal cells from 111.5, where the outermost cell starts, to 111.5 + 32 * bits.
inline float tail_level(int bits, std::uint32_t i) {
  return 111.5f + 32.0f * static_cast<float>(bits) * (static_cast<float>(i) + 0.5f) /
                      static_cast<float>(1 << bits);
}

/// One finer value.
struct Tail {
  std::uint32_t position;
  float excess;  ///< of the value over its level, both signed
};

/// The word of a vector from its codes and what encode() coded.
std::uint32_t encode_tails(const std::int16_t* fixed, const std::uint8_t* codes, std::size_t n,
                           std::int16_t multiplier);

/// Finer values of a vector from its levels and word: kTailBits at most; returns how many.
std::size_t decode_tails(const std::int8_t* levels, std::size_t n, std::uint32_t word, Tail* tails);

/// What the factor of a vector is to be multiplied by where the finer values stand in for their
/// levels, so that scores stay unbiased: <L, F> / <F, F> for levels L and finer values F, as
/// what F still lacks of the vector is next to orthogonal to F - L.
double tail_ratio(const std::int8_t* levels, std::size_t n, const Tail* tails, std::size_t count);

}  // namespace fewbits::vectors
