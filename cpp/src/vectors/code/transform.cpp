// Rotation by the learned matrix, or at random.

#include "vectors/code/transform.h"

#include <cstring>

namespace fewbits::vectors {

void Transform::set_mean(Buffer<float> mean) {
  mean_ = std::move(mean);
  mean_square_ = 0;
  for (std::size_t i = 0; i < mean_.size(); ++i) {
    mean_square_ += static_cast<double>(mean_[i]) * static_cast<double>(mean_[i]);
  }
}

void Transform::rotate(const float* x, float* y) const {
  const std::size_t n = dims();
  if (matrix_.data() == nullptr) {
    rotation_.apply(x, y);
    return;
  }
  std::memset(y, 0, n * sizeof(float));
  std::size_t j = 0;
  for (; j + 4 <= n; j += 4) {
    const float* row = matrix_.data() + j * n;
    for (std::size_t i = 0; i < n; ++i) {
      y[i] = (((y[i] + x[j] * row[i]) + x[j + 1] * row[n + i]) + x[j + 2] * row[2 * n + i]) +
             x[j + 3] * row[3 * n + i];
    }
  }
  for (; j < n; ++j) {
    const float* row = matrix_.data() + j * n;
    for (std::size_t i = 0; i < n; ++i) y[i] += x[j] * row[i];
  }
}

void Transform::rotate_back(const float* y, float* x) const {
  const std::size_t n = dims();
  if (matrix_.data() == nullptr) {
    std::memcpy(x, y, n * sizeof(float));
    rotation_.apply_inverse(x);
    return;
  }
  for (std::size_t j = 0; j < n; ++j) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      sum += static_cast<double>(matrix_[j * n + i]) * static_cast<double>(y[i]);
    }
    x[j] = static_cast<float>(sum);
  }
}

}  // namespace fewbits::vectors
