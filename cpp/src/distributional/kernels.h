// The list of the kernels that code values, and sum up errors and moments.

#pragma once

#include <cstddef>
#include <cstdint>

namespace fewbits::distributional {

/// Sums over a stream: value i goes to lane i % 4, independent of pieces and kernels, so that
/// scalar and SIMD give the same bits.
struct Moments {
  double sum[4] = {};     ///< of x - shift
  double square[4] = {};  ///< of (x - shift)^2
  float low = 0;
  float high = 0;
};

struct Errors {
  double absolute[4] = {};
  double squared[4] = {};
};

/// The data of an encoder: the thresholds, and for more than 16 cells a table of buckets of equal
/// width with the number of thresholds in lower buckets.
struct Search {
  const float* thresholds = nullptr;  ///< cells - 1, ascending, then at least 2 * top NaN
  std::uint32_t cells = 0;
  const std::uint16_t* starts = nullptr;  ///< a bucket's first candidate
  float low = 0;                          ///< bucket of x: (x - low) * inverse, clamped to 0..last
  float inverse = 0;
  float last = 0;
  std::uint32_t top = 0;  ///< power of two: at most 2 * top - 1 thresholds in a bucket
};

// Every kernel, once. `phase` is the lane of the first value.
//   add_moments   adds n finite values; false, with invalid sums, if one is not finite
//   encode        codes[i] = number of thresholds <= x[i]; NaN gives 0
//   add_errors    adds |x - level| and its square, in double precision; codes are below cells
//   decode        out[i] = levels[codes[i]], codes are below cells
//   pack_words    floor(64 / k) codes per word, the first in the highest bits, zeros at the end
//   unpack_words  n codes from such words
#define FEWBITS_DISTRIBUTIONAL_KERNELS(KERNEL)                                                     \
  KERNEL(bool, add_moments,                                                                        \
         (const float* x, std::size_t n, std::size_t phase, double shift, Moments* moments))       \
  KERNEL(void, encode, (const Search& search, const float* x, std::size_t n, std::uint8_t* codes)) \
  KERNEL(void, encode,                                                                             \
         (const Search& search, const float* x, std::size_t n, std::uint16_t* codes))              \
  KERNEL(void, add_errors,                                                                         \
         (const float* x, const std::uint8_t* codes, const float* levels, std::size_t cells,       \
          std::size_t n, std::size_t phase, Errors* errors))                                       \
  KERNEL(void, add_errors,                                                                         \
         (const float* x, const std::uint16_t* codes, const float* levels, std::size_t cells,      \
          std::size_t n, std::size_t phase, Errors* errors))                                       \
  KERNEL(void, decode,                                                                             \
         (const std::uint8_t* codes, const float* levels, std::size_t cells, std::size_t n,        \
          float* out))                                                                             \
  KERNEL(void, pack_words,                                                                         \
         (const std::uint8_t* codes, std::size_t n, unsigned bits, std::uint64_t* words))          \
  KERNEL(void, unpack_words,                                                                       \
         (const std::uint64_t* words, std::size_t n, unsigned bits, std::uint8_t* codes))

#define FEWBITS_DISTRIBUTIONAL_DECLARE(type, name, parameters) type name parameters;
namespace scalar {
FEWBITS_DISTRIBUTIONAL_KERNELS(FEWBITS_DISTRIBUTIONAL_DECLARE)
}  // namespace scalar
#if FEWBITS_SIMD
namespace simd {
FEWBITS_DISTRIBUTIONAL_KERNELS(FEWBITS_DISTRIBUTIONAL_DECLARE)
}  // namespace simd
namespace kernels = simd;
#else
namespace kernels = scalar;
#endif
#undef FEWBITS_DISTRIBUTIONAL_DECLARE

}  // namespace fewbits::distributional
