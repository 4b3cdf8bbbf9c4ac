// The scalar reference of the scan's sums.

#include <algorithm>
#include <bit>

#include "vectors/code/kernels.h"

namespace fewbits::vectors::scalar {

void lut_scan(const std::uint8_t* codes, std::size_t bytes, const std::uint8_t* lut,
              std::int32_t* sums) {
  const auto mean = [](unsigned a, unsigned b) { return (a + b + 1) >> 1; };
  for (std::size_t r = 0; r < kBlockRows; ++r) {
    sums[r] = 0;
    for (std::size_t first = 0; first < bytes; first += kGroupColumns) {
      unsigned means[kGroupColumns] = {};
      for (std::size_t p = first; p < std::min(bytes, first + kGroupColumns); ++p) {
        const unsigned code = codes[p * kBlockRows + r];
        means[p - first] = mean(lut[32 * p + (code & 15)], lut[32 * p + 16 + (code >> 4)]);
      }
      sums[r] += mean(mean(means[0], means[1]), mean(means[2], means[3]));
    }
  }
}

void dot_scan(const std::int8_t* rows, std::size_t stride, const std::uint8_t* query,
              std::int32_t* sums) {
  for (std::size_t r = 0; r < kBlockRows; ++r) {
    sums[r] = 0;
    for (std::size_t i = 0; i < stride; ++i) sums[r] += rows[r * stride + i] * query[i];
  }
}

void dot_scan4(const std::int8_t* rows, std::size_t stride, const std::uint8_t* queries,
               std::int32_t* sums) {
  for (std::size_t q = 0; q < 4; ++q) {
    dot_scan(rows, stride, queries + q * stride, sums + q * kBlockRows);
  }
}

void row_sums(const std::int8_t* rows, std::size_t stride, std::int32_t* sums) {
  for (std::size_t r = 0; r < kBlockRows; ++r) {
    sums[r] = 0;
    for (std::size_t i = 0; i < stride; ++i) sums[r] += rows[r * stride + i];
  }
}

void bit_scan(const std::uint8_t* codes, std::size_t bytes, const std::uint8_t* query,
              std::int32_t* sums) {
  for (std::size_t r = 0; r < kBlockRows; ++r) {
    sums[r] = 0;
    for (std::size_t p = 0; p < bytes; ++p) {
      sums[r] += std::popcount(static_cast<std::uint8_t>(codes[kBlockRows * p + r] ^ query[p]));
    }
  }
}

float dot_levels(const float* x, const std::int8_t* levels, std::size_t n) {
  float sum[4] = {};
  for (std::size_t i = 0; i < n; ++i) sum[i % 4] += x[i] * static_cast<float>(levels[i]);
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

std::uint64_t estimate(const std::int32_t* sums, float base, float step, const float* factors,
                       const float* added, float weight, float threshold, float* estimates) {
  std::uint64_t mask = 0;
  for (std::size_t r = 0; r < kBlockRows; ++r) {
    float score = (base + step * static_cast<float>(sums[r])) * factors[r];
    if (added != nullptr) score += weight * added[r];
    estimates[r] = score;
    if (score > threshold) mask |= std::uint64_t{1} << r;
  }
  return mask;
}

std::uint64_t above(float* estimates, const float* added, float weight, float threshold) {
  std::uint64_t mask = 0;
  for (std::size_t r = 0; r < kBlockRows; ++r) {
    if (added != nullptr) estimates[r] += weight * added[r];
    if (estimates[r] > threshold) mask |= std::uint64_t{1} << r;
  }
  return mask;
}

}  // namespace fewbits::vectors::scalar
