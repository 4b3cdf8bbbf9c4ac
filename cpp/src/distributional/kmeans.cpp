// Optimal one-dimensional k-means of a stream, by dynamic programming over the bins of a histogram.

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>

#include "base/buffer.h"
#include "base/finite.h"
#include "distributional/histogram.h"
#include "distributional/math.h"
#include "distributional/ordered.h"
#include "distributional/placement.h"
#include "fewbits/distributional.h"

namespace fewbits::distributional {
namespace {

constexpr std::uint32_t kMostLevels = 256;
constexpr std::size_t kMostGroups = 4096;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

struct KMeans::State {
  enum class Pass { none, moments, deviations, histogram, done };

  std::uint32_t n = 0;
  Status status = Status::ok;
  Pass pass = Pass::none;
  std::size_t position = 0;
  std::size_t count = 0;
  double shift = 0;
  Moments moments;
  Statistics statistics;
  Histogram histogram;

  Buffer<std::int32_t> edges;  ///< of the groups, in bins
  std::size_t groups = 0;
  Buffer<double> cost;  ///< of the first i groups, with one level fewer and with this many
  Buffer<std::uint16_t> cuts;
  double means[kMostLevels] = {};  ///< from the centre
  std::uint32_t used = 0;

  Result fail(Status s, std::size_t index = 0) {
    status = s;
    pass = Pass::done;
    return failure(s, index);
  }

