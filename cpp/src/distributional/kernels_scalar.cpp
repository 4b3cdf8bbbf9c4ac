// The scalar reference of coding, errors and moments.

#include <algorithm>
#include <cmath>

#include "distributional/kernels.h"
#include "distributional/words.h"

namespace fewbits::distributional::scalar {
namespace {

template <typename Code>
void encode_all(const Search& search, const float* x, std::size_t n, Code* codes) {
  const float* const end = search.thresholds + (search.cells - 1);
  for (std::size_t i = 0; i < n; ++i) {
    const float* const above =
        std::partition_point(search.thresholds, end, [&](float t) { return t <= x[i]; });
    codes[i] = static_cast<Code>(above - search.thresholds);
  }
}

template <typename Code>
void add_all_errors(const float* x, const Code* codes, const float* levels, std::size_t n,
                    std::size_t phase, Errors* errors) {
  for (std::size_t i = 0; i < n; ++i) {
    const double difference = static_cast<double>(x[i]) - static_cast<double>(levels[codes[i]]);
    const std::size_t lane = (phase + i) % 4;
    errors->absolute[lane] += std::fabs(difference);
    errors->squared[lane] += difference * difference;
  }
}

}  // namespace

bool add_moments(const float* x, std::size_t n, std::size_t phase, double shift, Moments* moments) {
  for (std::size_t i = 0; i < n; ++i) {
    if (!std::isfinite(x[i])) return false;
    const double difference = static_cast<double>(x[i]) - shift;
    const std::size_t lane = (phase + i) % 4;
    moments->sum[lane] += difference;
    moments->square[lane] += difference * difference;
    moments->low = std::min(moments->low, x[i]);
    moments->high = std::max(moments->high, x[i]);
  }
  return true;
}

void encode(const Search& search, const float* x, std::size_t n, std::uint8_t* codes) {
  encode_all(search, x, n, codes);
}
void encode(const Search& search, const float* x, std::size_t n, std::uint16_t* codes) {
  encode_all(search, x, n, codes);
}

void add_errors(const float* x, const std::uint8_t* codes, const float* levels, std::size_t,
                std::size_t n, std::size_t phase, Errors* errors) {
  add_all_errors(x, codes, levels, n, phase, errors);
}
void add_errors(const float* x, const std::uint16_t* codes, const float* levels, std::size_t,
                std::size_t n, std::size_t phase, Errors* errors) {
  add_all_errors(x, codes, levels, n, phase, errors);
}

void decode(const std::uint8_t* codes, const float* levels, std::size_t, std::size_t n,
            float* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = levels[codes[i]];
}

void pack_words(const std::uint8_t* codes, std::size_t n, unsigned bits, std::uint64_t* words) {
  pack_codes(codes, n, bits, words);
}

void unpack_words(const std::uint64_t* words, std::size_t n, unsigned bits, std::uint8_t* codes) {
  unpack_codes(words, n, bits, codes);
}

}  // namespace fewbits::distributional::scalar
