// Input and failure of the programs in this folder: how they read values, and how they abort.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace fewbits::fuzz {

inline void require(bool holds) {
  if (!holds) std::abort();
}

/// The rest of the input, byte by byte, then zeros.
struct Source {
  const std::uint8_t* data;
  std::size_t size;

  std::uint8_t byte() {
    if (size == 0) return 0;
    --size;
    return *data++;
  }

  /// A float of any four bytes: NaN and infinities too.
  float any_float() {
    std::uint8_t bytes[4];
    for (std::uint8_t& part : bytes) part = byte();
    float value = 0;
    std::memcpy(&value, bytes, 4);
    return value;
  }
};

}  // namespace fewbits::fuzz
