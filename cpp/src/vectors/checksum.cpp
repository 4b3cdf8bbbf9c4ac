// The checksum of files.

#include <array>

#include "fewbits/vectors.h"

namespace fewbits::vectors {
namespace {

/// table[k][b]: the remainder of byte b followed by k zero bytes, for eight bytes at a time.
using Table = std::array<std::array<std::uint32_t, 256>, 8>;

void make(Table* table) {
  Table& t = *table;
  for (std::uint32_t b = 0; b < 256; ++b) {
    std::uint32_t r = b;
    for (int i = 0; i < 8; ++i) r = (r >> 1) ^ ((r & 1) != 0 ? 0xEDB88320u : 0u);
    t[0][b] = r;
  }
  for (std::uint32_t b = 0; b < 256; ++b) {
    for (std::size_t k = 1; k < 8; ++k) {
      t[k][b] = (t[k - 1][b] >> 8) ^ t[0][t[k - 1][b] & 0xFF];
    }
  }
}

/// Computed on first use: as data in the module it would be 8 kilobytes that do not compress.
const Table& table() {
  static constinit Table made{};
  if (made[0][1] == 0) make(&made);
  return made;
}

}  // namespace

std::uint32_t crc32(std::uint32_t crc, const std::uint8_t* data, std::size_t n) {
  const Table& t = table();
  std::uint32_t r = ~crc;
  for (; n >= 8; n -= 8, data += 8) {
    r ^= data[0] | data[1] << 8 | data[2] << 16 | static_cast<std::uint32_t>(data[3]) << 24;
    r = t[7][r & 0xFF] ^ t[6][(r >> 8) & 0xFF] ^ t[5][(r >> 16) & 0xFF] ^ t[4][r >> 24] ^
        t[3][data[4]] ^ t[2][data[5]] ^ t[1][data[6]] ^ t[0][data[7]];
  }
  for (; n > 0; --n, ++data) r = (r >> 8) ^ t[0][(r ^ *data) & 0xFF];
  return ~r;
}

}  // namespace fewbits::vectors
