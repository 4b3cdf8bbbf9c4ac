#pragma once

#include <cstddef>
#include <cstdint>

namespace fewbits::vectors {

/// CRC-32 of ISO-HDLC (zip, PNG): goes on from `crc`, which starts as 0.
std::uint32_t crc32(std::uint32_t crc, const std::uint8_t* data, std::size_t n);

}  // namespace fewbits::vectors
