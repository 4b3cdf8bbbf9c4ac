// The fit of a quantizer to values read several times: moments, quartiles, then candidates of
// distribution and beta by their errors.

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>

#include "base/finite.h"
#include "distributional/codebook.h"
#include "distributional/histogram.h"
#include "distributional/kernels.h"
#include "distributional/math.h"
#include "distributional/placement.h"
#include "distributional/quartiles.h"
#include "distributional/reference.h"
#include "fewbits/distributional.h"

namespace fewbits::distributional {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kMostCandidates = 400;  // 9 distributions, 37 betas and a refined one each
constexpr std::size_t kBatch = 16;
constexpr std::uint32_t kHistogramCells = 256;
constexpr std::size_t kPiece = 1024;

/// What a search has heard of one beta of one distribution.
struct Candidate {
  Distribution distribution;
  double beta;
  double lower;  ///< bounds of the sum of errors; equal once it is measured
  double upper;
  bool measured;
};

}  // namespace

struct Fit::State {
  enum class Pass { none, moments, deviations, details, measure, done };

  FitOptions options;
  Status status = Status::ok;
  Pass pass = Pass::none;
  std::size_t passes = 0;
  std::size_t measured = 0;
  std::size_t position = 0;  ///< in the stream, of the pass under way

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
  int refinements = 0;    ///< rounds of refinement left, above kHistogramCells
  double refine_low = 0;  ///< logarithms of beta
  double refine_high = 0;
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

namespace {

constexpr double kReferenceLimit = 1e10;  // where the package starts from

}  // namespace

void Fit::State::finish_moments() {
  count = position;
  if (count == 0 || options.block > 0) {
    pass = count == 0 ? Pass::done : Pass::measure;
    if (count == 0) conclude();
    return;
  }
  if (from_moments(moments, count, shift, &statistics)) {
    pass = Pass::details;
    return;
  }
  // The first value lies too far off to have been a good shift.
  pass = Pass::deviations;
  shift = statistics.mean;
  const float low = moments.low;
  const float high = moments.high;
  moments = {};
  moments.low = low;
  moments.high = high;
}

void Fit::State::finish_deviations() {
  (void)from_moments(moments, count, shift, &statistics);
  pass = Pass::details;
}

/// The formula of a distribution with loc and scale, beta apart.
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

/// gaussian_cdf and exponential_cdf are gaussian and exponential with another beta: by how much,
/// and 0 for all else. Where a distribution is chosen and beta is free, they are their twins'
/// candidates.
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

/// Golden section between the neighbours of the best grid point; the histogram's estimate is the
/// middle of its bounds.
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

/// The candidates, once everything about the data is known.
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

const Candidate* Fit::State::best() const {
  const Candidate* found = nullptr;
  for (std::size_t i = 0; i < candidate_count; ++i) {
    const Candidate& c = candidates[i];
    if (c.measured && !std::isnan(c.upper) && (found == nullptr || c.upper < found->upper))
      found = &c;
  }
  return found;
}

/// The package's own way: beta first, each distribution's best then, from 1e10 downwards; beta 1 if
/// no beta gives a sound error.
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

/// Most promising first; what cannot beat the best error measured stays out.
bool Fit::State::choose_batch() {
  const Candidate* const leader = best();
  double limit = leader == nullptr ? kInfinity : leader->upper;
  for (std::size_t i = 0; i < candidate_count; ++i) {
    if (candidates[i].upper < limit) limit = candidates[i].upper;
  }
  // Big codebooks in small batches.
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

/// Above kHistogramCells: two more betas between the neighbours of the best.
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

Result Fit::State::set_books() {
  Buffer<float> reference_thresholds;
  Buffer<float> reference_levels;
  for (std::size_t i = 0; i < batch_count; ++i) {
    const Candidate& c = candidates[batch[i]];
    Formula f = place_whole(c.distribution);
    f.beta = c.beta;
    errors[i] = {};
    if (options.block > 0) {
      const Result set = block_books[i].assign(f, options.has_zero ? &options.zero : nullptr);
      if (!set.ok()) return set;
      continue;
    }
    if (options.reference && f.scale > 0 && statistics.deviation > 0) {
      if (!reference_thresholds.reset(f.n) || !reference_levels.reset(f.n + 1)) {
        return failure(Status::out_of_memory);
      }
      reference_codebook(f, reference_thresholds.data(), reference_levels.data());
      // With the index n, but where 16 bits do not hold it.
      const std::size_t cells = f.n < kMaxCells ? f.n + 1 : f.n;
      const Result set =
          books[i].assign(cells, reference_thresholds.data(), reference_levels.data());
      if (!set.ok()) return set;
      continue;
    }
    UnitTable* const unit = unit_of(f.distribution);
    if (unit == nullptr) return failure(Status::out_of_memory);
    const Result set = books[i].assign_unit(*unit, f);
    if (!set.ok()) return set;
  }
  return success();
}

Result Fit::State::measure(const float* x, std::size_t n) {
  std::uint8_t codes8[kPiece];
  std::uint16_t codes16[kPiece];
  for (std::size_t begin = 0; begin < n; begin += kPiece) {
    const std::size_t piece = std::min(kPiece, n - begin);
    for (std::size_t i = 0; i < batch_count; ++i) {
      const Result encoded = books[i].size() <= 256
                                 ? books[i].encode(x + begin, piece, codes8, &errors[i])
                                 : books[i].encode(x + begin, piece, codes16, &errors[i]);
      if (!encoded.ok()) return encoded;
    }
  }
  return success();
}

Result Fit::State::measure_blocks(const float* x, std::size_t n) {
  // Whole blocks that make about a piece.
  const std::size_t blocks = std::max<std::size_t>(1, kPiece / options.block);
  const std::size_t piece = blocks > n / options.block ? n : blocks * options.block;
  if (block_parameters.size() < 2 * blocks && !block_parameters.reset(2 * blocks)) {
    return failure(Status::out_of_memory);
  }
  const bool wide = options.n > 256;
  if (wide ? block_codes16.size() < piece && !block_codes16.reset(piece)
           : block_codes.size() < piece && !block_codes.reset(piece)) {
    return failure(Status::out_of_memory);
  }
  float* const locs = block_parameters.data();
  float* const scales = locs + blocks;
  for (std::size_t begin = 0; begin < n; begin += piece) {
    const std::size_t part = std::min(piece, n - begin);
    for (std::size_t i = 0; i < batch_count; ++i) {
      const Result encoded = wide ? block_books[i].encode(x + begin, part, options.block, locs,
                                                          scales, block_codes16.data(), &errors[i])
                                  : block_books[i].encode(x + begin, part, options.block, locs,
                                                          scales, block_codes.data(), &errors[i]);
      if (!encoded.ok()) return encoded;
    }
  }
  return success();
}

void Fit::State::finish_measure() {
  for (std::size_t i = 0; i < batch_count; ++i) {
    Candidate& c = candidates[batch[i]];
    const double n = static_cast<double>(count);
    const double mean_error = options.order == 1 || options.reference ? errors[i].mean_absolute()
                                                                      : errors[i].mean_squared();
    // The package compares float32 means.
    c.lower = c.upper =
        options.reference ? static_cast<double>(static_cast<float>(mean_error)) : mean_error * n;
    c.measured = true;
    ++measured;
  }
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

Fit::~Fit() {
  delete state_;
}

Result Fit::begin(const FitOptions& options) {
  delete state_;
  state_ = nullptr;
  const bool known = options.distribution >= -1 && options.distribution < kAllDistributions;
  if (!known ||
      (options.distribution >= kDistributions && (options.reference || options.n > 256)) ||
      (options.block > 0 && options.reference) || (options.order != 1 && options.order != 2) ||
      options.n < kMinCells || options.n > kMaxCells || !std::isfinite(options.beta) ||
      options.beta < 0 || (options.has_zero && !std::isfinite(options.zero))) {
    return failure(Status::invalid_argument);
  }
  state_ = new (std::nothrow) State;
  if (state_ == nullptr) return failure(Status::out_of_memory);
  state_->options = options;
  // The package forgets beta when it chooses the distribution.
  if (options.reference && options.distribution < 0) state_->options.beta = 0;
  if (options.reference) state_->options.levels = Levels::midpoint;
  state_->formula.distribution = options.distribution < 0
                                     ? Distribution::gaussian
                                     : static_cast<Distribution>(options.distribution);
  state_->wants_quartiles =
      !options.reference && options.block == 0 && state_->uses(Distribution::cauchy_cdf);
  if (state_->wants_quartiles) {
    const Result ready = state_->quartiles.begin();
    if (!ready.ok()) return ready;
  }
  return success();
}

bool Fit::next_pass() {
  if (state_ == nullptr) return false;
  State& s = *state_;
  // Close the pass that ended.
  switch (s.pass) {
    case State::Pass::none:
      s.pass = State::Pass::moments;
      s.position = 0;
      ++s.passes;
      return true;
    case State::Pass::moments:
      s.finish_moments();
      if (s.wants_quartiles && s.count > 0) s.quartiles.finish_high();
      break;
    case State::Pass::deviations:
      s.finish_deviations();
      break;
    case State::Pass::details:
      if (s.wants_quartiles) {
        s.quartiles.finish_low();
        for (int q = 0; q < 3; ++q) s.statistics.quartiles[q] = s.quartiles.quartile(q + 1);
        s.statistics.has_quartiles = true;
      }
      s.pass = State::Pass::measure;
      break;
    case State::Pass::measure:
      s.finish_measure();
      break;
    case State::Pass::done:
      return false;
  }
  // Open the next one.
  s.position = 0;
  if (s.pass == State::Pass::deviations) {
    ++s.passes;
    return true;
  }
  if (s.pass == State::Pass::details) {
    const bool constant = !(s.statistics.deviation > 0);
    if (constant && s.place_whole(s.formula.distribution).scale == 0) {
      // Every level is the one value there is; nothing to choose.
      s.conclude();
      return false;
    }
    const float scale = static_cast<float>(s.statistics.deviation / 4);
    s.wants_histogram = s.searching() && !s.options.reference && s.options.n <= kHistogramCells &&
                        scale > 1e-30f && scale < 1e30f;
    if (s.wants_histogram) {
      const Result ready = s.histogram.begin(static_cast<float>(s.statistics.mean), scale);
      if (!ready.ok()) {
        (void)s.fail(ready.status);
        return false;
      }
    }
    if (s.options.reference) s.cascade.begin(s.count);
    if (s.wants_histogram || s.wants_quartiles || s.options.reference) {
      ++s.passes;
      return true;
    }
    s.pass = State::Pass::measure;
  }
  if (s.pass == State::Pass::measure) {
    if (!s.searching()) {
      s.conclude();
      return false;
    }
    if (!s.prepared) {
      const Result ready = s.prepare();
      if (!ready.ok()) {
        (void)s.fail(ready.status);
        return false;
      }
    }
    if (s.choose_batch() || s.start_refinement()) {
      const Result ready = s.set_books();
      if (!ready.ok()) {
        (void)s.fail(ready.status);
        return false;
      }
      ++s.passes;
      return true;
    }
    s.conclude();
  }
  return false;
}

Result Fit::accumulate(const float* x, std::size_t n) {
  if (state_ == nullptr) return failure(Status::invalid_argument);
  State& s = *state_;
  if (n == 0) return success();
  switch (s.pass) {
    case State::Pass::moments:
      if (s.position == 0) {
        s.shift = x[0];
        s.moments.low = x[0];
        s.moments.high = x[0];
      }
      [[fallthrough]];
    case State::Pass::deviations:
      if (!kernels::add_moments(x, n, s.position, s.shift, &s.moments)) {
        return s.fail(Status::non_finite, s.position + first_non_finite(x, n));
      }
      if (s.wants_quartiles && s.pass == State::Pass::moments) s.quartiles.add_high(x, n);
      break;
    case State::Pass::details:
      if (s.wants_histogram) s.histogram.add(x, n);
      if (s.wants_quartiles) s.quartiles.add_low(x, n);
      if (s.options.reference) s.cascade.add(x, n);
      break;
    case State::Pass::measure: {
      const Result measured = s.options.block > 0 ? s.measure_blocks(x, n) : s.measure(x, n);
      if (!measured.ok()) return s.fail(measured.status);
      break;
    }
    default:
      return failure(Status::invalid_argument);
  }
  s.position += n;
  return success();
}

Result Fit::status() const {
  return state_ == nullptr ? failure(Status::invalid_argument) : Result{state_->status, 0};
}
const Formula& Fit::formula() const {
  return state_->formula;
}
std::size_t Fit::passes() const {
  return state_->passes;
}
std::size_t Fit::measured() const {
  return state_->measured;
}

}  // namespace fewbits::distributional
