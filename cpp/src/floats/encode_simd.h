// Encoding in groups, which stops at groups with rare values: for the encoders of whole arrays, and
// for those that check what they write.

#pragma once

#include <cstddef>
#include <cstdint>

namespace fewbits::floats::simd {

/// Values that are encoded and checked together.
inline constexpr std::size_t kGroup = 32;

/// Encodes groups up to and including the first in which a half is NaN or infinite or, of float16,
/// zero or subnormal. Returns the start of that group, or n / kGroup * kGroup. If the group holds a
/// NaN, the scalar reference must encode it again.
std::size_t encode_f16_groups(const float* x, std::size_t n, std::uint16_t* out);
std::size_t encode_bf16_groups(const float* x, std::size_t n, std::uint16_t* out);

/// Whether one of a group's values is NaN.
bool has_nan(const float* x);

}  // namespace fewbits::floats::simd
