// The trial: neighbours in the sample with the axes and without.

#include "vectors/learn/trial.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace fewbits::vectors {
namespace {

/// How a transform is tried out: by what these many rows of the sample find among so many.
constexpr std::size_t kTrialRows = 4096;
constexpr std::size_t kTrialQueries = 8 * kMaxQueries;
constexpr std::size_t kTrialFound = 3;  // few, as a sample is thinner than what it is of

/// The rows nearest to rows of the sample, themselves too, by an index with these options,
/// kTrialFound a row.
Result try_out(const Options& options, const Learned& learned, bool axes, const float* sample,
               std::size_t n, Buffer<Hit>* hits) {
  Result result;
  const std::unique_ptr<Index> index(Index::create(options, &result));
  if (index == nullptr) return result;
  result = index->set_mean(learned.mean.data());
  if (result.ok() && axes) {
    result = index->set_transform(learned.matrix.data(), learned.segments.data(),
                                  learned.segments.size());
  }
  if (result.ok()) result = index->add(sample, n);
  Buffer<float> queries;
  if (!queries.resize(kMaxQueries * options.dims) || !hits->resize(kTrialQueries * kTrialFound)) {
    return failure(Status::out_of_memory);
  }
  for (std::size_t first = 0; result.ok() && first < kTrialQueries; first += kMaxQueries) {
    for (std::size_t q = 0; q < kMaxQueries; ++q) {
      const std::size_t row = (first + q) * n / kTrialQueries;
      std::memcpy(queries.data() + q * options.dims, sample + row * options.dims,
                  options.dims * sizeof(float));
    }
    std::size_t found[kMaxQueries];
    result = index->search(queries.data(), kMaxQueries, kTrialFound, 8 * kTrialFound, nullptr,
                           hits->data() + first * kTrialFound, found);
  }
  return result;
}

/// How many of the rows in `wanted` are not in `found`.
std::size_t missed(const Buffer<Hit>& wanted, const Buffer<Hit>& found) {
  std::size_t count = wanted.size();
  for (std::size_t first = 0; first < wanted.size(); first += kTrialFound) {
    for (std::size_t i = first; i < first + kTrialFound; ++i) {
      for (std::size_t j = first; j < first + kTrialFound; ++j) {
        count -= wanted[i].row == found[j].row;
      }
    }
  }
  return count;
}

}  // namespace

Result axes_find_more(const Options& options, const Learned& learned, const float* sample,
                      std::size_t n, bool* more) {
  *more = false;
  if (n < 8 * kTrialFound) return success();
  n = std::min(n, kTrialRows);
  Options trial = options;
  trial.refine_bits = 0;
  Options fine = trial;
  fine.bits = 8;
  Buffer<Hit> exact;
  Buffer<Hit> even;
  Buffer<Hit> axes;
  Result result = try_out(fine, learned, false, sample, n, &exact);
  if (result.ok()) result = try_out(trial, learned, false, sample, n, &even);
  if (result.ok()) result = try_out(trial, learned, true, sample, n, &axes);
  if (result.ok()) *more = 8 * missed(exact, axes) < 7 * missed(exact, even);
  return result.status == Status::invalid_argument ? success() : result;
}

}  // namespace fewbits::vectors
