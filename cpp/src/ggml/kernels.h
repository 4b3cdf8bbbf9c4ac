// The list of block types that have kernels. It drives dispatch, differential tests and benchmarks.

#pragma once

#include <cstddef>

#include "ggml/blocks.h"

#define FEWBITS_GGML_KERNELS(X) \
  X(q4_0, BlockQ4_0)            \
  X(q4_1, BlockQ4_1)            \
  X(q5_0, BlockQ5_0)            \
  X(q5_1, BlockQ5_1)            \
  X(q8_0, BlockQ8_0)            \
  X(q2_K, BlockQ2_K)            \
  X(q3_K, BlockQ3_K)            \
  X(q4_K, BlockQ4_K)            \
  X(q5_K, BlockQ5_K)            \
  X(q6_K, BlockQ6_K)            \
  X(iq4_nl, BlockIQ4_NL)        \
  X(iq4_xs, BlockIQ4_XS)        \
  X(tq1_0, BlockTQ1_0)          \
  X(tq2_0, BlockTQ2_0)          \
  X(mxfp4, BlockMXFP4)          \
  X(nvfp4, BlockNVFP4)          \
  X(q1_0, BlockQ1_0)            \
  X(q2_0, BlockQ2_0)

// encode_<type>: `blocks` blocks from x, all of one row when `importance` (one weight per value of
// x) is given. decode_<type>: the other way.
#define FEWBITS_GGML_DECLARE(type, Block)                                                      \
  void encode_##type(const float* x, std::size_t blocks, const float* importance, Block* out); \
  void decode_##type(const Block* in, std::size_t blocks, float* out);

namespace fewbits::ggml::scalar {
FEWBITS_GGML_KERNELS(FEWBITS_GGML_DECLARE)
}  // namespace fewbits::ggml::scalar

#if FEWBITS_SIMD
namespace fewbits::ggml::simd {
FEWBITS_GGML_KERNELS(FEWBITS_GGML_DECLARE)
}  // namespace fewbits::ggml::simd
#endif

namespace fewbits::ggml {
#if FEWBITS_SIMD
namespace kernels = simd;
#else
namespace kernels = scalar;
#endif
}  // namespace fewbits::ggml
