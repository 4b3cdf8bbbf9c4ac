#pragma once

#include <algorithm>

#include "fewbits/vectors.h"
#include "vectors/buffer.h"

namespace fewbits::vectors {

/// The `limit` rows of the largest estimates, of equal ones the earliest, from rows offered in
/// order. Collects twice as many and cuts back, so that most offers cost a comparison.
class Best {
 public:
  [[nodiscard]] bool init(std::size_t limit) {
    limit_ = limit;
    count_ = 0;
    threshold_ = -__builtin_inff();
    return rows_.resize(2 * limit + 64);
  }

  /// Nothing at or below this can still get in.
  float threshold() const { return threshold_; }

  void offer(float estimate, std::uint32_t row) {
    if (!(estimate > threshold_)) return;
    rows_[count_++] = {0, estimate, row};
    if (count_ == rows_.size()) cut();
  }

  /// Sorted best first; returns how many.
  std::size_t finish() {
    if (count_ > limit_) cut();
    std::sort(rows_.data(), rows_.data() + count_, before);
    return count_;
  }

  Hit* rows() { return rows_.data(); }

 private:
  static bool before(const Hit& a, const Hit& b) {
    return a.estimate != b.estimate ? a.estimate > b.estimate : a.row < b.row;
  }

  void cut() {
    std::nth_element(rows_.data(), rows_.data() + (limit_ - 1), rows_.data() + count_, before);
    count_ = limit_;
    threshold_ = rows_[limit_ - 1].estimate;
  }

  Buffer<Hit> rows_;
  std::size_t limit_ = 0;
  std::size_t count_ = 0;
  float threshold_ = 0;
};

}  // namespace fewbits::vectors
