// The trial of what calibration has learned, on vectors that it has not learned from.

#pragma once

#include "fewbits/vectors.h"
#include "vectors/learn/axes.h"

namespace fewbits::vectors {

/// The most rows that search for neighbours among few; among many rows, fewer are enough.
inline constexpr std::size_t kMostQueries = 8 * kMaxQueries;

/// Below this number of dimensions a search has more candidates, as rounding the query makes the
/// scan too inaccurate to choose among vectors that lie densely.
inline constexpr std::size_t kFewDims = 16;

/// A way to code rows: with or without a mean, along learned axes or random ones.
struct Way {
  const float* mean = nullptr;
  const Learned* learned = nullptr;
};

/// A comparison of two ways of coding, by the neighbours that some rows have among each other. All
/// counts are 0 if an index refuses one of the rows.
struct Compared {
  std::size_t missed = 0;  ///< by the current way
  std::size_t gained = 0;  ///< of those, found by the other way
  std::size_t lost = 0;    ///< found by the current way, and missed by the other

  std::size_t missed_then() const { return missed - gained + lost; }
  /// Whether the other way finds more, by more than this many standard deviations of chance.
  bool finds_more(double deviations) const;
  bool clearly_more() const { return finds_more(2); }
};

/// The rows of a trial. All can be found; those that search for their neighbours are spread evenly
/// over the first `looking` rows.
struct TrialRows {
  const float* x;
  std::size_t n;
  std::size_t looking;
  std::size_t most_queries;
};

/// Tries both ways on the rows. `nearest`, if wanted, counts the three nearest of each row: as near
/// as ten are among three times as many rows. Returns out_of_memory or success.
Result compare(const Options& options, const TrialRows& rows, const Way& now, const Way& other,
               Compared* compared, Compared* nearest = nullptr);

}  // namespace fewbits::vectors
