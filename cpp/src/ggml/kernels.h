// The kernels of each type with blocks. The table of types drives dispatch, differential tests and
// benchmarks.

#pragma once

#include <cstddef>

#include "fewbits/ggml.h"
#include "ggml/blocks.h"

#define FEWBITS_GGML_NOTHING(...)
#define FEWBITS_GGML_KERNELS(X) FEWBITS_GGML_TYPES(FEWBITS_GGML_NOTHING, X)

// encode_<type>: `blocks` blocks from x, all of one row when `importance` (one weight per value of
// x) is given. decode_<type>: the inverse.
#define FEWBITS_GGML_DECLARE(type, number, Block, ...)                                         \
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
