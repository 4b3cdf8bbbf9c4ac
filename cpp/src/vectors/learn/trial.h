// Calibration's trial of what it has learned, on vectors that it has not learned from.

#pragma once

#include "fewbits/vectors.h"
#include "vectors/learn/axes.h"

namespace fewbits::vectors {

/// The most rows that look for neighbours among few; among many, fewer say enough.
inline constexpr std::size_t kMostQueries = 8 * kMaxQueries;

/// With fewer dimensions a search has more candidates, as the scan rounds the query too much to
/// choose among vectors that lie densely.
inline constexpr std::size_t kFewDims = 16;

/// A way to code rows: with a mean or none off, along learned axes or the random ones.
struct Way {
  const float* mean = nullptr;
  const Learned* learned = nullptr;
};

/// How two ways to code fare among the neighbours that some rows have among each other. All are 0
/// where an index refuses one of the rows.
struct Compared {
  std::size_t missed = 0;  ///< by the way that is
  std::size_t gained = 0;  ///< of those, found by the other one
  std::size_t lost = 0;    ///< found by the way that is, and missed by the other one

  std::size_t missed_then() const { return missed - gained + lost; }
  /// Whether the other one finds more, by more than so many standard deviations of chance.
  bool finds_more(double deviations) const;
  bool clearly_more() const { return finds_more(2); }
};

/// Rows of a trial. All can be found; those that look for their neighbours are spread evenly over
/// the first `looking` rows.
struct TrialRows {
  const float* x;
  std::size_t n;
  std::size_t looking;
  std::size_t most_queries;
};

/// Tries both ways on the rows. `nearest`, where wanted, is of each row's three nearest: as near as
/// ten are among three times as many rows. out_of_memory, or success.
Result compare(const Options& options, const TrialRows& rows, const Way& now, const Way& other,
               Compared* compared, Compared* nearest = nullptr);

}  // namespace fewbits::vectors
