// The state of a fit between its passes: statistics of the data, candidates and their errors.

#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "distributional/codebook.h"
#include "distributional/histogram.h"
#include "distributional/kernels.h"
#include "distributional/placement.h"
#include "distributional/quartiles.h"
#include "distributional/reference.h"
#include "fewbits/distributional.h"

namespace fewbits::distributional {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr std::size_t kMostCandidates =
    400;  // 9 distributions, 37 betas and a refined one each
inline constexpr std::size_t kBatch = 16;
inline constexpr std::uint32_t kHistogramCells = 256;
inline constexpr std::size_t kPiece = 1024;

/// A beta of a distribution, with what is known about its error.
struct Candidate {
  Distribution distribution;
  double beta;
  double lower;  ///< bounds of the sum of errors; equal once measured
  double upper;
  bool measured;
};

struct Fit::State {
  enum class Pass { none, moments, deviations, details, measure, done };

  FitOptions options;
  Status status = Status::ok;
  Pass pass = Pass::none;
  std::size_t passes = 0;
  std::size_t measured = 0;
  std::size_t position = 0;  ///< in the stream, of the current pass

  std::size_t count = 0;
  double shift = 0;
  Moments moments;
  Statistics statistics;
  CascadeSum cascade;
  Quartiles quartiles;
  bool wants_quartiles = false;
  Histogram histogram;
  bool wants_histogram = false;

  UnitTable units[kAllDistributions];
  Candidate candidates[kMostCandidates];
  std::size_t candidate_count = 0;
  std::size_t batch[kBatch];
  std::size_t batch_count = 0;
  Codebook books[kBatch];
  BlockCodebook block_books[kBatch];
  Buffer<std::uint8_t> block_codes;
  Buffer<std::uint16_t> block_codes16;
  Buffer<float> block_parameters;
  ErrorSums errors[kBatch];
  bool prepared = false;
  int refinements = 0;  ///< rounds of refinement left, above kHistogramCells
  Buffer<float> thresholds;
  Buffer<float> levels;

  Formula formula;

  Result fail(Status s, std::size_t index = 0) {
    status = s;
    pass = Pass::done;
    return failure(s, index);
  }

  bool searching() const { return options.distribution < 0 || !(options.beta > 0); }
  bool uses(Distribution d) const {
    return (options.distribution < 0 && static_cast<int>(d) < kDistributions) ||
           options.distribution == static_cast<int>(d);
  }

  bool next_pass();
  bool close_pass();
  Result open_details(bool* wanted);
  Result open_measure(bool* wanted);
  void finish_moments();
  void finish_deviations();
  Formula place_whole(Distribution d) const;
  Result add_candidate(Distribution d, double beta, bool bound);
  Result bound(Candidate* candidate);
  Result prepare();
  Result refine_on_histogram(Distribution d, std::size_t first, std::size_t end);
  bool choose_batch();
  bool start_refinement();
  Result set_books();
  Result measure(const float* x, std::size_t n);
  Result measure_blocks(const float* x, std::size_t n);
  double stretch_of(Distribution d) const;
  UnitTable* unit_of(Distribution d);
  void finish_measure();
  const Candidate* best() const;
  const Candidate* best_of_reference() const;
  void conclude();
};

}  // namespace fewbits::distributional
