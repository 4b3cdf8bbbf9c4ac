// float16 and bfloat16 for whole arrays, by the kernels of this build.

#include "fewbits/floats.h"

#include "floats/kernels.h"

namespace fewbits::floats {

void encode_f16(const float* x, std::size_t n, std::uint16_t* out) {
  kernels::encode_f16_run(x, n, out);
}

void decode_f16(const std::uint16_t* in, std::size_t n, float* out) {
  kernels::decode_f16_run(in, n, out);
}

void encode_bf16(const float* x, std::size_t n, std::uint16_t* out) {
  kernels::encode_bf16_run(x, n, out);
}

void decode_bf16(const std::uint16_t* in, std::size_t n, float* out) {
  kernels::decode_bf16_run(in, n, out);
}

}  // namespace fewbits::floats
