// The transform of a vector before it is coded: the mean is subtracted, then it is rotated.

#pragma once

#include "base/buffer.h"
#include "vectors/code/rotation.h"

namespace fewbits::vectors {

/// The transform of a vector before it is coded: the mean is subtracted, then it is rotated, at
/// random or by a learned orthonormal matrix (y = x M).
class Transform {
 public:
  bool init(std::size_t dims, std::uint32_t seed) { return rotation_.init(dims, seed); }
  /// Sets a mean of dims values.
  void set_mean(Buffer<float> mean);
  /// Sets a matrix of dims x dims values, or an empty one for the random rotation.
  void set_matrix(Buffer<float> matrix) { matrix_ = std::move(matrix); }

  std::size_t dims() const { return rotation_.dims(); }
  const Rotation& rotation() const { return rotation_; }
  const float* mean() const { return mean_.data(); }
  double mean_square() const { return mean_square_; }
  const float* matrix() const { return matrix_.data(); }
  std::size_t bytes() const { return mean_.bytes() + matrix_.bytes() + rotation_.bytes(); }

  /// Rotates x to y; subtracting the mean is left to the caller.
  void rotate(const float* x, float* y) const;
  void rotate_back(const float* y, float* x) const;

 private:
  Rotation rotation_;
  Buffer<float> mean_;
  double mean_square_ = 0;
  Buffer<float> matrix_;
};

}  // namespace fewbits::vectors
