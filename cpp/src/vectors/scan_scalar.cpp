#include "vectors/kernels.h"

namespace fewbits::vectors::scalar {

void lut_scan(const std::uint8_t* codes, std::size_t bytes, const std::uint8_t* lut, int,
              std::uint32_t* sums) {
  for (std::size_t r = 0; r < kBlockRows; ++r) {
    std::uint32_t sum = 0;
    for (std::size_t p = 0; p < bytes; ++p) {
      const unsigned code = codes[p * kBlockRows + r];
      sum += lut[32 * p + (code & 15)] + lut[32 * p + 16 + (code >> 4)];
    }
    sums[r] = sum;
  }
}

void dot_scan(const std::int8_t* rows, std::size_t stride, std::size_t count,
              const std::uint8_t* query, std::int32_t* sums, std::int32_t* level_sums) {
  for (std::size_t r = 0; r < count; ++r) {
    std::int32_t sum = 0;
    std::int32_t levels = 0;
    for (std::size_t i = 0; i < stride; ++i) {
      sum += rows[r * stride + i] * query[i];
      levels += rows[r * stride + i];
    }
    sums[r] = sum;
    if (level_sums != nullptr) level_sums[r] = levels;
  }
}

void dot_scan4(const std::int8_t* rows, std::size_t stride, std::size_t count,
               const std::uint8_t* query, std::int32_t* sums, std::int32_t* level_sums) {
  for (std::size_t q = 0; q < 4; ++q) {
    dot_scan(rows, stride, count, query + q * stride, sums + q * count, level_sums);
  }
}

float dot_levels(const float* x, const std::int8_t* levels, std::size_t n) {
  float sum[4] = {};
  for (std::size_t i = 0; i < n; ++i) sum[i % 4] += x[i] * static_cast<float>(levels[i]);
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

std::uint64_t above(const float* scores, float threshold) {
  std::uint64_t mask = 0;
  for (std::size_t r = 0; r < kBlockRows; ++r) {
    if (scores[r] > threshold) mask |= std::uint64_t{1} << r;
  }
  return mask;
}

}  // namespace fewbits::vectors::scalar
