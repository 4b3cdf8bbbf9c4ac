// Floats of eight and four bits: f8_e4m3, f8_e5m2, f4_e2m1 and nf4.

#pragma once

#include <cstddef>
#include <cstdint>

#include "fewbits/result.h"

/// Floats of eight and four bits, arrays at a time.
///
/// f8_e4m3 and f8_e5m2 are those of the OCP 8-bit Floating Point Specification (revision 1.0),
/// f4_e2m1 is that of the OCP Microscaling Formats Specification (version 1.0), nf4 has the sixteen
/// quantiles of QLoRA (Dettmers et al. 2023) as in bitsandbytes.
///
/// Encoding rounds to nearest, ties to even; values that are too small become a zero of their sign.
/// Decoding is exact.
namespace fewbits::floats {

/// One byte per value. Finite values beyond 448 become 448 (of their sign), NaN the code 7F or FF.
/// Infinities have no code: Status::non_finite with the index of the first, nothing written.
Result encode_f8_e4m3(const float* x, std::size_t n, std::uint8_t* out);
void decode_f8_e4m3(const std::uint8_t* in, std::size_t n, float* out);

/// One byte per value. Values that round beyond 57344 become infinite, NaN the code 7E or FE.
void encode_f8_e5m2(const float* x, std::size_t n, std::uint8_t* out);
void decode_f8_e5m2(const std::uint8_t* in, std::size_t n, float* out);

/// Two values per byte, the first in the low half; after an odd last one the high half is 0. Finite
/// values beyond 6 become 6. NaN and infinities have no code: Status::non_finite with the index of
/// the first, nothing written.
Result encode_f4_e2m1(const float* x, std::size_t n, std::uint8_t* out);
void decode_f4_e2m1(const std::uint8_t* in, std::size_t n, float* out);

/// The levels of nf4: quantiles of a normal distribution in -1..1, including 0.
extern const float kNf4Levels[16];

/// Encodes blocks of `block` values (even; the last may be shorter) as levels times the largest
/// magnitude of the block. Two codes per byte, the first in the high half as in bitsandbytes; after
/// an odd last one the low half is 0. `absmax` holds ceil(n / block) numbers. A block of zeros has
/// absmax 0 and the codes of level 0. The level is the nearest to x * (1 / absmax) by bitsandbytes'
/// bounds. Values that are not finite: Status::non_finite with the index of the first, nothing
/// written. A block size of 0 or odd: Status::invalid_argument.
Result encode_nf4(const float* x, std::size_t n, std::size_t block, float* absmax,
                  std::uint8_t* out);
Result decode_nf4(const std::uint8_t* in, std::size_t n, std::size_t block, const float* absmax,
                  float* out);

}  // namespace fewbits::floats
