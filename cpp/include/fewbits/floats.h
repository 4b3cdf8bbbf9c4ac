// float16 and bfloat16, encoded and decoded.

#pragma once

#include <cstddef>
#include <cstdint>

/// float16 (IEEE 754-2019 binary16) and bfloat16, arrays at a time.
///
/// Encoding rounds to nearest, ties to even; values beyond the largest become infinite, values that
/// are too small a zero of their sign; a NaN stays a quiet NaN with the payload bits that fit.
/// Decoding is exact; a signalling NaN becomes quiet (in bfloat16 it is unchanged).
namespace fewbits::floats {

void encode_f16(const float* x, std::size_t n, std::uint16_t* out);
void decode_f16(const std::uint16_t* in, std::size_t n, float* out);
void encode_bf16(const float* x, std::size_t n, std::uint16_t* out);
void decode_bf16(const std::uint16_t* in, std::size_t n, float* out);

}  // namespace fewbits::floats
