// The checksum of files.

#include <array>

#include "fewbits/vectors.h"

namespace fewbits::vectors {
namespace {

/// table[k][b]: the remainder of byte b followed by k zero bytes, so that eight go at a time.
constexpr std::array<std::array<std::uint32_t, 256>, 8> make_tables() {
  std::array<std::array<std::uint32_t, 256>, 8> table{};
  for (std::uint32_t b = 0; b < 256; ++b) {
    std::uint32_t r = b;
    for (int i = 0; i < 8; ++i) r = (r >> 1) ^ ((r & 1) != 0 ? 0xEDB88320u : 0u);
    table[0][b] = r;
  }
  for (std::uint32_t b = 0; b < 256; ++b) {
    for (std::size_t k = 1; k < 8; ++k) {
      table[k][b] = (table[k - 1][b] >> 8) ^ table[0][table[k - 1][b] & 0xFF];
    }
  }
  return table;
}

constexpr auto kTable = make_tables();

}  // namespace

std::uint32_t crc32(std::uint32_t crc, const std::uint8_t* data, std::size_t n) {
  std::uint32_t r = ~crc;
  for (; n >= 8; n -= 8, data += 8) {
    r ^= data[0] | data[1] << 8 | data[2] << 16 | static_cast<std::uint32_t>(data[3]) << 24;
    r = kTable[7][r & 0xFF] ^ kTable[6][(r >> 8) & 0xFF] ^ kTable[5][(r >> 16) & 0xFF] ^
        kTable[4][r >> 24] ^ kTable[3][data[4]] ^ kTable[2][data[5]] ^ kTable[1][data[6]] ^
        kTable[0][data[7]];
  }
  for (; n > 0; --n, ++data) r = (r >> 8) ^ kTable[0][(r ^ *data) & 0xFF];
  return ~r;
}

}  // namespace fewbits::vectors
