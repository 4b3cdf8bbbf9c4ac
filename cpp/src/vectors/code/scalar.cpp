// The scalar reference of rotating and coding.

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "vectors/code/kernels.h"

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

void multiply(const float* x, const float* factors, float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = x[i] * factors[i];
}

void flip_hadamard(const float* x, const float* factors, float* y, std::size_t n) {
  multiply(x, factors, y, n);
  hadamard(y, n);
}

float sum_squares(const float* x, std::size_t n) {
  float sum[16] = {};
  for (std::size_t i = 0; i < n; ++i) sum[i % 16] += x[i] * x[i];
  for (std::size_t i = 0; i < 4; ++i) {
    sum[i] = (sum[i] + sum[i + 4]) + (sum[i + 8] + sum[i + 12]);
  }
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

void to_fixed(const float* x, std::size_t n, float scale, std::int16_t* fixed) {
  for (std::size_t i = 0; i < n; ++i) {
    // 1.5 * 2^23 leaves the integer, rounded to even, in the low bits of the significand.
    const float shifted = x[i] * scale + 12582912.0f;
    float rounded = shifted - 12582912.0f;
    if (rounded > 32767.0f) rounded = 32767.0f;
    if (rounded < -32767.0f) rounded = -32767.0f;
    fixed[i] = static_cast<std::int16_t>(rounded);
  }
}

namespace {

int code(int fixed, int multiplier, const Codebook& book) {
  const int scaled = std::min((std::abs(fixed) * multiplier + 0x4000) >> 15, 32767);
  const int half = 1 << (book.bits - 1);
  int index = 0;  // of the magnitude
  if (book.bits == 8) {
    index = std::min(scaled, 127);
    return fixed < 0 ? half - index : half + index;
  }
  if (book.bits == 2 || book.bits == 4) {
    for (int i = 0; i < half - 1; ++i) index += scaled > book.thresholds[i];
  } else {
    index = std::min(scaled >> 4, half - 1);  // of odd levels; `scaled` has three more bits
  }
  return fixed < 0 ? half - 1 - index : half + index;
}

}  // namespace

CodeSums quantize(const std::int16_t* fixed, std::size_t n, std::int16_t multiplier,
                  const Codebook& book, std::uint8_t* codes) {
  CodeSums sums;
  for (std::size_t i = 0; i < n; ++i) {
    codes[i] = static_cast<std::uint8_t>(code(fixed[i], multiplier, book));
    const int level = level_of(book, codes[i]);
    sums.product += level * fixed[i];
    sums.square += level * level;
    if (book.bits == 8) sums.level += level;
  }
  return sums;
}

CodeSums align(const std::int16_t* fixed, std::size_t n, std::int16_t multiplier,
               const Codebook& book) {
  CodeSums sums;
  for (std::size_t i = 0; i < n; ++i) {
    const int level = level_of(book, static_cast<unsigned>(code(fixed[i], multiplier, book)));
    sums.product += level * fixed[i];
    sums.square += level * level;
  }
  return sums;
}

void add_levels(const std::uint8_t* codes, std::size_t n, const std::int8_t* of_code,
                std::int8_t* levels) {
  for (std::size_t i = 0; i < n; ++i) {
    levels[i] = static_cast<std::int8_t>(levels[i] + of_code[codes[i]]);
  }
}

std::size_t find(const std::int8_t* x, std::size_t n, std::int8_t a, std::int8_t b,
                 std::size_t room, std::uint16_t* positions) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (x[i] != a && x[i] != b) continue;
    if (count < room) positions[count] = static_cast<std::uint16_t>(i);
    ++count;
  }
  return count;
}

void to_columns(const std::uint8_t* rows, std::size_t bytes, std::uint8_t* columns) {
  for (std::size_t r = 0; r < kColumnRows; ++r) {
    for (std::size_t p = 0; p < bytes; ++p) columns[kBlockRows * p + r] = rows[bytes * r + p];
  }
}

void from_columns(const std::uint8_t* columns, std::size_t bytes, std::uint8_t* rows) {
  for (std::size_t r = 0; r < kColumnRows; ++r) {
    for (std::size_t p = 0; p < bytes; ++p) rows[bytes * r + p] = columns[kBlockRows * p + r];
  }
}

}  // namespace fewbits::vectors::scalar
