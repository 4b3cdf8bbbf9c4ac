// The places of codes and scales in a block, independent of how they were found. Shared by the
// scalar and the SIMD bodies, and inlined so that each is compiled with the options of its own
// file.

#pragma once

#include <cstdint>
#include <cstring>

#include "ggml/blocks.h"

#define FEWBITS_GGML_INLINE [[gnu::always_inline]] inline

// For code that several types share and that takes much longer than a call: compiled only once.
#define FEWBITS_GGML_SHARED [[gnu::noinline]]

namespace fewbits::ggml {

/// 32 codes: j in the low half of byte j, j + 16 in the high half, for j in 0..15.
FEWBITS_GGML_INLINE void pack_halves(const std::uint8_t* codes, std::uint8_t* out) {
  for (int j = 0; j < 16; ++j) {
    out[j] = static_cast<std::uint8_t>((codes[j] & 15) | ((codes[j + 16] & 15) << 4));
  }
}

/// Packs 32 codes of five bits: pack_halves, with the fifth bits separately.
FEWBITS_GGML_INLINE void pack_five(const std::uint8_t* codes, std::uint8_t* high,
                                   std::uint8_t* out) {
  pack_halves(codes, out);
  std::uint32_t bits = 0;
  for (int j = 0; j < 32; ++j) bits |= static_cast<std::uint32_t>((codes[j] >> 4) & 1) << j;
  std::memcpy(high, &bits, 4);
}

/// 256 codes of two bits: byte 32 i + j holds values 128 i + j + 32 k at bit 2 k.
FEWBITS_GGML_INLINE void pack_quarters(const std::uint8_t* codes, std::uint8_t* out) {
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 32; ++j) {
      const std::uint8_t* c = codes + 128 * i + j;
      out[32 * i + j] = static_cast<std::uint8_t>((c[0] & 3) | ((c[32] & 3) << 2) |
                                                  ((c[64] & 3) << 4) | ((c[96] & 3) << 6));
    }
  }
}

/// 256 codes of four bits: byte 32 i + j holds values 64 i + j and 64 i + j + 32.
FEWBITS_GGML_INLINE void pack_nibbles(const std::uint8_t* codes, std::uint8_t* out) {
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 32; ++j) {
      const std::uint8_t* c = codes + 64 * i + j;
      out[32 * i + j] = static_cast<std::uint8_t>((c[0] & 15) | ((c[32] & 15) << 4));
    }
  }
}

/// Bit `bit` of 256 codes: value 32 k + j in bit k of byte j.
FEWBITS_GGML_INLINE void pack_bit(const std::uint8_t* codes, int bit, std::uint8_t* out) {
  for (int j = 0; j < 32; ++j) {
    int byte = 0;
    for (int k = 0; k < 8; ++k) byte |= ((codes[32 * k + j] >> bit) & 1) << k;
    out[j] = static_cast<std::uint8_t>(byte);
  }
}

/// Packs 256 codes of six bits, in halves of 128: low nibbles in two runs of 32 bytes, the upper
/// two bits four per byte.
FEWBITS_GGML_INLINE void pack_six(const std::uint8_t* codes, std::uint8_t* low,
                                  std::uint8_t* high) {
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 32; ++j) {
      const std::uint8_t* c = codes + 128 * i + j;
      low[64 * i + j] = static_cast<std::uint8_t>((c[0] & 15) | ((c[64] & 15) << 4));
      low[64 * i + j + 32] = static_cast<std::uint8_t>((c[32] & 15) | ((c[96] & 15) << 4));
      high[32 * i + j] = static_cast<std::uint8_t>((c[0] >> 4) | ((c[32] >> 4) << 2) |
                                                   ((c[64] >> 4) << 4) | ((c[96] >> 4) << 6));
    }
  }
}

/// Packs scales and minima of Q4_K and Q5_K: eight and eight of six bits in twelve bytes. The first
/// four of each are in bytes 0..3 and 4..7, whose top bits hold the top bits of the last four.
FEWBITS_GGML_INLINE void pack_scales(const std::uint8_t* scales, const std::uint8_t* minima,
                                     std::uint8_t* out) {
  for (int j = 0; j < 4; ++j) {
    const int s = scales[j + 4];
    const int m = minima[j + 4];
    out[j] = static_cast<std::uint8_t>(scales[j] | ((s >> 4) << 6));
    out[j + 4] = static_cast<std::uint8_t>(minima[j] | ((m >> 4) << 6));
    out[j + 8] = static_cast<std::uint8_t>((s & 15) | ((m & 15) << 4));
  }
}

FEWBITS_GGML_INLINE void unpack_scales(const std::uint8_t* in, std::uint8_t* scales,
                                       std::uint8_t* minima) {
  for (int j = 0; j < 4; ++j) {
    scales[j] = in[j] & 63;
    minima[j] = in[j + 4] & 63;
    scales[j + 4] = static_cast<std::uint8_t>((in[j + 8] & 15) | ((in[j] >> 6) << 4));
    minima[j + 4] = static_cast<std::uint8_t>((in[j + 8] >> 4) | ((in[j + 4] >> 6) << 4));
  }
}

/// Packs scales of Q3_K: sixteen of six bits in twelve bytes, low nibbles first.
FEWBITS_GGML_INLINE void pack_scales_q3(const std::uint8_t* scales, std::uint8_t* out) {
  for (int j = 0; j < 8; ++j) {
    out[j] = static_cast<std::uint8_t>((scales[j] & 15) | ((scales[j + 8] & 15) << 4));
  }
  for (int j = 0; j < 4; ++j) {
    out[j + 8] =
        static_cast<std::uint8_t>((scales[j] >> 4) | ((scales[j + 4] >> 4) << 2) |
                                  ((scales[j + 8] >> 4) << 4) | ((scales[j + 12] >> 4) << 6));
  }
}

FEWBITS_GGML_INLINE void unpack_scales_q3(const std::uint8_t* in, std::uint8_t* scales) {
  for (int j = 0; j < 16; ++j) {
    const int low = j < 8 ? in[j] & 15 : in[j - 8] >> 4;
    const int high = (in[8 + j % 4] >> (2 * (j / 4))) & 3;
    scales[j] = static_cast<std::uint8_t>(low | (high << 4));
  }
}

}  // namespace fewbits::ggml
