// The list of the kernels of matrix products. Factors are widened to int16 rows, with a stride that
// is a multiple of 8 and zero padding, because every engine can multiply and add int16 pairs
// exactly in one instruction.

#pragma once

#include "fewbits/linear.h"

namespace fewbits::linear {

// X(result, name, parameters)
#define FEWBITS_LINEAR_KERNELS(X)                                                             \
  X(void, widen_i8, (const std::int8_t* in, std::size_t n, std::int16_t* out))                \
  X(void, widen_u8, (const std::uint8_t* in, std::size_t n, std::int16_t* out))               \
  X(void, widen_i4, (const std::uint8_t* in, std::size_t n, std::int16_t* out))               \
  /* out[i * ldo + j] = dot(a row i, b row j) for m rows of a and n of b, all of `stride`. */ \
  X(void, multiply,                                                                           \
    (const std::int16_t* a, std::size_t m, const std::int16_t* b, std::size_t n,              \
     std::size_t stride, std::int32_t* out, std::size_t ldo))                                 \
  /* The same for float rows of k values. */                                                  \
  X(void, multiply_f32,                                                                       \
    (const float* a, std::size_t m, const float* b, std::size_t n, std::size_t k, float* out, \
     std::size_t ldo))

#define FEWBITS_DECLARE(result, name, parameters) result name parameters;
namespace scalar {
FEWBITS_LINEAR_KERNELS(FEWBITS_DECLARE)
}
#if FEWBITS_SIMD
namespace simd {
FEWBITS_LINEAR_KERNELS(FEWBITS_DECLARE)
}
namespace kernels = simd;
#else
namespace kernels = scalar;
#endif
#undef FEWBITS_DECLARE

}  // namespace fewbits::linear
