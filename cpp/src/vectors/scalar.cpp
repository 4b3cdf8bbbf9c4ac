#include <cmath>
#include <cstdlib>

#include "vectors/kernels.h"

namespace fewbits::vectors::scalar {

void hadamard(float* x, std::size_t n) {
  for (std::size_t half = 1; half < n; half *= 2) {
    for (std::size_t start = 0; start < n; start += 2 * half) {
      for (std::size_t i = start; i < start + half; ++i) {
        const float a = x[i];
        const float b = x[i + half];
        x[i] = a + b;
        x[i + half] = a - b;
      }
    }
  }
}

void multiply(float* x, const float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) x[i] *= y[i];
}

float sum_squares(const float* x, std::size_t n) {
  float sum[4] = {};
  for (std::size_t i = 0; i < n; ++i) sum[i % 4] += x[i] * x[i];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

void to_fixed(const float* x, std::size_t n, float scale, std::int16_t* fixed) {
  for (std::size_t i = 0; i < n; ++i) {
    // 1.5 * 2^23 leaves the integer, rounded to even, in the low bits of the significand.
    const float shifted = x[i] * scale + 12582912.0f;
    float rounded = shifted - 12582912.0f;
    if (rounded > 32767.0f) rounded = 32767.0f;
    if (rounded < -32768.0f) rounded = -32768.0f;
    fixed[i] = static_cast<std::int16_t>(rounded);
  }
}

namespace {

int saturate(int x, int limit) {
  return x > limit ? limit : x < -limit ? -limit : x;
}

int level(int fixed, int multiplier, const Codebook& book) {
  if (book.bits == 1) return fixed < 0 ? -1 : 1;
  const int scaled = saturate((fixed * multiplier + 0x4000) >> 15, 32767);
  switch (book.bits) {
    case 2:
    case 4: {
      const int value = saturate(scaled, 127);
      int index = 0;
      for (int i = 0; i < (1 << (book.bits - 1)) - 1; ++i) {
        index += std::abs(value) > book.thresholds[i];
      }
      const int half = 1 << (book.bits - 1);
      return book.levels[0][value < 0 ? half - 1 - index : half + index];
    }
    case 8:
      return saturate(scaled, 127);
    default:  // odd levels; `scaled` has three more bits, so that halves round right
      return saturate((scaled >> 3) | 1, (1 << book.bits) - 1);
  }
}

}  // namespace

CodeSums quantize(const std::int16_t* fixed, std::size_t n, std::int16_t multiplier,
                  const Codebook& book, std::int8_t* levels) {
  CodeSums sums;
  for (std::size_t i = 0; i < n; ++i) {
    const int value = level(fixed[i], multiplier, book);
    levels[i] = static_cast<std::int8_t>(value);
    sums.product += value * fixed[i];
    sums.square += value * value;
    sums.level += value;
  }
  return sums;
}

}  // namespace fewbits::vectors::scalar
