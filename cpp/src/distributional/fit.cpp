// A fit: the passes over the data, one after another.

#include <cmath>
#include <new>

#include "base/finite.h"
#include "distributional/fit_state.h"

namespace fewbits::distributional {

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
  // The first value is too far away from the mean to have been a good shift.
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

/// Closes the pass that ended; false when nothing is left to do.
bool Fit::State::close_pass() {
  switch (pass) {
    case Pass::none:
      pass = Pass::moments;
      return true;
    case Pass::moments:
      finish_moments();
      if (wants_quartiles && count > 0) quartiles.finish_high();
      return true;
    case Pass::deviations:
      finish_deviations();
      return true;
    case Pass::details:
      if (wants_quartiles) {
        quartiles.finish_low();
        for (int q = 0; q < 3; ++q) statistics.quartiles[q] = quartiles.quartile(q + 1);
        statistics.has_quartiles = true;
      }
      pass = Pass::measure;
      return true;
    case Pass::measure:
      finish_measure();
      return true;
    case Pass::done:
      break;
  }
  return false;
}

/// Decides whether a pass for details of the data is needed.
Result Fit::State::open_details(bool* wanted) {
  *wanted = false;
  const bool constant = !(statistics.deviation > 0);
  if (constant && place_whole(formula.distribution).scale == 0) {
    // Every level equals the only value; there is nothing to choose.
    conclude();
    return success();
  }
  const float scale = static_cast<float>(statistics.deviation / 4);
  wants_histogram = searching() && !options.reference && options.n <= kHistogramCells &&
                    scale > 1e-30f && scale < 1e30f;
  if (wants_histogram) {
    const Result ready = histogram.begin(static_cast<float>(statistics.mean), scale);
    if (!ready.ok()) return ready;
  }
  if (options.reference) cascade.begin(count);
  *wanted = wants_histogram || wants_quartiles || options.reference;
  if (!*wanted) pass = Pass::measure;
  return success();
}

/// Decides whether there is a batch of candidates to measure.
Result Fit::State::open_measure(bool* wanted) {
  *wanted = false;
  if (searching()) {
    const Result ready = prepared ? success() : prepare();
    if (!ready.ok()) return ready;
    if (choose_batch() || start_refinement()) {
      *wanted = true;
      return set_books();
    }
  }
  conclude();
  return success();
}

bool Fit::State::next_pass() {
  if (!close_pass()) return false;
  position = 0;
  bool wanted = pass == Pass::moments || pass == Pass::deviations;
  Result opened = success();
  if (pass == Pass::details) opened = open_details(&wanted);
  if (pass == Pass::measure && opened.ok()) opened = open_measure(&wanted);
  if (!opened.ok()) {
    (void)fail(opened.status);
    return false;
  }
  if (wanted) ++passes;
  return wanted;
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
  // The package loses beta when it chooses the distribution.
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
  return state_ != nullptr && state_->next_pass();
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
