// The scalar reference of float16 and bfloat16: value by value with half.h.

#include "floats/half.h"
#include "floats/kernels.h"

namespace fewbits::floats::scalar {

void encode_f16_run(const float* x, std::size_t n, std::uint16_t* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = f16_from_f32(x[i]);
}

void decode_f16_run(const std::uint16_t* in, std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = f32_from_f16(in[i]);
}

void encode_bf16_run(const float* x, std::size_t n, std::uint16_t* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = bf16_from_f32(x[i]);
}

void decode_bf16_run(const std::uint16_t* in, std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = f32_from_bf16(in[i]);
}

}  // namespace fewbits::floats::scalar
