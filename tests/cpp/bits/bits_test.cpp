// Packing at every width against its definition, and kernels against each other.

#include "fewbits/bits.h"

#include <gtest/gtest.h>

#include "bits/kernels.h"
#include "support/awkward.h"

namespace fewbits::bits {
namespace {

using test::Exact;

TEST(Bits, FirstValueIsInTheLowestBits) {
  const std::uint8_t nibbles[] = {0x8, 0x4, 0x7, 0xE, 0x3};
  std::uint8_t packed[3];
  pack(nibbles, 5, 4, packed);
  EXPECT_EQ(packed[0], 0x48);
  EXPECT_EQ(packed[1], 0xE7);
  EXPECT_EQ(packed[2], 0x03);
  // 5, 2, 7 at three bits: 101, 010, 111 from the right.
  const std::uint8_t threes[] = {5, 2, 7};
  pack(threes, 3, 3, packed);
  EXPECT_EQ(packed[0], 0b11010101);
  EXPECT_EQ(packed[1], 0b1);
}

TEST(Bits, PackedBytesRoundsUp) {
  EXPECT_EQ(packed_bytes(0, 3), 0u);
  EXPECT_EQ(packed_bytes(1, 3), 1u);
  EXPECT_EQ(packed_bytes(8, 3), 3u);
  EXPECT_EQ(packed_bytes(9, 3), 4u);
  EXPECT_EQ(packed_bytes(5, 8), 5u);
}

TEST(Bits, UnpackingUndoesPackingAtEveryWidth) {
  std::mt19937 random(7);
  for (int bits = 1; bits <= 8; ++bits) {
    for (const std::size_t n : test::kLengths) {
      for (const std::size_t offset : test::kOffsets) {
        Exact<std::uint8_t> codes(n, offset), packed(packed_bytes(n, bits), offset);
        Exact<std::uint8_t> back(n, offset);
        Exact<std::int8_t> back_signed(n, offset);
        for (std::size_t i = 0; i < n; ++i) codes.data()[i] = static_cast<std::uint8_t>(random());
        pack(codes.data(), n, bits, packed.data());
        unpack(packed.data(), n, bits, back.data());
        unpack_signed(packed.data(), n, bits, back_signed.data());
        const int mask = (1 << bits) - 1;
        const int sign = 1 << (bits - 1);
        for (std::size_t i = 0; i < n; ++i) {
          const int code = codes.data()[i] & mask;
          ASSERT_EQ(back.data()[i], code) << bits << " " << n << " " << i;
          ASSERT_EQ(back_signed.data()[i], (code ^ sign) - sign);
        }
      }
    }
  }
}

#if FEWBITS_SIMD
TEST(BitsKernels, BytesAreTheScalarOnes) {
  std::mt19937 random(8);
  for (int bits = 1; bits <= 7; ++bits) {
    for (const std::size_t n : test::kLengths) {
      Exact<std::uint8_t> codes(n), expected(packed_bytes(n, bits)), actual(packed_bytes(n, bits));
      for (std::size_t i = 0; i < n; ++i) codes.data()[i] = static_cast<std::uint8_t>(random());
      scalar::pack_run(codes.data(), n, bits, expected.data());
      simd::pack_run(codes.data(), n, bits, actual.data());
      ASSERT_EQ(actual.copy(), expected.copy()) << bits << " " << n;
      Exact<std::uint8_t> back0(n), back1(n);
      scalar::unpack_run(expected.data(), n, bits, back0.data());
      simd::unpack_run(expected.data(), n, bits, back1.data());
      ASSERT_EQ(back0.copy(), back1.copy()) << bits << " " << n;
    }
  }
}
#endif

}  // namespace
}  // namespace fewbits::bits
