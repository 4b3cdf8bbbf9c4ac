// The candidates of a search: distributions with betas, and bounds of their errors from a
// histogram.

#include <algorithm>
#include <cmath>

#include "distributional/fit_state.h"
#include "distributional/math.h"

namespace fewbits::distributional {

/// The formula of a distribution with its loc and scale, without beta.
Formula Fit::State::place_whole(Distribution d) const {
  Formula f;
  f.distribution = d;
  f.order = options.order;
  f.n = options.n;
  f.levels = options.levels;
  f.beta = options.beta > 0 ? options.beta : 1;
  if (options.reference && statistics.deviation > 0) {
    float loc = 0;
    float scale = 0;
    reference_parameters(d, cascade.sum() / static_cast<float>(count), statistics.deviation, &loc,
                         &scale);
    f.loc = options.has_zero ? options.zero : loc;
    f.scale = scale;
    if (f.scale > 0 && std::isfinite(f.scale) && std::isfinite(f.loc)) return f;
  }
  place(d, statistics, options.has_zero ? &options.zero : nullptr, &f.loc, &f.scale);
  return f;
}

/// The factor of beta by which gaussian_cdf and exponential_cdf differ from gaussian and
/// exponential; 0 for all other distributions. Where both distribution and beta are free, they are
/// covered by the candidates of their twins.
double Fit::State::stretch_of(Distribution d) const {
  if (d == Distribution::gaussian_cdf) return std::sqrt(options.order + 1.0);
  if (d == Distribution::exponential_cdf) return options.order + 1.0;
  return 0;
}

UnitTable* Fit::State::unit_of(Distribution d) {
  UnitTable& unit = units[static_cast<int>(d)];
  if (!unit.made() && !unit.make(d, options.order, options.n).ok()) return nullptr;
  return &unit;
}

Result Fit::State::bound(Candidate* candidate) {
  Formula f = place_whole(candidate->distribution);
  f.beta = candidate->beta;
  UnitTable* const unit = unit_of(f.distribution);
  if (unit == nullptr) return failure(Status::out_of_memory);
  place_thresholds(*unit, f.loc, f.scale * f.beta, f.n, thresholds.data());
  place_levels(*unit, f, levels.data());
  const Histogram::Estimate e =
      histogram.estimate(thresholds.data(), levels.data(), f.n, options.order);
  candidate->lower = e.error - e.slack;
  candidate->upper = e.error + e.slack;
  return success();
}

Result Fit::State::add_candidate(Distribution d, double beta, bool bounded) {
  if (candidate_count == kMostCandidates) return success();
  Candidate& candidate = candidates[candidate_count++];
  candidate = {d, beta, -kInfinity, kInfinity, false};
  return bounded ? bound(&candidate) : success();
}

/// Golden-section search between the neighbours of the best grid point; the histogram's estimate is
/// the middle of its bounds.
Result Fit::State::refine_on_histogram(Distribution d, std::size_t first, std::size_t end) {
  const auto middle = [](const Candidate& c) { return c.lower + c.upper; };
  std::size_t at = first;
  for (std::size_t i = first + 1; i < end; ++i) {
    if (middle(candidates[i]) < middle(candidates[at])) at = i;
  }
  double low = 0;
  double high = kInfinity;
  for (std::size_t i = first; i < end; ++i) {
    const double beta = candidates[i].beta;
    if (beta < candidates[at].beta) low = std::max(low, beta);
    if (beta > candidates[at].beta) high = std::min(high, beta);
  }
  low = math::log(low > 0 ? low : candidates[at].beta);
  high = math::log(high < kInfinity ? high : candidates[at].beta);
  constexpr double kGolden = 0.61803398874989484820;
  Candidate a{d, 0, 0, 0, false};
  Candidate b = a;
  const auto probe = [&](Candidate* c, double logarithm) {
    c->beta = math::exp(logarithm);
    return bound(c);
  };
  Result result = probe(&a, high - kGolden * (high - low));
  if (result.ok()) result = probe(&b, low + kGolden * (high - low));
  for (int i = 0; i < 20 && result.ok(); ++i) {
    if (middle(a) < middle(b)) {
      high = math::log(b.beta);
      b = a;
      result = probe(&a, high - kGolden * (high - low));
    } else {
      low = math::log(a.beta);
      a = b;
      result = probe(&b, low + kGolden * (high - low));
    }
  }
  if (!result.ok() || candidate_count == kMostCandidates) return result;
  candidates[candidate_count++] = middle(a) < middle(b) ? a : b;
  return result;
}

/// Creates the candidates, once everything about the data is known.
Result Fit::State::prepare() {
  prepared = true;
  if (wants_histogram) {
    histogram.finish();
    if (!thresholds.reset(options.n) || !levels.reset(options.n))
      return failure(Status::out_of_memory);
  }
  for (int i = 0; i < kAllDistributions; ++i) {
    const auto d = static_cast<Distribution>(i);
    if (!uses(d)) continue;
    const bool choosing = options.distribution < 0 && !options.reference && !(options.beta > 0);
    if (choosing && stretch_of(d) > 0) continue;
    const std::size_t first = candidate_count;
    if (options.beta > 0) {
      const Result added = add_candidate(d, options.beta, wants_histogram);
      if (!added.ok()) return added;
      continue;
    }
    const double* grid = nullptr;
    const std::size_t points = beta_grid(d, &grid);
    for (std::size_t k = 0; k < points; ++k) {
      const Result added = add_candidate(d, grid[k], wants_histogram);
      if (!added.ok()) return added;
      const auto twin = static_cast<Distribution>(i + 1);  // past the end: no twin
      if (choosing && stretch_of(twin) > 0) {
        const Result also = add_candidate(d, grid[k] / stretch_of(twin), wants_histogram);
        if (!also.ok()) return also;
      }
    }
    if (wants_histogram) {
      const Result refined = refine_on_histogram(d, first, candidate_count);
      if (!refined.ok()) return refined;
    }
  }
  refinements = options.reference || options.beta > 0 || wants_histogram ? 0 : 6;
  return success();
}

}  // namespace fewbits::distributional
