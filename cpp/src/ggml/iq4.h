// Shared by IQ4_NL and IQ4_XS: their levels and their search for a scale.

#pragma once

#include <cstdint>

namespace fewbits::ggml {

/// The sixteen levels of IQ4_NL and IQ4_XS.
inline constexpr std::int8_t kIq4Levels[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                               1,    13,   25,  38,  53,  69,  89,  113};

/// The number of steps by which the search moves the scale of the largest value from the first
/// level, in either direction.
inline constexpr int kIq4Steps = 7;

}  // namespace fewbits::ggml
