// The layout of codes in 64-bit words, for codes of either size.

#pragma once

#include <cstddef>
#include <cstdint>

namespace fewbits::distributional {

/// Packs floor(64 / bits) codes per word, the first in the highest bits, zeros at the end.
template <typename Code>
void pack_codes(const Code* codes, std::size_t n, unsigned bits, std::uint64_t* words) {
  const std::size_t per_word = 64 / bits;
  for (std::size_t begin = 0; begin < n; begin += per_word) {
    std::uint64_t word = 0;
    for (std::size_t i = begin; i < begin + per_word; ++i) {
      word = word << bits | (i < n ? codes[i] : 0);
    }
    *words++ = word;
  }
}

template <typename Code>
void unpack_codes(const std::uint64_t* words, std::size_t n, unsigned bits, Code* codes) {
  const unsigned per_word = 64 / bits;
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  for (std::size_t begin = 0; begin < n; begin += per_word) {
    const std::uint64_t word = *words++;
    const std::size_t end = n - begin < per_word ? n : begin + per_word;
    unsigned shift = bits * (per_word - 1);
    for (std::size_t i = begin; i < end; ++i, shift -= bits) {
      codes[i] = static_cast<Code>(word >> shift & mask);
    }
  }
}

}  // namespace fewbits::distributional
