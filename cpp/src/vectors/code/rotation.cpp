// The random rotation and its inverse.

#include "vectors/code/rotation.h"

#include <bit>
#include <cmath>

#include "vectors/code/kernels.h"

namespace fewbits::vectors {
namespace {

/// SplitMix64 (Steele, Lea and Flood 2014).
struct SplitMix {
  std::uint64_t state;
  std::uint64_t next() {
    std::uint64_t z = (state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
};

}  // namespace

bool Rotation::init(std::size_t dims, std::uint32_t seed) {
  dims_ = dims;
  window_ = std::bit_floor(dims);
  passes_ = window_ == dims ? 2 : 4;
  if (!factors_.resize(static_cast<std::size_t>(passes_) * dims)) return false;
  const auto norm = static_cast<float>(1.0 / std::sqrt(static_cast<double>(window_)));
  SplitMix random{seed};
  for (int pass = 0; pass < passes_; ++pass) {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < dims; ++i) {
      if (i % 64 == 0) bits = random.next();
      const bool inside = i >= start(pass) && i < start(pass) + window_;
      const float size = inside ? norm : 1.0f;
      factors_[static_cast<std::size_t>(pass) * dims + i] = (bits >> (i % 64)) & 1 ? -size : size;
    }
  }
  return true;
}

void Rotation::apply(const float* x, float* y) const {
  for (int pass = 0; pass < passes_; ++pass, x = y) {
    const float* factors = factors_.data() + static_cast<std::size_t>(pass) * dims_;
    const std::size_t first = start(pass);
    const std::size_t last = first + window_;
    kernels::flip_hadamard(x + first, factors + first, y + first, window_);
    kernels::multiply(x, factors, y, first);
    kernels::multiply(x + last, factors + last, y + last, dims_ - last);
  }
}

void Rotation::apply_inverse(float* x) const {
  for (int pass = passes_ - 1; pass >= 0; --pass) {
    kernels::hadamard(x + start(pass), window_);
    kernels::multiply(x, factors_.data() + static_cast<std::size_t>(pass) * dims_, x, dims_);
  }
}

}  // namespace fewbits::vectors
