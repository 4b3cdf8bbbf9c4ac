// A search: a scan finds candidates, which are scored again in full precision.

#include <algorithm>
#include <cmath>

#include "base/finite.h"
#include "base/sort.h"
#include "vectors/code/tails.h"
#include "vectors/find/scan.h"
#include "vectors/state.h"

namespace fewbits::vectors {
namespace {

/// <y, r> for the rotated query and the row's finest code; `levels` is scratch memory.
float inner_product(const Coding& coding, const Rows& rows, std::size_t row, const float* y,
                    std::int8_t* levels) {
  const std::size_t dims = coding.options.dims;
  const auto [record, finer, slot] = rows.at(row);
  if (coding.kept.second_code()) {
    rows.finer_levels(row, levels);
    return kernels::dot_levels(y, levels, dims) * rows.finer().factors(finer)[slot];
  }
  rows.levels(row, levels);
  if (!coding.learned()) {
    float product = kernels::dot_levels(y, levels, dims);
    const float factor = rows.block().factors(record)[slot];
    const std::uint32_t* const tails = rows.block().tails(record);
    if (tails == nullptr) return product * factor;
    Tail finest[kTailBits];
    const std::size_t count = decode_tails(levels, dims, tails[slot], finest);
    for (std::size_t i = 0; i < count; ++i) product += y[finest[i].position] * finest[i].excess;
    return product * (factor * static_cast<float>(tail_ratio(levels, dims, finest, count)));
  }
  float sum = 0;
  for (std::size_t s = 0; s < coding.layout.segments(); ++s) {
    const CodedSegment& segment = coding.layout.segment(s);
    sum += kernels::dot_levels(y + segment.dim, levels + segment.dim, segment.dims) *
           (f32_from_small_f16(rows.block().half_factors(record, s)[slot]) * coding.scales[s]);
  }
  return sum;
}

/// Computes the scores of the candidates of query q, and sorts them by score.
void rank(const Coding& coding, const Rows& rows, const Queries& queries, std::size_t q,
          const float* y, std::int8_t* levels, Hit* hits, std::size_t n) {
  const bool l2 = coding.options.metric == Metric::l2;
  const float weight = queries.weight(q);
  for (std::size_t i = 0; i < n; ++i) {
    const auto [record, finer, slot] = rows.at(hits[i].row);
    const float* const added = rows.block().added(record);
    float score = inner_product(coding, rows, hits[i].row, y, levels);
    if (added != nullptr) score += weight * added[slot];
    if (l2) {
      score *= 2;
      hits[i].estimate *= 2;
    }
    score += queries.offset(q);
    // Factors in a file can make scores exceed float range; NaN could not be sorted.
    hits[i].score = std::isnan(score) ? -__builtin_inff() : score;
  }
  sort(hits, n, [](const Hit& a, const Hit& b) {
    return a.score != b.score ? a.score > b.score : a.row < b.row;
  });
}

}  // namespace

Result Index::search(const float* queries, std::size_t count, std::size_t k, std::size_t candidates,
                     const std::uint32_t* allowed, Hit* hits, std::size_t* found) {
  State& s = *state_;
  const std::size_t dims = s.coding.options.dims;
  if (count > kMaxQueries || k == 0 || candidates < k || s.coding.of_bits()) {
    return failure(Status::invalid_argument);
  }
  const std::size_t bad = first_non_finite(queries, count * dims);
  if (bad < count * dims) return failure(Status::non_finite, bad);
  candidates = std::min(candidates, s.rows.alive());
  if (candidates == 0) {
    std::fill_n(found, count, std::size_t{0});
    return success();
  }
  Buffer<float> rotated;
  Buffer<std::int8_t> levels;
  Queries ready;
  Best best[kMaxQueries];
  if (!rotated.resize(count * dims) || !levels.resize(round_up(dims, 16)) ||
      !ready.init(s.coding, count)) {
    return failure(Status::out_of_memory);
  }
  for (std::size_t q = 0; q < count; ++q) {
    if (!best[q].init(candidates)) return failure(Status::out_of_memory);
    const Result prepared =
        s.coder.prepare(queries + q * dims, q, &ready, rotated.data() + q * dims);
    if (!prepared.ok()) return failure(prepared.status, q * dims);
  }
  scan(s.coding, s.rows, ready, count, allowed, best);
  for (std::size_t q = 0; q < count; ++q) {
    const std::size_t n = best[q].finish();
    rank(s.coding, s.rows, ready, q, rotated.data() + q * dims, levels.data(), best[q].rows(), n);
    found[q] = std::min(n, k);
    std::copy_n(best[q].rows(), found[q], hits + q * k);
  }
  return success();
}

}  // namespace fewbits::vectors
