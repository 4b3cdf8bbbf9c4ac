// The trial: neighbours in the sample with the axes and without.

#include "vectors/learn/trial.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "vectors/find/best.h"

namespace fewbits::vectors {
namespace {

/// So many rows look for neighbours at most, and for so many each.
constexpr std::size_t kMostQueries = 8 * kMaxQueries;
constexpr std::size_t kNeighbours = 10;

double product(const float* x, const float* y, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  return sum;
}

struct Trial {
  const Options& options;
  const float* rows;
  std::size_t n;

  /// Of the scan, as searches have them; what second codes find hangs on these.
  std::size_t candidates() const {
    return options.refine_bits != 0 ? 10 * kNeighbours : kNeighbours + 16;
  }
  std::size_t queries() const { return std::min(n, kMostQueries); }
  std::size_t query(std::size_t q) const { return q * n / queries(); }
  const float* row(std::size_t r) const { return rows + r * options.dims; }

  bool find_exactly(Buffer<Hit>* hits) const;
  Result find(const float* mean, const Learned* learned, Buffer<Hit>* hits) const;
  Result misses(const Buffer<Hit>& exact, const float* mean, const Learned* learned,
                std::size_t* count) const;
};

/// kNeighbours rows for each of the queries, itself among them, by scores of floats. False when
/// memory is short.
bool Trial::find_exactly(Buffer<Hit>* hits) const {
  const std::size_t dims = options.dims;
  Buffer<double> squares;
  if (!squares.resize(n) || !hits->resize(queries() * kNeighbours)) return false;
  for (std::size_t r = 0; r < n; ++r) squares[r] = product(row(r), row(r), dims);
  for (std::size_t q = 0; q < queries(); ++q) {
    Best best;
    if (!best.init(kNeighbours)) return false;
    for (std::size_t r = 0; r < n; ++r) {
      double score = product(row(query(q)), row(r), dims);
      if (options.metric == Metric::l2) score = 2 * score - squares[r] - squares[query(q)];
      if (options.metric == Metric::cosine) {
        const double norms = std::sqrt(squares[r]) * std::sqrt(squares[query(q)]);
        score = norms > 0 ? score / norms : 0;
      }
      best.offer(static_cast<float>(score), static_cast<std::uint32_t>(r));
    }
    const std::size_t found = best.finish();
    std::copy_n(best.rows(), found, hits->data() + q * kNeighbours);
  }
  return true;
}

/// The same by an index with this mean, or none, and what was learned, or nothing.
Result Trial::find(const float* mean, const Learned* learned, Buffer<Hit>* hits) const {
  const std::size_t dims = options.dims;
  Result result;
  const std::unique_ptr<Index> index(Index::create(options, &result));
  if (index == nullptr) return result;
  if (mean != nullptr) result = index->set_mean(mean);
  if (result.ok() && learned != nullptr) {
    result = index->set_transform(learned->matrix.data(), learned->segments.data(),
                                  learned->segments.size());
  }
  if (result.ok()) result = index->add(rows, n);
  Buffer<float> block;
  if (!block.resize(kMaxQueries * dims) || !hits->resize(queries() * kNeighbours)) {
    return failure(Status::out_of_memory);
  }
  for (std::size_t first = 0; result.ok() && first < queries(); first += kMaxQueries) {
    const std::size_t count = std::min(kMaxQueries, queries() - first);
    for (std::size_t q = 0; q < count; ++q) {
      std::memcpy(block.data() + q * dims, row(query(first + q)), dims * sizeof(float));
    }
    std::size_t found[kMaxQueries];
    result = index->search(block.data(), count, kNeighbours, candidates(), nullptr,
                           hits->data() + first * kNeighbours, found);
  }
  return result;
}

/// How many of the rows that exact search finds an index does not.
Result Trial::misses(const Buffer<Hit>& exact, const float* mean, const Learned* learned,
                     std::size_t* count) const {
  Buffer<Hit> found;
  const Result result = find(mean, learned, &found);
  if (!result.ok()) return result;
  *count = exact.size();
  for (std::size_t first = 0; first < exact.size(); first += kNeighbours) {
    for (std::size_t i = first; i < first + kNeighbours; ++i) {
      for (std::size_t j = first; j < first + kNeighbours; ++j) {
        *count -= exact[i].row == found[j].row;
      }
    }
  }
  return success();
}

/// With fewer misses than these a trial tells little: one less will do, where much is to be gained.
constexpr std::size_t kFewMisses = 12;
constexpr double kMuch = 0.5;
/// With fewer dimensions what is found among few rows says little of many: there they lie densely,
/// and the float16 factors of axes are too coarse for them.
constexpr std::size_t kFewDims = 16;

/// Whether axes miss an eighth less than even bits, and by more than chance brings about.
bool worth_it(std::size_t axes, std::size_t even, double left, std::size_t dims) {
  if (dims < kFewDims) return 2 * axes < even;
  if (even < kFewMisses) return axes < even && left < kMuch;
  return 8 * axes < 7 * even && (even - axes) * (even - axes) > axes + even;
}

}  // namespace

Result mean_finds_as_much(const Options& options, const float* rows, std::size_t n,
                          const float* mean, bool* pays) {
  *pays = false;
  const Trial trial{options, rows, n};
  Buffer<Hit> exact;
  if (!trial.find_exactly(&exact)) return failure(Status::out_of_memory);
  std::size_t without = 0;
  std::size_t with = 0;
  Result result = trial.misses(exact, nullptr, nullptr, &without);
  if (result.ok()) result = trial.misses(exact, mean, nullptr, &with);
  *pays = result.ok() && with <= without;
  return result.status == Status::out_of_memory ? result : success();
}

Result axes_find_more(const Options& options, const float* rows, std::size_t n, const float* mean,
                      const Learned& learned, bool* pay) {
  *pay = false;
  const Trial trial{options, rows, n};
  Buffer<Hit> exact;
  if (!trial.find_exactly(&exact)) return failure(Status::out_of_memory);
  std::size_t axes = 0;
  std::size_t even = 0;
  Result result = trial.misses(exact, mean, nullptr, &even);
  if (result.ok()) result = trial.misses(exact, mean, &learned, &axes);
  *pay = result.ok() && worth_it(axes, even, learned.left, options.dims);
  return result.status == Status::out_of_memory ? result : success();
}

Result try_again(const Options& options, const float* rows, std::size_t n, const float* mean,
                 const Learned& learned, bool* harm) {
  const Trial trial{options, rows, n};
  Buffer<Hit> exact;
  if (!trial.find_exactly(&exact)) return failure(Status::out_of_memory);
  std::size_t axes = 0;
  std::size_t even = 0;
  Result result = trial.misses(exact, mean, &learned, &axes);
  if (result.ok()) result = trial.misses(exact, mean, nullptr, &even);
  *harm = result.ok() && axes > even;
  return result.status == Status::out_of_memory ? result : success();
}

}  // namespace fewbits::vectors