  Result group();
  double cost_of(std::size_t first, std::size_t end) const;
  void fill(const double* before, double* now, std::uint16_t* cut, std::size_t first,
            std::size_t end, std::size_t from, std::size_t to) const;
  Result divide();
  void iterate();
};

/// Collects the bins that contain values; more than kMostGroups are merged to equal shares of the
/// density of levels with the least squared error.
Result KMeans::State::group() {
  if (!edges.reset(kMostGroups + 1)) return failure(Status::out_of_memory);
  const auto bins = static_cast<std::int32_t>(Histogram::bins());
  std::size_t held = 0;
  double share = 0;
  const auto weight = [&](std::int32_t bin, double in_bin) {
    const double width = histogram.width_of(bin);
    return std::isfinite(width) ? math::pow(in_bin * width * width, 1.0 / 3.0) : 0.0;
  };
  for (std::int32_t bin = 0; bin < bins; ++bin) {
    const double in_bin = histogram.between(bin, bin + 1).count;
    if (in_bin > 0) {
      ++held;
      share += weight(bin, in_bin);
    }
  }
  const bool merge = held > kMostGroups;
  const double each = share / static_cast<double>(kMostGroups - 1);
  groups = 0;
  double passed = 0;
  bool open = false;
  for (std::int32_t bin = 0; bin < bins; ++bin) {
    const double in_bin = histogram.between(bin, bin + 1).count;
    if (!(in_bin > 0)) continue;
    const double next = passed + weight(bin, in_bin);
    const bool starts = !open || !merge || std::floor(passed / each) != std::floor(next / each);
    if (starts && groups < kMostGroups) edges[groups++] = bin;
    open = true;
    passed = next;
  }
  edges[groups] = bins;
  return success();
}

/// The sum of squared deviations of groups first to end - 1 from their mean.
double KMeans::State::cost_of(std::size_t first, std::size_t end) const {
  const Histogram::Sums s = histogram.between(edges[first], edges[end]);
  return s.count > 0 ? std::max(0.0, s.square - s.sum * s.sum / s.count) : 0;
}

/// Sets now[i] = min over c of before[c] + cost_of(c, i), for i in first..end-1: the best c
/// increases with i, so that halving i halves the candidates.
void KMeans::State::fill(const double* before, double* now, std::uint16_t* cut, std::size_t first,
                         std::size_t end, std::size_t from, std::size_t to) const {
  if (first >= end) return;
  const std::size_t middle = (first + end) / 2;
  double best = kInfinity;
  std::size_t at = from;
  for (std::size_t c = from; c <= std::min(to, middle); ++c) {
    const double total = before[c] + cost_of(c, middle);
    if (total < best) {
      best = total;
      at = c;
    }
  }
  now[middle] = best;
  cut[middle] = static_cast<std::uint16_t>(at);
  fill(before, now, cut, first, middle, from, at);
  fill(before, now, cut, middle + 1, end, at, to);
}

Result KMeans::State::divide() {
  const Result grouped = group();
  if (!grouped.ok()) return grouped;
  used = static_cast<std::uint32_t>(std::min<std::size_t>(n, groups));
  if (used == 0) return success();
  const std::size_t row = groups + 1;
  if (!cost.reset(2 * row) || !cuts.reset(row * used)) return failure(Status::out_of_memory);
  double* before = cost.data();
  double* now = before + row;
  for (std::size_t i = 0; i < row; ++i) before[i] = cost_of(0, i);
  for (std::uint32_t k = 1; k < used; ++k) {
    // At least one group per level.
    std::fill_n(now, row, kInfinity);
    fill(before, now, cuts.data() + k * row, k + 1, row, k, groups);
    std::swap(before, now);
  }
  std::size_t end = groups;
  for (std::uint32_t k = used; k-- > 0;) {
    const std::size_t first = k > 0 ? cuts[k * row + end] : 0;
    const Histogram::Sums s = histogram.between(edges[first], edges[end]);
    means[k] = s.sum / s.count;
    end = first;
  }
  return success();
}

/// Lloyd's iteration on all bins: a bin belongs to the level nearest to its mean.
void KMeans::State::iterate() {
  const auto bins = static_cast<std::int32_t>(Histogram::bins());
  double least = kInfinity;
  for (int round = 0; round < 100; ++round) {
    double moved[kMostLevels];
    double error = 0;
    std::int32_t first = 0;
    for (std::uint32_t k = 0; k < used; ++k) {
      std::int32_t end = bins;
      if (k + 1 < used) {
        const double middle = 0.5 * (means[k] + means[k + 1]);
        const double at = static_cast<double>(histogram.center()) + middle;
        end = histogram.bin_of(static_cast<float>(at));
        const Histogram::Sums s = histogram.between(end, end + 1);
        if (s.count > 0 && s.sum / s.count < middle) ++end;
        end = std::max(end, first);
      }
      const Histogram::Sums s = histogram.between(first, end);
      moved[k] = s.count > 0 ? s.sum / s.count : means[k];
      if (s.count > 0) error += s.square - s.sum * s.sum / s.count;
      first = end;
    }
    if (!(error < least)) break;
    least = error;
    std::copy_n(moved, used, means);
  }
}

KMeans::~KMeans() {
  delete state_;
}

Result KMeans::begin(std::uint32_t n) {
  delete state_;
  state_ = nullptr;
  if (n < 1 || n > kMostLevels) return failure(Status::invalid_argument);
  state_ = new (std::nothrow) State;
  if (state_ == nullptr) return failure(Status::out_of_memory);
  state_->n = n;
  return success();
}

bool KMeans::next_pass() {
  if (state_ == nullptr) return false;
  State& s = *state_;
  switch (s.pass) {
    case State::Pass::none:
      s.pass = State::Pass::moments;
      break;
    case State::Pass::moments:
      s.count = s.position;
      if (s.count == 0) {
        s.pass = State::Pass::done;
      } else if (from_moments(s.moments, s.count, s.shift, &s.statistics)) {
        s.pass = State::Pass::histogram;
      } else {
        s.pass = State::Pass::deviations;
        s.shift = s.statistics.mean;
        Moments again;
        again.low = s.moments.low;
        again.high = s.moments.high;
        s.moments = again;
      }
      break;
    case State::Pass::deviations:
      (void)from_moments(s.moments, s.count, s.shift, &s.statistics);
      s.pass = State::Pass::histogram;
      break;
    case State::Pass::histogram: {
      s.histogram.finish();
      const Result divided = s.divide();
      if (!divided.ok()) s.status = divided.status;
      if (divided.ok()) s.iterate();
      s.pass = State::Pass::done;
      break;
    }
    case State::Pass::done:
      break;
  }
  if (s.pass == State::Pass::histogram) {
    const auto center = static_cast<float>(s.statistics.mean);
    const auto scale = static_cast<float>(std::clamp(s.statistics.deviation / 4, 1e-37, 1e37));
    const Result ready = s.histogram.begin(center, scale);
    if (!ready.ok()) (void)s.fail(ready.status);
  }
  s.position = 0;
  return s.pass != State::Pass::done;
}

Result KMeans::accumulate(const float* x, std::size_t n) {
  if (state_ == nullptr || state_->pass == State::Pass::none || state_->pass == State::Pass::done) {
    return failure(Status::invalid_argument);
  }
  State& s = *state_;
  if (n == 0) return success();
  if (s.pass == State::Pass::histogram) {
    s.histogram.add(x, n);
  } else {
    if (s.pass == State::Pass::moments && s.position == 0) {
      s.shift = x[0];
      s.moments.low = s.moments.high = x[0];
    }
    if (!kernels::add_moments(x, n, s.position, s.shift, &s.moments)) {
      return s.fail(Status::non_finite, s.position + first_non_finite(x, n));
    }
  }
  s.position += n;
  return success();
}

Result KMeans::status() const {
  return state_ == nullptr ? failure(Status::invalid_argument) : Result{state_->status, 0};
}

Result KMeans::codebook(float* thresholds, float* levels) const {
  if (state_ == nullptr || state_->pass != State::Pass::done || state_->status != Status::ok) {
    return failure(Status::invalid_argument);
  }
  const State& s = *state_;
  constexpr float most = std::numeric_limits<float>::max();
  const double center = s.histogram.center();
  for (std::uint32_t k = 0; k < s.n; ++k) {
    levels[k] = 0;
    if (s.used == 0) continue;
    const double mean = center + s.means[std::min(k, s.used - 1)];
    levels[k] =
        static_cast<float>(std::clamp(mean, -static_cast<double>(most), static_cast<double>(most)));
  }
  for (std::uint32_t k = 0; k + 1 < s.n; ++k) {
    if (k + 1 >= s.used) {
      thresholds[k] = std::numeric_limits<float>::infinity();
      continue;
    }
    // The first float that is nearer to the upper level.
    const double middle =
        0.5 * static_cast<double>(levels[k]) + 0.5 * static_cast<double>(levels[k + 1]);
    auto t = static_cast<float>(middle);
    if (static_cast<double>(t) < middle) t = float_of(ordered(t) + 1);
    thresholds[k] = t;
  }
  return success();
}

}  // namespace fewbits::distributional
