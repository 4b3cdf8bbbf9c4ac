// Calibration: what is learned from a sample is used only if searches among held-out rows of it
// find more of their neighbours.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/finite.h"
#include "vectors/learn/axes.h"
#include "vectors/learn/trial.h"
#include "vectors/state.h"

namespace fewbits::vectors {
namespace {

/// The most rows of a sample that are held out, otherwise a quarter; more would tell little more.
constexpr std::size_t kMostHeldOut = 1024;
/// Rows of a sample that judge the mean.
constexpr std::size_t kMostForMean = 2048;
/// Rows of a sample that held-out rows search among, and the most pairs of both.
constexpr std::size_t kMostDense = 16384;
constexpr std::size_t kMostDensePairs = kMostDense * 2 * kMaxQueries;
/// With fewer held-out rows, chance decides which of two codes finds more.
constexpr std::size_t kLeastHeldOut = 24;
/// The largest number of first vectors that check the calibration again, and the smallest.
constexpr std::size_t kMostFirst = 512;
constexpr std::size_t kLeastFirst = 96;

/// Bytes per row for learned segments: with the product with the mean, as many as a row of an index
/// without mean and axes has.
std::size_t budget(const Options& options, const Kept& even) {
  return (options.dims * static_cast<std::size_t>(options.bits) + 7) / 8 + sizeof(float) +
         (even.finer == Kept::Finer::tails ? sizeof(std::uint32_t) : 0) -
         (even.added == Kept::Added::mean_products ? sizeof(float) : 0);
}

/// The first row whose norm is too large to be added; n if there is none.
std::size_t first_too_large(const Options& options, const float* x, std::size_t n) {
  if (options.metric == Metric::cosine) return n;
  for (std::size_t r = 0; r < n; ++r) {
    double square = 0;
    for (std::size_t i = 0; i < options.dims; ++i) {
      const auto value = static_cast<double>(x[r * options.dims + i]);
      square += value * value;
    }
    if (!(square <= kLargestNorm * kLargestNorm)) return r;
  }
  return n;
}

/// Copies the wanted rows of a sample one after another, and returns the end.
template <typename Wanted>
float* copy_rows(const Sample& sample, Wanted wanted, float* to) {
  for (std::size_t r = 0; r < sample.n; ++r) {
    if (!wanted(r)) continue;
    std::memcpy(to, sample.row(r), sample.dims * sizeof(float));
    to += sample.dims;
  }
  return to;
}

/// Copies the held-out rows.
float* copy_held_out(const Sample& sample, float* to) {
  return copy_rows(
      sample, [&sample](std::size_t r) { return sample.is_held_out(r); }, to);
}

/// Sets `mean`, and `exact`, to the mean with which most neighbours within the sample are found:
/// the current one or none, unless another, or the mean of the sample in `mean`, clearly finds
/// more. A mean of many rows is not fitted to single rows, so all rows may search: the more rows,
/// the closer they lie, as later in the index.
Result choose_mean(const Options& options, const Sample& sample, const float* now,
                   Buffer<double>* exact, Buffer<float>* mean) {
  const float* chosen = now;
  if (sample.held_out >= kLeastHeldOut && (mean->size() != 0 || now != nullptr)) {
    const Sample few{sample.x, sample.n, sample.dims, sample.normalise,
                     std::min(sample.n, kMostForMean)};
    Buffer<float> rows;
    if (!rows.resize(few.held_out * few.dims)) return failure(Status::out_of_memory);
    copy_held_out(few, rows.data());
    const float* const own = mean->data();
    for (const float* other : {static_cast<const float*>(nullptr), own}) {
      if (other == chosen) continue;
      Compared compared;
      const Result result =
          compare(options, {rows.data(), few.held_out, few.held_out, kMostQueries},
                  {chosen, nullptr}, {other, nullptr}, &compared);
      if (!result.ok()) return result;
      if (compared.clearly_more()) chosen = other;
    }
  } else if (mean->size() != 0) {
    chosen = mean->data();
  }
  if (chosen != nullptr && chosen == mean->data()) return success();
  for (std::size_t i = 0; i < sample.dims; ++i) {
    (*exact)[i] = chosen != nullptr ? static_cast<double>(chosen[i]) : 0;
  }
  Buffer<float> copy;
  if (chosen != nullptr && !copy.assign(chosen, sample.dims)) {
    return failure(Status::out_of_memory);
  }
  *mean = std::move(copy);
  return success();
}

/// With fewer misses than this a trial says little: one miss less is enough where there is much to
/// gain.
constexpr std::size_t kFewMisses = 12;
constexpr double kMuch = 0.5;

/// Whether axes miss at least an eighth less than even bits, and by more than chance would. With
/// few dimensions, results among few rows say little about many.
bool worth_it(const Compared& compared, double left, std::size_t dims) {
  const std::size_t even = compared.missed;
  const std::size_t axes = compared.missed_then();
  if (dims < kFewDims) return 2 * axes < even;
  if (even < kFewMisses) return axes < even && left < kMuch;
  return 8 * axes < 7 * even && compared.clearly_more();
}

/// Keeps the axes only if held-out rows find no fewer neighbours with them among all of the sample,
/// and more of their nearest by more than a standard deviation. Where rows lie densely, neighbours
/// differ in other directions than rows in general: axes that tell a thousand rows apart may mix up
/// neighbours among many.
Result judge_among_all(const Options& options, const Sample& sample, const float* mean,
                       Learned* learned) {
  const std::size_t n = std::min(sample.n, kMostDense);
  Buffer<float> rows;
  if (!rows.resize(n * sample.dims)) return failure(Status::out_of_memory);
  const std::size_t others = sample.n - sample.held_out;
  const std::size_t room = n - sample.held_out;
  const auto evenly = [&, other = std::size_t{0}](std::size_t r) mutable {
    if (sample.is_held_out(r)) return false;
    const std::size_t before = other++ * room / others;
    return before != other * room / others;
  };
  copy_rows(sample, evenly, copy_held_out(sample, rows.data()));
  Compared all;
  Compared nearest;
  const std::size_t queries = std::min(kMostQueries, kMostDensePairs / n);
  const Result result = compare(options, {rows.data(), n, sample.held_out, queries},
                                {mean, nullptr}, {mean, learned}, &all, &nearest);
  learned->pays = result.ok() && all.gained >= all.lost && nearest.finds_more(1);
  return result;
}

/// Learns the axes, and decides by the held-out rows whether they pay.
Result learn_and_judge(const Coding& coding, const Sample& sample, const Buffer<double>& mean,
                       const Buffer<float>& taken, Learned* learned) {
  if (sample.held_out < kLeastHeldOut) return success();
  const Options& options = coding.options;
  const Kept even_rows = kept_by(options, taken.size() != 0, false);
  // The factor by which scale search and tails reduce the distortion of 4 bits.
  const double even = codebook(options.bits)->distortion *
                      (even_rows.finer == Kept::Finer::tails ? 5.0 / 6.0 : 1.0);
  const Result result =
      learn_axes(sample, mean, budget(options, even_rows), even, options.seed, learned);
  if (!result.ok() || !learned->pays) return result;
  Buffer<float> rows;
  if (!rows.resize(sample.held_out * sample.dims)) return failure(Status::out_of_memory);
  copy_held_out(sample, rows.data());
  Compared compared;
  Result tried = compare(options, {rows.data(), sample.held_out, sample.held_out, kMostQueries},
                         {taken.data(), nullptr}, {taken.data(), learned}, &compared);
  learned->pays = tried.ok() && worth_it(compared, learned->left, options.dims);
  if (learned->pays) tried = judge_among_all(options, sample, taken.data(), learned);
  return tried;
}

}  // namespace

/// The average error of held-out rows, each coded into the place of the first row. 0 if there are
/// none, or no memory for it.
double Index::State::error_of(const Sample& sample) {
  Fit measured;
  if (!rows.reserve(1).ok()) return 0;
  for (std::size_t r = 0; r < sample.n; ++r) {
    RowCoder::Centred vector;
    if (sample.is_held_out(r) && coder.centre(sample.row(r), &vector).ok()) {
      measured.count_in(
          coder.encode(vector, rows.block(), rows.finer(), rows.at(0), rows.packed()));
    }
  }
  rows.truncate(0);
  return measured.seen;
}

Result Index::calibrate(const float* x, std::size_t n, bool with_axes) {
  State& s = *state_;
  const Options& options = s.coding.options;
  const std::size_t dims = options.dims;
  if (s.rows.count() != 0 || n == 0 || s.coding.of_bits()) {
    return failure(Status::invalid_argument);
  }
  const std::size_t bad = first_non_finite(x, n * dims);
  if (bad < n * dims) return failure(Status::non_finite, bad);
  const std::size_t long_row = first_too_large(options, x, n);
  if (long_row < n) return failure(Status::too_large, long_row * dims);
  Sample sample{x, n, dims, options.metric == Metric::cosine};
  sample.held_out = std::min(n / 4, kMostHeldOut);

  Buffer<double> mean;
  Buffer<float> taken;
  bool clear = false;
  if (!learn_mean(sample, &mean, &clear)) return failure(Status::out_of_memory);
  if (clear) {
    if (!taken.resize(dims)) return failure(Status::out_of_memory);
    for (std::size_t i = 0; i < dims; ++i) taken[i] = static_cast<float>(mean[i]);
  }
  Result result = choose_mean(options, sample, s.coding.transform.mean(), &mean, &taken);
  if (!result.ok()) return result;
  Learned learned;
  if (with_axes) result = learn_and_judge(s.coding, sample, mean, taken, &learned);
  if (!result.ok()) return result;
  Axes axes;
  const bool made =
      learned.pays ? axes.init(s.coding, std::move(learned.segments), std::move(learned.matrix))
                   : axes.init_evenly(s.coding);
  if (!made || !s.take(&axes)) return failure(Status::out_of_memory);
  s.set_mean(std::move(taken));
  s.fit = {};
  s.fit.expected = s.error_of(sample);
  return success();
}

Result Index::settle(const float* x, std::size_t n, bool* changed) {
  State& s = *state_;
  const std::size_t dims = s.coding.options.dims;
  *changed = false;
  if (s.rows.count() != 0 || !s.coding.learned() || n < kLeastFirst) return success();
  const std::size_t few = std::min(n, kMostFirst);
  Buffer<float> first;
  Learned learned;
  if (!first.resize(few * dims) ||
      !learned.matrix.assign(s.coding.transform.matrix(), dims * dims) ||
      !learned.segments.assign(s.coding.segments.data(), s.coding.segments.size())) {
    return failure(Status::out_of_memory);
  }
  for (std::size_t i = 0; i < few; ++i) {
    std::memcpy(first.data() + i * dims, x + i * n / few * dims, dims * sizeof(float));
  }
  // Vectors that cannot be added are reported by add().
  if (first_non_finite(first.data(), few * dims) < few * dims) return success();
  const float* const mean = s.coding.transform.mean();
  Compared compared;
  const Result result = compare(s.coding.options, {first.data(), few, few, kMostQueries},
                                {mean, nullptr}, {mean, &learned}, &compared);
  if (!result.ok() || compared.lost <= compared.gained) return result;
  if (!s.lay_out_evenly()) return failure(Status::out_of_memory);
  s.fit = {};
  *changed = true;
  return success();
}

}  // namespace fewbits::vectors
