// Finer outermost values, encoded to and decoded from their word.

#include "vectors/code/tails.h"

#include <algorithm>
#include <cstdlib>

#include "vectors/code/kernels.h"

namespace fewbits::vectors {

std::uint32_t encode_tails(const std::int16_t* fixed, const std::uint8_t* codes, std::size_t n,
                           std::int16_t multiplier) {
  std::uint16_t positions[kTailBits];
  const TailShare share{
      kernels::find(reinterpret_cast<const std::int8_t*>(codes), n, 0, 15, kTailBits, positions)};
  std::uint32_t word = 0;
  int shift = 0;
  for (std::size_t j = 0; j < std::min(share.count, kTailBits); ++j) {
    const int bits = share.bits(j);
    // The value minus 111.5, in units of 2^-15 levels; a cell is 32 * bits / 2^bits levels wide.
    const int over = std::abs(fixed[positions[j]]) * multiplier - 111 * 32768 - 16384;
    const int cell = bits << (20 - bits);
    const int index = std::clamp(over / cell, 0, (1 << bits) - 1);
    word |= static_cast<std::uint32_t>(index) << shift;
    shift += bits;
  }
  return word;
}

std::size_t decode_tails(const std::int8_t* levels, std::size_t n, std::uint32_t word,
                         Tail* tails) {
  std::uint16_t positions[kTailBits];
  const TailShare share{kernels::find(levels, n, -127, 127, kTailBits, positions)};
  const std::size_t count = std::min(share.count, kTailBits);
  for (std::size_t j = 0; j < count; ++j) {
    const int bits = share.bits(j);
    const float excess = tail_level(bits, word & ((1u << bits) - 1)) - 127.0f;
    word >>= bits;
    tails[j] = {positions[j], levels[positions[j]] < 0 ? -excess : excess};
  }
  return count;
}

double tail_ratio(const std::int8_t* levels, std::size_t n, const Tail* tails, std::size_t count) {
  std::int32_t square = 0;
  for (std::size_t i = 0; i < n; ++i) square += levels[i] * levels[i];
  double cross = 0;
  double own = 0;
  for (std::size_t j = 0; j < count; ++j) {
    const auto excess = static_cast<double>(tails[j].excess);
    cross += levels[tails[j].position] * excess;
    own += excess * excess;
  }
  if (square == 0) return 1;
  return (square + cross) / (square + 2 * cross + own);
}

}  // namespace fewbits::vectors
