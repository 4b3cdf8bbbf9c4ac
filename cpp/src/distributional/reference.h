// The arithmetic of the original, down to the order of its additions.

#pragma once

#include <cstddef>

#include "fewbits/distributional.h"

namespace fewbits::distributional {

/// PyTorch's float32 sum on one thread of an x86 processor: 32 running sums (four vectors of
/// eight), moved up a level after a number of rows so that few additions involve a large sum.
class CascadeSum {
 public:
  void begin(std::size_t total);
  void add(const float* x, std::size_t n);
  float sum() const;

 private:
  static constexpr std::size_t kVector = 8;
  static constexpr std::size_t kRow = 4 * kVector;
  static constexpr int kLevels = 4;

  void fold();

  float levels_[kLevels][kRow] = {};
  float tail_ = 0;
  std::size_t position_ = 0;
  std::size_t rows_end_ = 0;     ///< where whole rows end
  std::size_t vectors_end_ = 0;  ///< where whole vectors end
  int level_bits_ = 4;
};

/// Converts mean and unbiased standard deviation to the Python package's loc and scale, in float32
/// as there.
void reference_parameters(Distribution distribution, float mean, double deviation, float* loc,
                          float* scale);

/// thresholds[n] and levels[n + 1] of the Python package: including the index n that it gives to an
/// outlier, and the value that this decodes to (mostly NaN). scale > 0.
void reference_codebook(const Formula& formula, float* thresholds, float* levels);

}  // namespace fewbits::distributional
