#include "distributional/kernels.h"
#include "fewbits/distributional.h"

namespace fewbits::distributional {
Result pack_words(const std::uint8_t* codes, std::size_t n, unsigned bits, std::uint64_t* words) {
  if (bits < 1 || bits > 8) return failure(Status::invalid_argument);
  kernels::pack_words(codes, n, bits, words);
  return success();
}

Result pack_words(const std::uint16_t* codes, std::size_t n, unsigned bits, std::uint64_t* words) {
  if (bits < 1 || bits > 16) return failure(Status::invalid_argument);
  const std::size_t per_word = 64 / bits;
  for (std::size_t begin = 0; begin < n; begin += per_word) {
    std::uint64_t word = 0;
    for (std::size_t i = begin; i < begin + per_word; ++i) {
      word = word << bits | (i < n ? codes[i] : 0);
    }
    *words++ = word;
  }
  return success();
}

Result unpack_words(const std::uint64_t* words, std::size_t n, unsigned bits, std::uint8_t* codes) {
  if (bits < 1 || bits > 8) return failure(Status::invalid_argument);
  kernels::unpack_words(words, n, bits, codes);
  return success();
}

Result unpack_words(const std::uint64_t* words, std::size_t n, unsigned bits,
                    std::uint16_t* codes) {
  if (bits < 1 || bits > 16) return failure(Status::invalid_argument);
  const unsigned per_word = 64 / bits;
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  for (std::size_t begin = 0; begin < n; begin += per_word) {
    const std::uint64_t word = *words++;
    const std::size_t end = n - begin < per_word ? n : begin + per_word;
    unsigned shift = bits * (per_word - 1);
    for (std::size_t i = begin; i < end; ++i, shift -= bits) {
      codes[i] = static_cast<std::uint16_t>(word >> shift & mask);
    }
  }
  return success();
}

}  // namespace fewbits::distributional
