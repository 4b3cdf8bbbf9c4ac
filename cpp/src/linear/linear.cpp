// Integer matrix products in tiles of widened rows.

#include "fewbits/linear.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "linear/kernels.h"

namespace fewbits::linear {
namespace {

// Rows of `a` that are widened at a time; while they stay in the second-level cache they are
// multiplied with every panel of `b`.
constexpr std::size_t kRows = 96;
// Rows of `b` in a panel, which stays in the first-level cache.
constexpr std::size_t kPanel = 4;

constexpr std::size_t stride_of(std::size_t k) {
  return (k + 7) / 8 * 8;
}

void pad(std::int16_t* row, std::size_t k) {
  std::memset(row + k, 0, (stride_of(k) - k) * sizeof(std::int16_t));
}

void widen_activations(const void* a, Activation activation, std::size_t first, std::size_t count,
                       std::size_t k, std::int16_t* out) {
  for (std::size_t i = 0; i < count; ++i, out += stride_of(k)) {
    const std::size_t offset = (first + i) * k;
    if (activation == Activation::int8) {
      kernels::widen_i8(static_cast<const std::int8_t*>(a) + offset, k, out);
    } else {
      kernels::widen_u8(static_cast<const std::uint8_t*>(a) + offset, k, out);
    }
    pad(out, k);
  }
}

void widen_weights(const void* b, Weight weight, std::size_t first, std::size_t count,
                   std::size_t k, std::int16_t* out) {
  for (std::size_t j = 0; j < count; ++j, out += stride_of(k)) {
    const std::size_t row = first + j;
    if (weight == Weight::int8) {
      kernels::widen_i8(static_cast<const std::int8_t*>(b) + row * k, k, out);
    } else {
      kernels::widen_i4(static_cast<const std::uint8_t*>(b) + row * ((k + 1) / 2), k, out);
    }
    pad(out, k);
  }
}

}  // namespace

std::size_t matmul_workspace(std::size_t m, std::size_t n, std::size_t k) {
  return (std::min(m, kRows) + std::min(n, kPanel)) * stride_of(k) * sizeof(std::int16_t);
}

Result matmul(const void* a, Activation activation, std::size_t m, const void* b, Weight weight,
              std::size_t n, std::size_t k, std::int32_t* out, void* workspace) {
  if (k > kMaxInner) return failure(Status::invalid_argument, k);
  std::int16_t* wide_a = static_cast<std::int16_t*>(workspace);
  std::int16_t* wide_b = wide_a + std::min(m, kRows) * stride_of(k);
  for (std::size_t i = 0; i < m; i += kRows) {
    const std::size_t rows = std::min(m - i, kRows);
    widen_activations(a, activation, i, rows, k, wide_a);
    for (std::size_t j = 0; j < n; j += kPanel) {
      const std::size_t columns = std::min(n - j, kPanel);
      widen_weights(b, weight, j, columns, k, wide_b);
      kernels::multiply(wide_a, rows, wide_b, columns, stride_of(k), out + i * n + j, n);
    }
  }
  return success();
}

void row_sums(const void* b, Weight weight, std::size_t n, std::size_t k, std::int32_t* sums) {
  for (std::size_t j = 0; j < n; ++j) {
    std::int32_t sum = 0;
    for (std::size_t p = 0; p < k; ++p) {
      if (weight == Weight::int8) {
        sum += static_cast<const std::int8_t*>(b)[j * k + p];
      } else {
        const int byte = static_cast<const std::uint8_t*>(b)[j * ((k + 1) / 2) + p / 2];
        sum += (((byte >> (p % 2 * 4)) & 15) ^ 8) - 8;
      }
    }
    sums[j] = sum;
  }
}

void dequantize(const std::int32_t* accumulators, std::size_t m, std::size_t n,
                const Scales& scales, const float* bias, float* out) {
  constexpr double kLowest = std::numeric_limits<std::int32_t>::min();
  constexpr double kHighest = std::numeric_limits<std::int32_t>::max();
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      const float scale = scales.a[i] * scales.b[j];
      std::int64_t sum = accumulators[i * n + j];
      sum -= static_cast<std::int64_t>(scales.a_zero_point[i]) * scales.b_sums[j];
      if (bias != nullptr && scale > 0) {
        const double units = std::nearbyint(static_cast<double>(bias[j] / scale));
        sum += static_cast<std::int64_t>(std::clamp(units, kLowest, kHighest));
      }
      out[i * n + j] = static_cast<float>(sum) * scale;
    }
  }
}

void matmul_f32(const float* a, std::size_t m, const float* b, std::size_t n, std::size_t k,
                float* out) {
  for (std::size_t i = 0; i < m; i += kRows) {
    const std::size_t rows = std::min(m - i, kRows);
    for (std::size_t j = 0; j < n; j += kPanel) {
      const std::size_t columns = std::min(n - j, kPanel);
      kernels::multiply_f32(a + i * k, rows, b + j * k, columns, k, out + i * n + j, n);
    }
  }
}

}  // namespace fewbits::linear
