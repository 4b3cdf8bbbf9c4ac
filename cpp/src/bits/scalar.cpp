// The scalar reference of packing: bit by bit, the lowest first.

#include "bits/kernels.h"

namespace fewbits::bits::scalar {

void pack_run(const std::uint8_t* codes, std::size_t n, int bits, std::uint8_t* packed) {
  const std::uint32_t mask = (1u << bits) - 1u;
  std::uint32_t pending = 0;
  int held = 0;
  for (std::size_t i = 0; i < n; ++i) {
    pending |= (codes[i] & mask) << held;
    held += bits;
    if (held >= 8) {
      *packed++ = static_cast<std::uint8_t>(pending);
      pending >>= 8;
      held -= 8;
    }
  }
  if (held > 0) *packed = static_cast<std::uint8_t>(pending);
}

void unpack_run(const std::uint8_t* packed, std::size_t n, int bits, std::uint8_t* codes) {
  const std::uint32_t mask = (1u << bits) - 1u;
  std::uint32_t pending = 0;
  int held = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (held < bits) {
      pending |= static_cast<std::uint32_t>(*packed++) << held;
      held += 8;
    }
    codes[i] = static_cast<std::uint8_t>(pending & mask);
    pending >>= bits;
    held -= bits;
  }
}

}  // namespace fewbits::bits::scalar
