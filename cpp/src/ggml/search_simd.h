// The searches of search.h in four blocks at once. They return no codes, since callers usually
// compute them again with quantized scales.

#pragma once

#include "simd/simd.h"

#if FEWBITS_SIMD

#include "ggml/search.h"

namespace fewbits::ggml::simd {

/// The codes are clamp(nearest_int(inverse * (x - base)), 0, levels).
struct AffineLanes {
  v128_t scale;
  v128_t minimum;
  v128_t inverse;
  v128_t base;
};

/// x and w hold 16 (with Error::absolute or squared) or 32 (squared) values of each block.
AffineLanes fit_affine_16_absolute(int levels, const v128_t* x, const v128_t* w, search::Grid grid);
AffineLanes fit_affine_16(int levels, const v128_t* x, const v128_t* w, search::Grid grid);
AffineLanes fit_affine_32(int levels, const v128_t* x, const v128_t* w, search::Grid grid);

/// The codes are half + clamp(nearest_int(inverse * x), -half, half - 1), or all 0 if inverse is 0,
/// as it is when all values are.
struct SymmetricLanes {
  v128_t scale;
  v128_t inverse;
};

SymmetricLanes fit_symmetric_16(int half, const v128_t* x, const v128_t* w);
SymmetricLanes fit_symmetric_32(int half, const v128_t* x, const v128_t* w);

/// The scales of sixteen consecutive blocks of 16 values.
void refine_symmetric_16x16(int half, const float* x, float* scales);

}  // namespace fewbits::ggml::simd

#endif  // FEWBITS_SIMD
