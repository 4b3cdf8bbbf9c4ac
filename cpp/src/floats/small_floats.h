// Floats of eight and four bits, one value at a time, by integer arithmetic as in half.h.

#pragma once

#include <bit>
#include <cstdint>

namespace fewbits::floats {

inline std::uint8_t f8_e4m3_from_f32(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 24) & 0x80u;
  const std::uint32_t magnitude = bits & 0x7FFFFFFFu;
  std::uint32_t code;
  if (magnitude > 0x7F800000u) {
    code = 0x7F;
  } else if (magnitude < 0x3C800000u) {  // below 2^-6: a multiple of 2^-9
    const float aligned = std::bit_cast<float>(magnitude) + 0x1p14f;
    code = std::bit_cast<std::uint32_t>(aligned) - 0x46800000u;
  } else {
    code = ((magnitude + 0x7FFFFu + ((magnitude >> 20) & 1u)) >> 20) - (120u << 3);
    if (code > 0x7E) code = 0x7E;
  }
  return static_cast<std::uint8_t>(sign | code);
}

inline float f32_from_f8_e4m3(std::uint8_t code) {
  const std::uint32_t sign = static_cast<std::uint32_t>(code & 0x80) << 24;
  const std::uint32_t magnitude = code & 0x7Fu;
  if (magnitude == 0x7F) return std::bit_cast<float>(sign | 0x7FC00000u);
  // A multiplication corrects the bias of the exponent, which subnormals need too.
  const float value = std::bit_cast<float>(magnitude << 20) * 0x1p120f;
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(value));
}

inline std::uint8_t f8_e5m2_from_f32(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 24) & 0x80u;
  const std::uint32_t magnitude = bits & 0x7FFFFFFFu;
  std::uint32_t code;
  if (magnitude > 0x7F800000u) {
    code = 0x7E;
  } else if (magnitude < 0x38800000u) {  // below 2^-14: a multiple of 2^-16
    const float aligned = std::bit_cast<float>(magnitude) + 0x1p7f;
    code = std::bit_cast<std::uint32_t>(aligned) - 0x43000000u;
  } else {
    code = ((magnitude + 0xFFFFFu + ((magnitude >> 21) & 1u)) >> 21) - (112u << 2);
    if (code > 0x7C) code = 0x7C;
  }
  return static_cast<std::uint8_t>(sign | code);
}

inline float f32_from_f8_e5m2(std::uint8_t code) {
  const std::uint32_t sign = static_cast<std::uint32_t>(code & 0x80) << 24;
  const std::uint32_t magnitude = code & 0x7Fu;
  if (magnitude >= 0x7C) {
    const std::uint32_t quiet = magnitude > 0x7C ? 0x400000u : 0u;
    return std::bit_cast<float>(sign | 0x7F800000u | quiet | ((magnitude & 3u) << 21));
  }
  const float value = std::bit_cast<float>(magnitude << 21) * 0x1p112f;
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(value));
}

/// For finite values only.
inline std::uint8_t f4_e2m1_from_f32(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 28) & 8u;
  const std::uint32_t magnitude = bits & 0x7FFFFFFFu;
  std::uint32_t code;
  if (magnitude < 0x3F800000u) {  // below 1: a multiple of 1/2
    const float aligned = std::bit_cast<float>(magnitude) + 0x1p22f;
    code = std::bit_cast<std::uint32_t>(aligned) - 0x4A800000u;
  } else {
    code = ((magnitude + 0x1FFFFFu + ((magnitude >> 22) & 1u)) >> 22) - (126u << 1);
    if (code > 7) code = 7;
  }
  return static_cast<std::uint8_t>(sign | code);
}

/// Decodes the low four bits of `code`.
inline float f32_from_f4_e2m1(int code) {
  const std::uint32_t sign = static_cast<std::uint32_t>(code & 8) << 28;
  const float value = std::bit_cast<float>(static_cast<std::uint32_t>(code & 7) << 22) * 0x1p126f;
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(value));
}

/// The bounds of bitsandbytes between one nf4 level and the next.
inline constexpr float kNf4Bounds[15] = {
    -0.8480964004993439f,  -0.6106329262256622f,  -0.4599952697753906f,   -0.33967943489551544f,
    -0.23460740596055984f, -0.13791173323988914f, -0.045525018125772476f, 0.03979014977812767f,
    0.1202552504837513f,   0.2035212516784668f,   0.2920137718319893f,    0.3893125355243683f,
    0.5016634166240692f,   0.6427869200706482f,   0.8614784181118011f};

inline int nf4_from_f32(float value) {
  int code = 0;
  for (const float bound : kNf4Bounds) code += value > bound ? 1 : 0;
  return code;
}

}  // namespace fewbits::floats
