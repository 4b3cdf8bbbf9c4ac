// Quartiles of a stream, by counting halves of bit patterns.

#include "distributional/quartiles.h"

#include <bit>

namespace fewbits::distributional {
namespace {

/// A key with the order of the floats.
std::uint32_t key_of(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}
float value_of(std::uint32_t key) {
  return std::bit_cast<float>(key >> 31 ? key & 0x7fffffffu : ~key);
}

}  // namespace

Result Quartiles::begin() {
  if (!high_.reset(65536)) return failure(Status::out_of_memory);
  for (auto& low : low_) {
    if (!low.reset(65536)) return failure(Status::out_of_memory);
  }
  return success();
}

void Quartiles::add_high(const float* x, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) ++high_[key_of(x[i]) >> 16];
}

void Quartiles::finish_high() {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < high_.size(); ++i) count += high_[i];
  for (unsigned q = 0; q < 3 && count > 0; ++q) {
    std::uint64_t rank = (count - 1) / 4 * (q + 1) + (count - 1) % 4 * (q + 1) / 4;
    std::uint32_t bucket = 0;
    while (rank >= high_[bucket]) rank -= high_[bucket++];
    bucket_[q] = bucket;
    rank_[q] = rank;
  }
}

void Quartiles::add_low(const float* x, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t key = key_of(x[i]);
    for (unsigned q = 0; q < 3; ++q) {
      if (key >> 16 == bucket_[q]) ++low_[q][key & 0xffff];
    }
  }
}

void Quartiles::finish_low() {
  for (unsigned q = 0; q < 3; ++q) {
    std::uint64_t rank = rank_[q];
    std::uint32_t low = 0;
    while (low < 0xffff && rank >= low_[q][low]) rank -= low_[q][low++];
    values_[q] = value_of(bucket_[q] << 16 | low);
  }
}

}  // namespace fewbits::distributional
