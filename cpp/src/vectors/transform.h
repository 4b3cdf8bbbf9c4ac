#pragma once

#include "vectors/buffer.h"
#include "vectors/rotation.h"

namespace fewbits::vectors {

/// What happens to a vector before it is coded: the mean comes off, then it is rotated, at random
/// or by a learned orthonormal matrix (y = x M).
class Transform {
 public:
  bool init(std::size_t dims, std::uint32_t seed) { return rotation_.init(dims, seed); }
  bool set_mean(const float* mean);
  bool set_matrix(const float* matrix);
  void forget_matrix() { matrix_ = Buffer<float>(); }

  std::size_t dims() const { return rotation_.dims(); }
  const Rotation& rotation() const { return rotation_; }
  const float* mean() const { return mean_.data(); }
  const float* matrix() const { return matrix_.data(); }
  std::size_t bytes() const { return mean_.bytes() + matrix_.bytes() + rotation_.bytes(); }

  /// y = x rotated; the mean is the caller's.
  void rotate(const float* x, float* y) const;
  void rotate_back(const float* y, float* x) const;

 private:
  Rotation rotation_;
  Buffer<float> mean_;
  Buffer<float> matrix_;
};

}  // namespace fewbits::vectors
