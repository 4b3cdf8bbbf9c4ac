// The tables of unit distributions that were computed last.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "distributional/codebook.h"

namespace fewbits::distributional {

/// The tables of few cells that were computed last, one for each distribution and one more: they
/// take longer to compute than most arrays take to encode.
class KeptTables {
 public:
  static constexpr std::uint32_t kMostCells = kExactCells;

  /// Copies the table to `table`, which has the room; returns whether it is there.
  bool take(Distribution distribution, int order, std::uint32_t n, UnitTable* table) const {
    for (const Kept& kept : kept_) {
      if (kept.n != n || kept.distribution != distribution || kept.order != order) continue;
      std::copy_n(kept.thresholds, n - 1, table->thresholds.data());
      std::copy_n(kept.levels, n, table->levels.data());
      return true;
    }
    return false;
  }

  void keep(Distribution distribution, int order, std::uint32_t n, const UnitTable& table) {
    Kept& kept = kept_[next_];
    next_ = (next_ + 1) % kTables;
    kept.distribution = distribution;
    kept.order = order;
    kept.n = n;
    std::copy_n(table.thresholds.data(), n - 1, kept.thresholds);
    std::copy_n(table.levels.data(), n, kept.levels);
  }

 private:
  static constexpr std::size_t kTables = kAllDistributions + 1;
  struct Kept {
    Distribution distribution;
    int order;
    std::uint32_t n;  ///< 0 if the entry is empty
    double thresholds[kMostCells - 1];
    double levels[kMostCells];
  };

  Kept kept_[kTables] = {};
  std::size_t next_ = 0;
};

}  // namespace fewbits::distributional
