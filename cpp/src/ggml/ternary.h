// The order of the ternary digits in TQ1_0, and the encoding of five of them in a byte.

#pragma once

#include <cstdint>

namespace fewbits::ggml {

/// The value of a TQ1_0 block that digit k of byte i holds: 32 bytes of five digits, 16 of five, 4
/// of four; each run of bytes holds consecutive values digit by digit. 256 or more: none.
constexpr int ternary_index(int i, int k) {
  if (i < 32) return 32 * k + i;
  if (i < 48) return 160 + 16 * k + (i - 32);
  return 240 + 4 * k + (i - 48);
}

/// A number below 3^5 as a fraction of 256, rounded up: multiplying by 3 yields the digits as
/// carries.
constexpr std::uint8_t ternary_byte(int number) {
  return static_cast<std::uint8_t>((number * 256 + 242) / 243);
}

}  // namespace fewbits::ggml
