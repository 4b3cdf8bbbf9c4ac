// The best rows of a scan, kept with few comparisons.

#pragma once

#include <bit>
#include <functional>

#include "base/buffer.h"
#include "base/sort.h"
#include "fewbits/vectors.h"

namespace fewbits::vectors {

/// The `limit` rows with the largest estimates, of equal ones the earliest, from rows offered in
/// order. Collects up to twice as many before it sorts and cuts, so that most offers cost one
/// comparison.
class Best {
 public:
  [[nodiscard]] bool init(std::size_t limit) {
    limit_ = limit;
    count_ = 0;
    threshold_ = -__builtin_inff();
    return keys_.resize(2 * limit + 64) && rows_.resize(limit);
  }

  /// Estimates must be larger than this to be included.
  float threshold() const { return threshold_; }

  void offer(float estimate, std::uint32_t row) {
    if (!(estimate > threshold_)) return;
    keys_[count_++] = key(estimate, row);
    if (count_ == keys_.size()) cut();
  }

  /// Sorts the rows, best first; returns how many.
  std::size_t finish() {
    if (count_ > limit_) cut();
    sort(keys_.data(), count_, std::greater<>());
    for (std::size_t i = 0; i < count_; ++i) {
      rows_[i] = {0, estimate_of(keys_[i]), ~static_cast<std::uint32_t>(keys_[i])};
    }
    return count_;
  }

  Hit* rows() { return rows_.data(); }

 private:
  // The sort key is one number: the bits of the estimate, arranged to rise with it, above the
  // complement of the row.
  static constexpr std::uint32_t kSign = 0x80000000u;

  static std::uint64_t key(float estimate, std::uint32_t row) {
    const auto bits = std::bit_cast<std::uint32_t>(estimate + 0.0f);  // -0 is 0
    const std::uint32_t rising = (bits & kSign) != 0 ? ~bits : bits | kSign;
    return static_cast<std::uint64_t>(rising) << 32 | static_cast<std::uint32_t>(~row);
  }

  static float estimate_of(std::uint64_t key) {
    const auto rising = static_cast<std::uint32_t>(key >> 32);
    return std::bit_cast<float>((rising & kSign) != 0 ? rising & ~kSign : ~rising);
  }

  void cut() {
    select(keys_.data(), count_, limit_ - 1, std::greater<>());
    count_ = limit_;
    threshold_ = estimate_of(keys_[limit_ - 1]);
  }

  Buffer<std::uint64_t> keys_;
  Buffer<Hit> rows_;
  std::size_t limit_ = 0;
  std::size_t count_ = 0;
  float threshold_ = 0;
};

}  // namespace fewbits::vectors
