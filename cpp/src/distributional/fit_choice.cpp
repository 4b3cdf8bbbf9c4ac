// The choice of the candidates to measure next, and of the best in the end.

#include <algorithm>
#include <cmath>

#include "distributional/fit_state.h"
#include "distributional/math.h"

namespace fewbits::distributional {

namespace {

constexpr double kReferenceLimit = 1e10;  // the error that the package starts from

}  // namespace

const Candidate* Fit::State::best() const {
  const Candidate* found = nullptr;
  for (std::size_t i = 0; i < candidate_count; ++i) {
    const Candidate& c = candidates[i];
    if (c.measured && !std::isnan(c.upper) && (found == nullptr || c.upper < found->upper))
      found = &c;
  }
  return found;
}

/// The choice of the package: first the best beta of each distribution, then the best distribution
/// with an error below 1e10; beta is 1 if no beta gives a valid error.
const Candidate* Fit::State::best_of_reference() const {
  const Candidate* found = nullptr;
  double least = kReferenceLimit;
  for (std::size_t i = 0; i < candidate_count;) {
    const Distribution d = candidates[i].distribution;
    const Candidate* own = nullptr;
    const Candidate* fallback = &candidates[i];
    double own_least = kReferenceLimit;
    for (; i < candidate_count && candidates[i].distribution == d; ++i) {
      const Candidate& c = candidates[i];
      if (c.beta == 1) fallback = &c;
      if (c.upper < own_least) {
        own_least = c.upper;
        own = &c;
      }
    }
    if (own == nullptr) own = fallback;
    if (found == nullptr) found = own;
    if (own->upper < least) {
      least = own->upper;
      found = own;
    }
  }
  return found;
}

/// Chooses the most promising candidates, except those that cannot beat the best measured error.
bool Fit::State::choose_batch() {
  const Candidate* const leader = best();
  double limit = leader == nullptr ? kInfinity : leader->upper;
  for (std::size_t i = 0; i < candidate_count; ++i) {
    if (candidates[i].upper < limit) limit = candidates[i].upper;
  }
  // Large codebooks in small batches.
  const std::size_t most = options.n > 4096 ? 4 : kBatch;
  batch_count = 0;
  while (batch_count < most) {
    std::size_t next = candidate_count;
    for (std::size_t i = 0; i < candidate_count; ++i) {
      const Candidate& c = candidates[i];
      if (c.measured || (!options.reference && c.lower > limit)) continue;
      if (std::find(batch, batch + batch_count, i) != batch + batch_count) continue;
      if (next == candidate_count ||
          c.lower + c.upper < candidates[next].lower + candidates[next].upper) {
        next = i;
      }
    }
    if (next == candidate_count) break;
    batch[batch_count++] = next;
  }
  return batch_count > 0;
}

/// Above kHistogramCells: adds two more betas between the neighbours of the best.
bool Fit::State::start_refinement() {
  const Candidate* const leader = best();
  if (refinements == 0 || leader == nullptr || candidate_count + 2 > kMostCandidates) return false;
  const double at = math::log(leader->beta);
  const Distribution d = leader->distribution;
  double low = -kInfinity;
  double high = kInfinity;
  for (std::size_t i = 0; i < candidate_count; ++i) {
    if (candidates[i].distribution != d) continue;
    const double other = math::log(candidates[i].beta);
    if (other < at) low = std::max(low, other);
    if (other > at) high = std::min(high, other);
  }
  --refinements;
  batch_count = 0;
  const auto add = [&](double logarithm) {
    candidates[candidate_count] = {d, math::exp(logarithm), -kInfinity, kInfinity, false};
    batch[batch_count++] = candidate_count++;
  };
  if (low > -kInfinity) add(0.5 * (low + at));
  if (high < kInfinity) add(0.5 * (high + at));
  return batch_count > 0;
}

void Fit::State::conclude() {
  const Candidate* const chosen = options.reference ? best_of_reference() : best();
  if (chosen != nullptr) {
    formula = place_whole(chosen->distribution);
    formula.beta = chosen->beta;
  } else {
    formula = place_whole(formula.distribution);
  }
  pass = Pass::done;
}

}  // namespace fewbits::distributional
