// The list of the packing kernels, scalar and SIMD.

#pragma once

#include "fewbits/bits.h"

namespace fewbits::bits {

// X(result, name, parameters); bits 1 to 7 (8 is a copy).
#define FEWBITS_BITS_KERNELS(X)                                                                 \
  X(void, pack_run, (const std::uint8_t* codes, std::size_t n, int bits, std::uint8_t* packed)) \
  X(void, unpack_run, (const std::uint8_t* packed, std::size_t n, int bits, std::uint8_t* codes))

#define FEWBITS_DECLARE(result, name, parameters) result name parameters;
namespace scalar {
FEWBITS_BITS_KERNELS(FEWBITS_DECLARE)
}
#if FEWBITS_SIMD
namespace simd {
FEWBITS_BITS_KERNELS(FEWBITS_DECLARE)
}
namespace kernels = simd;
#else
namespace kernels = scalar;
#endif
#undef FEWBITS_DECLARE

}  // namespace fewbits::bits
