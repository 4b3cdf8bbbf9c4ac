// Exact quartiles of values that are read twice and never stored.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/buffer.h"
#include "fewbits/result.h"

namespace fewbits::distributional {

/// The order statistics of ranks floor((n - 1) q / 4), q = 1, 2, 3, of a stream read twice: the
/// high halves of the ordered bit patterns are counted first, then the low halves of those that
/// share a high half with a quartile.
class Quartiles {
 public:
  Result begin();
  void add_high(const float* x, std::size_t n);
  void finish_high();
  void add_low(const float* x, std::size_t n);
  void finish_low();
  float quartile(int q) const { return values_[q - 1]; }

 private:
  Buffer<std::uint64_t> high_;
  Buffer<std::uint64_t> low_[3];
  std::uint32_t bucket_[3] = {};
  std::uint64_t rank_[3] = {};
  float values_[3] = {};
};

}  // namespace fewbits::distributional
