// Packing of codes of 1 to 8 bits.

#pragma once

#include <cstddef>
#include <cstdint>

/// Codes of a few bits, packed without gaps: value i takes bits i*b .. i*b+b-1 of the byte string,
/// least significant bit first. At 4 bits the first of two values is the low nibble.
namespace fewbits::bits {

/// Bytes that `n` codes of `bits` bits (1 to 8) take; the last byte is padded with zero bits.
constexpr std::size_t packed_bytes(std::size_t n, int bits) {
  return n / 8 * static_cast<std::size_t>(bits) + (n % 8 * static_cast<std::size_t>(bits) + 7) / 8;
}

/// Packs the low `bits` bits of `n` bytes into packed_bytes(n, bits) bytes.
void pack(const std::uint8_t* codes, std::size_t n, int bits, std::uint8_t* packed);

/// Unpacks `n` codes: the inverse of pack, with high bits zero.
void unpack(const std::uint8_t* packed, std::size_t n, int bits, std::uint8_t* codes);

/// Unpacks two's complement codes, where bit `bits`-1 is the sign.
void unpack_signed(const std::uint8_t* packed, std::size_t n, int bits, std::int8_t* codes);

}  // namespace fewbits::bits
