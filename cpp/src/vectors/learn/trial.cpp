// The trial: neighbours in the sample with the axes and without.

#include "vectors/learn/trial.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "vectors/find/best.h"

namespace fewbits::vectors {
namespace {

/// The most rows that look for neighbours, and how many neighbours each looks for.
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
    const bool many = options.refine_bits != 0 || options.dims < kFewDims;
    return many ? 10 * kNeighbours : kNeighbours + 16;
  }
  std::size_t queries() const { return std::min(n, kMostQueries); }
  std::size_t query(std::size_t q) const { return q * n / queries(); }
  const float* row(std::size_t r) const { return rows + r * options.dims; }

  bool find_exactly(Buffer<Hit>* hits) const;
  Result find(const Way& way, Buffer<Hit>* hits) const;
  Result found(const Buffer<Hit>& exact, const Way& way, Buffer<std::uint8_t>* which) const;
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

/// The same by an index that codes this way.
Result Trial::find(const Way& way, Buffer<Hit>* hits) const {
  const std::size_t dims = options.dims;
  Result result;
  const std::unique_ptr<Index> index(Index::create(options, &result));
  if (index == nullptr) return result;
  if (way.mean != nullptr) result = index->set_mean(way.mean);
  if (result.ok() && way.learned != nullptr) {
    const Learned& learned = *way.learned;
    result = index->set_transform(learned.matrix.data(), learned.segments.data(),
                                  learned.segments.size());
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

/// Which of the rows that exact search finds an index finds too.
Result Trial::found(const Buffer<Hit>& exact, const Way& way, Buffer<std::uint8_t>* which) const {
  Buffer<Hit> hits;
  const Result result = find(way, &hits);
  if (!result.ok()) return result;
  if (!which->resize(exact.size())) return failure(Status::out_of_memory);
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const Hit* const first = hits.data() + i / kNeighbours * kNeighbours;
    (*which)[i] = std::any_of(first, first + kNeighbours,
                              [&](const Hit& hit) { return hit.row == exact[i].row; });
  }
  return success();
}

/// How many standard deviations of chance are clearly more than chance.
constexpr double kClear = 2;

}  // namespace

bool Compared::clearly_more() const {
  if (gained <= lost) return false;
  const auto more = static_cast<double>(gained - lost);
  return more * more > kClear * kClear * static_cast<double>(gained + lost);
}

Result compare(const Options& options, const float* rows, std::size_t n, const Way& now,
               const Way& other, Compared* compared) {
  *compared = {};
  const Trial trial{options, rows, n};
  Buffer<Hit> exact;
  Buffer<std::uint8_t> before;
  Buffer<std::uint8_t> after;
  if (!trial.find_exactly(&exact)) return failure(Status::out_of_memory);
  Result result = trial.found(exact, now, &before);
  if (result.ok()) result = trial.found(exact, other, &after);
  if (!result.ok()) return result.status == Status::out_of_memory ? result : success();
  for (std::size_t i = 0; i < exact.size(); ++i) {
    compared->missed += before[i] == 0;
    compared->gained += before[i] < after[i];
    compared->lost += before[i] > after[i];
  }
  return success();
}

}  // namespace fewbits::vectors
