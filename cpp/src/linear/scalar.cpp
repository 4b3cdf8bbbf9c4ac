// The scalar reference of widening and of matrix products.

#include "linear/kernels.h"

namespace fewbits::linear::scalar {

void widen_i8(const std::int8_t* in, std::size_t n, std::int16_t* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = in[i];
}

void widen_u8(const std::uint8_t* in, std::size_t n, std::int16_t* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = in[i];
}

void widen_i4(const std::uint8_t* in, std::size_t n, std::int16_t* out) {
  for (std::size_t i = 0; i < n; ++i) {
    const int nibble = (in[i / 2] >> (i % 2 * 4)) & 15;
    out[i] = static_cast<std::int16_t>((nibble ^ 8) - 8);
  }
}

void multiply(const std::int16_t* a, std::size_t m, const std::int16_t* b, std::size_t n,
              std::size_t stride, std::int32_t* out, std::size_t ldo) {
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      std::int32_t sum = 0;
      for (std::size_t p = 0; p < stride; ++p) sum += a[i * stride + p] * b[j * stride + p];
      out[i * ldo + j] = sum;
    }
  }
}

void multiply_f32(const float* a, std::size_t m, const float* b, std::size_t n, std::size_t k,
                  float* out, std::size_t ldo) {
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      float sum = 0;
      for (std::size_t p = 0; p < k; ++p) sum += a[i * k + p] * b[j * k + p];
      out[i * ldo + j] = sum;
    }
  }
}

}  // namespace fewbits::linear::scalar
