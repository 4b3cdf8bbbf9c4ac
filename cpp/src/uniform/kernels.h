#pragma once

#include "fewbits/uniform.h"

namespace fewbits::uniform {

/// What all runs of a call share: formats have become numbers.
struct Codes {
  std::int32_t max = 255;  ///< 2^bits - 1
  /// Signed codes are computed with this offset, 2^(bits-1), to be unsigned like the others; as
  /// bits the offset is the sign bit, so flipping it gives two's complement. 0 for unsigned codes.
  std::int32_t offset = 0;
  Rounding rounding = Rounding::nearest;
};

// One byte a code; packing is the business of bits/. X(result, name, parameters)
#define FEWBITS_UNIFORM_KERNELS(X)                                                                \
  /* Widens *out; false when a value is NaN or infinite. */                                       \
  X(bool, widen_run, (const float* x, std::size_t n, Range* out))                                 \
  /* Widens min[i], max[i] by x[i]; false when a value is NaN or infinite. */                     \
  X(bool, widen_each, (const float* x, std::size_t n, float* min, float* max))                    \
  X(void, encode_run,                                                                             \
    (const float* x, std::size_t n, const Block& block, const Codes& codes, std::uint8_t* out))   \
  X(void, decode_run,                                                                             \
    (const std::uint8_t* in, std::size_t n, const Block& block, const Codes& codes, float* out))  \
  /* Value i with entry i of `blocks`. */                                                         \
  X(void, encode_each,                                                                            \
    (const float* x, std::size_t n, const Blocks& blocks, const Codes& codes, std::uint8_t* out)) \
  X(void, decode_each,                                                                            \
    (const std::uint8_t* in, std::size_t n, const Blocks& blocks, const Codes& codes, float* out))

#define FEWBITS_DECLARE(result, name, parameters) result name parameters;
namespace scalar {
FEWBITS_UNIFORM_KERNELS(FEWBITS_DECLARE)
}
#if FEWBITS_SIMD
namespace simd {
FEWBITS_UNIFORM_KERNELS(FEWBITS_DECLARE)
}
namespace kernels = simd;
#else
namespace kernels = scalar;
#endif
#undef FEWBITS_DECLARE

}  // namespace fewbits::uniform
