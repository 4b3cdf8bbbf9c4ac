// The blocks as they are in GGUF files. Every member consists of bytes, so that a block may start
// at any address and has no padding; float16 is two of them, little-endian.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "floats/half.h"

namespace fewbits::ggml {

/// float16 in two bytes.
struct Half {
  std::uint8_t bytes[2];

  float load() const {
    return floats::f32_from_f16(static_cast<std::uint16_t>(bytes[0] | (bytes[1] << 8)));
  }

  /// NaN becomes FE00: its sign and payload differ between engines, but the bytes of a block must
  /// not.
  void store(float value) {
    const std::uint16_t half = value != value ? 0xFE00 : floats::f16_from_f32(value);
    bytes[0] = static_cast<std::uint8_t>(half);
    bytes[1] = static_cast<std::uint8_t>(half >> 8);
  }
};

// One scale (and minimum) per block of 32 ---------------------------------------------------

struct BlockQ4_0 {
  static constexpr std::size_t size = 32;
  Half scale;
  std::uint8_t codes[16];  ///< value j in the low half of byte j, value j + 16 in the high half
};
static_assert(sizeof(BlockQ4_0) == 18);

struct BlockQ4_1 {
  static constexpr std::size_t size = 32;
  Half scale;
  Half minimum;
  std::uint8_t codes[16];
};
static_assert(sizeof(BlockQ4_1) == 20);

struct BlockQ5_0 {
  static constexpr std::size_t size = 32;
  Half scale;
  std::uint8_t high[4];    ///< fifth bit of value j in bit j
  std::uint8_t codes[16];  ///< low four bits, as in Q4_0
};
static_assert(sizeof(BlockQ5_0) == 22);

struct BlockQ5_1 {
  static constexpr std::size_t size = 32;
  Half scale;
  Half minimum;
  std::uint8_t high[4];
  std::uint8_t codes[16];
};
static_assert(sizeof(BlockQ5_1) == 24);

struct BlockQ8_0 {
  static constexpr std::size_t size = 32;
  Half scale;
  std::int8_t codes[32];
};
static_assert(sizeof(BlockQ8_0) == 34);

struct BlockQ1_0 {
  static constexpr std::size_t size = 128;
  Half scale;
  std::uint8_t signs[16];  ///< bit set: not negative
};
static_assert(sizeof(BlockQ1_0) == 18);

struct BlockQ2_0 {
  static constexpr std::size_t size = 64;
  Half scale;
  std::uint8_t codes[16];  ///< four per byte, the first in the lowest bits; code - 1 is -1..2
};
static_assert(sizeof(BlockQ2_0) == 18);

// Super-blocks of 256: quantized scales (and minima) of sub-blocks ------------------------------

/// 16 sub-blocks of 16 values.
struct BlockQ2_K {
  static constexpr std::size_t size = 256;
  std::uint8_t scales[16];  ///< scale in the low half, minimum in the high half
  std::uint8_t codes[64];
  Half scale;
  Half minimum;
};
static_assert(sizeof(BlockQ2_K) == 84);

/// 16 sub-blocks of 16 values.
struct BlockQ3_K {
  static constexpr std::size_t size = 256;
  std::uint8_t high[32];    ///< third bit of value j in bit j / 32 of byte j % 32
  std::uint8_t codes[64];   ///< low two bits
  std::uint8_t scales[12];  ///< 16 scales of 6 bits, plus 32
  Half scale;
};
static_assert(sizeof(BlockQ3_K) == 110);

/// 8 sub-blocks of 32 values.
struct BlockQ4_K {
  static constexpr std::size_t size = 256;
  Half scale;
  Half minimum;
  std::uint8_t scales[12];  ///< 8 scales and 8 minima of 6 bits
  std::uint8_t codes[128];
};
static_assert(sizeof(BlockQ4_K) == 144);

/// 8 sub-blocks of 32 values.
struct BlockQ5_K {
  static constexpr std::size_t size = 256;
  Half scale;
  Half minimum;
  std::uint8_t scales[12];
  std::uint8_t high[32];  ///< fifth bit of value j in bit j / 32 of byte j % 32
  std::uint8_t codes[128];
};
static_assert(sizeof(BlockQ5_K) == 176);

/// 16 sub-blocks of 16 values.
struct BlockQ6_K {
  static constexpr std::size_t size = 256;
  std::uint8_t low[128];
  std::uint8_t high[64];
  std::int8_t scales[16];
  Half scale;
};
static_assert(sizeof(BlockQ6_K) == 210);

// Sixteen uneven levels -------------------------------------------------------------------------

struct BlockIQ4_NL {
  static constexpr std::size_t size = 32;
  Half scale;
  std::uint8_t codes[16];
};
static_assert(sizeof(BlockIQ4_NL) == 18);

/// 8 sub-blocks of 32 values.
struct BlockIQ4_XS {
  static constexpr std::size_t size = 256;
  Half scale;
  std::uint8_t scales_high[2];  ///< upper two bits of scale j at bit 2 j
  std::uint8_t scales_low[4];   ///< lower four bits
  std::uint8_t codes[128];
};
static_assert(sizeof(BlockIQ4_XS) == 136);

// Ternary ---------------------------------------------------------------------------------------

struct BlockTQ1_0 {
  static constexpr std::size_t size = 256;
  std::uint8_t fives[48];  ///< five base-3 digits per byte
  std::uint8_t fours[4];   ///< four
  Half scale;
};
static_assert(sizeof(BlockTQ1_0) == 54);

struct BlockTQ2_0 {
  static constexpr std::size_t size = 256;
  std::uint8_t codes[64];
  Half scale;
};
static_assert(sizeof(BlockTQ2_0) == 66);

// Four-bit floats (E2M1) ------------------------------------------------------------------------

struct BlockMXFP4 {
  static constexpr std::size_t size = 32;
  std::uint8_t exponent;  ///< power of two, biased by 127
  std::uint8_t codes[16];
};
static_assert(sizeof(BlockMXFP4) == 17);

/// 4 sub-blocks of 16 values.
struct BlockNVFP4 {
  static constexpr std::size_t size = 64;
  std::uint8_t scales[4];  ///< unsigned E4M3
  std::uint8_t codes[32];
};
static_assert(sizeof(BlockNVFP4) == 36);

static_assert(std::endian::native == std::endian::little);

}  // namespace fewbits::ggml
