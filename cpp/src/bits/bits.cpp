// Packing at any width: 8 bits are copied, other widths use a kernel.

#include "fewbits/bits.h"

#include <cstring>

#include "bits/kernels.h"

namespace fewbits::bits {

void pack(const std::uint8_t* codes, std::size_t n, int bits, std::uint8_t* packed) {
  if (n == 0) return;
  if (bits == 8) {
    std::memcpy(packed, codes, n);
  } else {
    kernels::pack_run(codes, n, bits, packed);
  }
}

void unpack(const std::uint8_t* packed, std::size_t n, int bits, std::uint8_t* codes) {
  if (n == 0) return;
  if (bits == 8) {
    std::memcpy(codes, packed, n);
  } else {
    kernels::unpack_run(packed, n, bits, codes);
  }
}

void unpack_signed(const std::uint8_t* packed, std::size_t n, int bits, std::int8_t* codes) {
  unpack(packed, n, bits, reinterpret_cast<std::uint8_t*>(codes));
  const int sign = 1 << (bits - 1);
  for (std::size_t i = 0; i < n; ++i) {
    const int code = static_cast<std::uint8_t>(codes[i]);
    codes[i] = static_cast<std::int8_t>((code ^ sign) - sign);
  }
}

}  // namespace fewbits::bits
