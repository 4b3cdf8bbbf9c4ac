// The list of the kernels of float16 and bfloat16.

#pragma once

#include "fewbits/floats.h"

namespace fewbits::floats {

// X(result, name, parameters)
#define FEWBITS_FLOATS_KERNELS(X)                                               \
  X(void, encode_f16_run, (const float* x, std::size_t n, std::uint16_t* out))  \
  X(void, decode_f16_run, (const std::uint16_t* in, std::size_t n, float* out)) \
  X(void, encode_bf16_run, (const float* x, std::size_t n, std::uint16_t* out)) \
  X(void, decode_bf16_run, (const std::uint16_t* in, std::size_t n, float* out))

#define FEWBITS_DECLARE(result, name, parameters) result name parameters;
namespace scalar {
FEWBITS_FLOATS_KERNELS(FEWBITS_DECLARE)
}
#if FEWBITS_SIMD
namespace simd {
FEWBITS_FLOATS_KERNELS(FEWBITS_DECLARE)
}
namespace kernels = simd;
#else
namespace kernels = scalar;
#endif
#undef FEWBITS_DECLARE

}  // namespace fewbits::floats
