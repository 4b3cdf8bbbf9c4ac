// Floats of eight and four bits for whole arrays, four-bit ones two per byte.

#include "fewbits/small_floats.h"

#include <bit>
#include <cmath>

#include "base/finite.h"
#include "floats/small_floats.h"

namespace fewbits::floats {
namespace {

/// Packs two codes per byte: code(i) of the even value i at bit `even`, of the odd one at 4 - even.
template <typename Code>
void pack(std::size_t n, int even, Code code, std::uint8_t* out) {
  for (std::size_t i = 0; i < n; i += 2) {
    const int odd = i + 1 < n ? code(i + 1) << (4 - even) : 0;
    out[i / 2] = static_cast<std::uint8_t>((code(i) << even) | odd);
  }
}

}  // namespace

const float kNf4Levels[16] = {-1.0f,
                              -0.6961928009986877f,
                              -0.5250730514526367f,
                              -0.39491748809814453f,
                              -0.28444138169288635f,
                              -0.18477343022823334f,
                              -0.09105003625154495f,
                              0.0f,
                              0.07958029955625534f,
                              0.16093020141124725f,
                              0.24611230194568634f,
                              0.33791524171829224f,
                              0.44070982933044434f,
                              0.5626170039176941f,
                              0.7229568362236023f,
                              1.0f};

Result encode_f8_e4m3(const float* x, std::size_t n, std::uint8_t* out) {
  for (std::size_t i = 0; i < n; ++i) {
    if (std::isinf(x[i])) return failure(Status::non_finite, i);
  }
  for (std::size_t i = 0; i < n; ++i) out[i] = f8_e4m3_from_f32(x[i]);
  return success();
}

void decode_f8_e4m3(const std::uint8_t* in, std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = f32_from_f8_e4m3(in[i]);
}

void encode_f8_e5m2(const float* x, std::size_t n, std::uint8_t* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = f8_e5m2_from_f32(x[i]);
}

void decode_f8_e5m2(const std::uint8_t* in, std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = f32_from_f8_e5m2(in[i]);
}

Result encode_f4_e2m1(const float* x, std::size_t n, std::uint8_t* out) {
  const std::size_t bad = first_non_finite(x, n);
  if (bad != n) return failure(Status::non_finite, bad);
  pack(
      n, 0, [x](std::size_t i) { return static_cast<int>(f4_e2m1_from_f32(x[i])); }, out);
  return success();
}

void decode_f4_e2m1(const std::uint8_t* in, std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = f32_from_f4_e2m1(in[i / 2] >> (4 * (i % 2)));
}

Result encode_nf4(const float* x, std::size_t n, std::size_t block, float* absmax,
                  std::uint8_t* out) {
  if (block == 0 || block % 2 != 0) return failure(Status::invalid_argument);
  const std::size_t bad = first_non_finite(x, n);
  if (bad != n) return failure(Status::non_finite, bad);
  for (std::size_t start = 0; start < n; start += block) {
    const std::size_t size = n - start < block ? n - start : block;
    const float* values = x + start;
    float largest = 0;
    for (std::size_t i = 0; i < size; ++i) {
      if (std::fabs(values[i]) > largest) largest = std::fabs(values[i]);
    }
    absmax[start / block] = largest;
    // A subnormal `largest` has no finite reciprocal; division is used then.
    const float inverse = 1.0f / largest;
    const bool divide = std::isinf(inverse);
    const auto code = [=](std::size_t i) {
      if (largest == 0) return 7;
      return nf4_from_f32(divide ? values[i] / largest : values[i] * inverse);
    };
    pack(size, 4, code, out + start / 2);
  }
  return success();
}

Result decode_nf4(const std::uint8_t* in, std::size_t n, std::size_t block, const float* absmax,
                  float* out) {
  if (block == 0 || block % 2 != 0) return failure(Status::invalid_argument);
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = kNf4Levels[(in[i / 2] >> (4 - 4 * (i % 2))) & 15] * absmax[i / block];
  }
  return success();
}

}  // namespace fewbits::floats
