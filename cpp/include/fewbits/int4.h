// The 4-bit quantizer of a small Python package, exactly.

#pragma once

#include <cstddef>
#include <cstdint>

#include "fewbits/uniform.h"

/// The 4-bit symmetric quantizer of a small Python package, exactly: one scale for all values,
/// q = clip(round(x / scale), -8, 7), ties to even, no zero point.
///
/// minmax divides the range of the data by the 15 steps of the codes. Without a zero point it does
/// not cover data on one side of zero; uniform with 4 bits and the asymmetric scheme does.
namespace fewbits::int4 {

enum class ScaleMethod : int { minmax = 0, absmax = 1 };

/// The scale: (max - min) / 15, or max|x| / 7; a scale of 0 becomes 1.
float scale(uniform::Range range, ScaleMethod method);

/// Quantizes `n` finite values to codes from -8 to 7. `wrap` reproduces the original far outside
/// the codes' range: the rounded quotient is cut to its low 8 bits before it is clipped. Without it
/// codes saturate.
void quantize(const float* x, std::size_t n, float scale, bool wrap, std::int8_t* values);

/// Decodes to (value - zero_point) * scale.
void dequantize(const std::int8_t* values, std::size_t n, float scale, std::int32_t zero_point,
                float* out);

}  // namespace fewbits::int4
