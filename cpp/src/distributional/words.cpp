// Codes packed into 64-bit words like the original's.

#include "distributional/words.h"

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
  pack_codes(codes, n, bits, words);
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
  unpack_codes(words, n, bits, codes);
  return success();
}

}  // namespace fewbits::distributional
