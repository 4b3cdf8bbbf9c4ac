// The trial: searches for neighbours in the sample with and without the axes.

#include "vectors/learn/trial.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "vectors/find/best.h"

namespace fewbits::vectors {
namespace {

/// The number of neighbours that a row searches for, including itself, and how many of those are
/// the nearest.
constexpr std::size_t kNeighbours = 10;
constexpr std::size_t kNearest = 4;

double product(const float* x, const float* y, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  return sum;
}

/// Flags for each result of exact search: kAmongAll if an index finds it too, kAmongNearest if the
/// index has it among the nearest.
using Found = Buffer<std::uint8_t>;
constexpr std::uint8_t kAmongAll = 1;
constexpr std::uint8_t kAmongNearest = 2;

struct Trial {
  const Options& options;
  const TrialRows& rows;

  /// The number of candidates of the scan, as in searches; results with second codes depend on it.
  std::size_t candidates() const {
    const bool many = options.refine_bits != 0 || options.dims < kFewDims;
    return many ? 10 * kNeighbours : kNeighbours + 16;
  }
  std::size_t queries() const { return std::min(rows.looking, rows.most_queries); }
  std::size_t query(std::size_t q) const { return q * rows.looking / queries(); }
  const float* row(std::size_t r) const { return rows.x + r * options.dims; }

  bool find_exactly(Buffer<Hit>* hits) const;
  Result find(const Way& way, Buffer<Hit>* hits) const;
  Result found(const Buffer<Hit>& exact, const Way& way, Found* which) const;
};

/// Finds kNeighbours rows for each of the queries, including itself, by float scores. False when
/// memory is short.
bool Trial::find_exactly(Buffer<Hit>* hits) const {
  const std::size_t dims = options.dims;
  Buffer<double> squares;
  if (!squares.resize(rows.n) || !hits->resize(queries() * kNeighbours)) return false;
  for (std::size_t r = 0; r < rows.n; ++r) squares[r] = product(row(r), row(r), dims);
  for (std::size_t q = 0; q < queries(); ++q) {
    Best best;
    if (!best.init(kNeighbours)) return false;
    for (std::size_t r = 0; r < rows.n; ++r) {
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

/// Finds the same with an index that codes in this way.
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
  if (result.ok()) result = index->add(rows.x, rows.n);
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

Result Trial::found(const Buffer<Hit>& exact, const Way& way, Found* which) const {
  Buffer<Hit> hits;
  const Result result = find(way, &hits);
  if (!result.ok()) return result;
  if (!which->resize(exact.size())) return failure(Status::out_of_memory);
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const Hit* const first = hits.data() + i / kNeighbours * kNeighbours;
    const auto same = [&](const Hit& hit) { return hit.row == exact[i].row; };
    const auto at =
        static_cast<std::size_t>(std::find_if(first, first + kNeighbours, same) - first);
    (*which)[i] = static_cast<std::uint8_t>((at < kNeighbours ? kAmongAll : 0) |
                                            (at < kNearest ? kAmongNearest : 0));
  }
  return success();
}

/// Counts one of the rows that exact search finds.
void count(bool before, bool after, Compared* compared) {
  compared->missed += before ? 0 : 1;
  compared->gained += !before && after ? 1 : 0;
  compared->lost += before && !after ? 1 : 0;
}

}  // namespace

bool Compared::finds_more(double deviations) const {
  if (gained <= lost) return false;
  const auto more = static_cast<double>(gained - lost);
  return more * more > deviations * deviations * static_cast<double>(gained + lost);
}

Result compare(const Options& options, const TrialRows& rows, const Way& now, const Way& other,
               Compared* compared, Compared* nearest) {
  *compared = {};
  if (nearest != nullptr) *nearest = {};
  const Trial trial{options, rows};
  Buffer<Hit> exact;
  Found before;
  Found after;
  if (!trial.find_exactly(&exact)) return failure(Status::out_of_memory);
  Result result = trial.found(exact, now, &before);
  if (result.ok()) result = trial.found(exact, other, &after);
  if (!result.ok()) return result.status == Status::out_of_memory ? result : success();
  for (std::size_t i = 0; i < exact.size(); ++i) {
    count((before[i] & kAmongAll) != 0, (after[i] & kAmongAll) != 0, compared);
    if (nearest == nullptr || i % kNeighbours >= kNearest) continue;
    count((before[i] & kAmongNearest) != 0, (after[i] & kAmongNearest) != 0, nearest);
  }
  return success();
}

}  // namespace fewbits::vectors
