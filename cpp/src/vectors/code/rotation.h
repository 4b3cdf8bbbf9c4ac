// The random rotation: sign flips and Hadamard transforms in turn.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/buffer.h"

namespace fewbits::vectors {

/// A seeded random rotation for any dimension: Walsh-Hadamard transforms of the largest power of
/// two p <= dims, over the first p and the last p values in turn, each after sign flips (Ailon and
/// Chazelle 2006). Orthogonal up to float rounding. Two transforms if dims is a power of two,
/// otherwise four, so that the parts that one window misses are mixed too.
class Rotation {
 public:
  /// False when memory is short.
  bool init(std::size_t dims, std::uint32_t seed);

  std::size_t dims() const { return dims_; }
  int passes() const { return passes_; }
  /// +-1 for each pass and dimension, which a reader of a saved index needs.
  float sign(int pass, std::size_t i) const {
    return factors_[pass * dims_ + i] < 0 ? -1.0f : 1.0f;
  }
  std::size_t bytes() const { return factors_.bytes(); }

  void apply(const float* x, float* y) const;  ///< y may be x
  void apply_inverse(float* x) const;

 private:
  std::size_t start(int pass) const { return pass % 2 == 0 ? 0 : dims_ - window_; }

  std::size_t dims_ = 0;
  std::size_t window_ = 0;
  int passes_ = 0;
  Buffer<float> factors_;  // sign / sqrt(window) inside the pass's window, sign outside
};

}  // namespace fewbits::vectors
