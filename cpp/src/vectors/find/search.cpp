#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/finite.h"
#include "vectors/code/tails.h"
#include "vectors/state.h"

namespace fewbits::vectors {

/// <y, r> for the rotated query and the row's finest code.
float Index::State::inner_product(std::size_t row, const float* y, std::int8_t* scratch) const {
  if (options.refine_bits != 0) {
    refine_levels_of(row, scratch);
    return kernels::dot_levels(y, scratch, options.dims) * *refine_factor(row);
  }
  levels_of(row, scratch);
  const std::uint8_t* at = block(row);
  const std::size_t slot = row % kBlockRows;
  if (!learned) {
    float product = kernels::dot_levels(y, scratch, options.dims);
    if (!has_tails) return product * factors(at)[slot];
    Tail finer[kTailBits];
    const std::size_t count = decode_tails(scratch, options.dims, tails(at)[slot], finer);
    for (std::size_t i = 0; i < count; ++i) product += y[finer[i].position] * finer[i].excess;
    return product * (factors(at)[slot] *
                      static_cast<float>(tail_ratio(scratch, options.dims, finer, count)));
  }
  float sum = 0;
  for (std::size_t s = 0; s < layout.segments(); ++s) {
    const CodedSegment& segment = layout.segment(s);
    sum += kernels::dot_levels(y + segment.dim, scratch + segment.dim, segment.dims) *
           (f32_from_small_f16(half_factors(at, s)[slot]) * scales[s]);
  }
  return sum;
}

Result Index::search(const float* queries, std::size_t count, std::size_t k, std::size_t candidates,
                     const std::uint32_t* allowed, Hit* hits, std::size_t* found) {
  State& s = *state_;
  const std::size_t dims = s.options.dims;
  if (count > kMaxQueries || k == 0 || candidates < k) return failure(Status::invalid_argument);
  const std::size_t bad = first_non_finite(queries, count * dims);
  if (bad < count * dims) return failure(Status::non_finite, bad);
  candidates = std::min(candidates, s.alive);
  if (candidates == 0) {
    std::fill_n(found, count, std::size_t{0});
    return success();
  }
  Buffer<float> rotated;
  Buffer<float> offsets;
  Buffer<std::int8_t> scratch;
  Queries ready;
  Best best[kMaxQueries];
  if (!rotated.resize(count * dims) || !offsets.resize(count) ||
      !scratch.resize(round_up(dims, 16)) ||
      !(s.by_dot ? ready.init_dots(s.row_bytes, count) : ready.init_tables(s.layout, count))) {
    return failure(Status::out_of_memory);
  }
  for (std::size_t q = 0; q < count; ++q) {
    if (!best[q].init(candidates)) return failure(Status::out_of_memory);
    const float* query = queries + q * dims;
    const float* mean = s.transform.mean();
    // As vectors are centred: but cosine and dot take the mean's share as a constant.
    float* x = s.centred.data();
    std::memcpy(x, query, dims * sizeof(float));
    double offset = 0;
    if (s.options.metric == Metric::cosine) {
      double square = 0;
      for (std::size_t i = 0; i < dims; ++i) {
        square += static_cast<double>(query[i]) * static_cast<double>(query[i]);
      }
      const double inverse = square > 0 ? 1 / std::sqrt(square) : 0;
      for (std::size_t i = 0; i < dims; ++i) {
        x[i] = static_cast<float>(static_cast<double>(query[i]) * inverse);
      }
    }
    if (s.options.metric == Metric::l2) {
      for (std::size_t i = 0; i < dims; ++i) {
        if (mean != nullptr) x[i] -= mean[i];
        offset -= static_cast<double>(x[i]) * static_cast<double>(x[i]);
      }
    } else if (mean != nullptr) {
      for (std::size_t i = 0; i < dims; ++i) {
        offset += static_cast<double>(x[i]) * static_cast<double>(mean[i]);
      }
    }
    if (s.options.metric != Metric::cosine) {
      double square = 0;
      for (std::size_t i = 0; i < dims; ++i) {
        square += static_cast<double>(x[i]) * static_cast<double>(x[i]);
      }
      if (square > kLargestNorm * kLargestNorm) return failure(Status::invalid_argument, q * dims);
    }
    offsets[q] = static_cast<float>(offset);
    float* y = rotated.data() + q * dims;
    s.transform.rotate(x, y);
    if (s.by_dot) {
      ready.set_dot(q, y, dims);
    } else {
      ready.set_tables(s.layout, s.scales.data(), q, y);
    }
    // Candidates are scored by the finer codes, whose rotation is the random one.
    if (s.learned && s.options.refine_bits != 0) s.transform.rotation().apply(x, y);
  }
  s.scan(ready, count, allowed, best);
  for (std::size_t q = 0; q < count; ++q) {
    const std::size_t n = best[q].finish();
    Hit* rows = best[q].rows();
    for (std::size_t i = 0; i < n; ++i) {
      const float product = s.inner_product(rows[i].row, rotated.data() + q * dims, scratch.data());
      rows[i].score =
          s.options.metric == Metric::l2
              ? (2.0f * product - s.norms(s.block(rows[i].row))[rows[i].row % kBlockRows]) +
                    offsets[q]
              : product + offsets[q];
    }
    // Factors of a file may take a score beyond float; only numbers can be sorted.
    for (std::size_t i = 0; i < n; ++i) {
      if (std::isnan(rows[i].score)) rows[i].score = -__builtin_inff();
    }
    std::sort(rows, rows + n, [](const Hit& a, const Hit& b) {
      return a.score != b.score ? a.score > b.score : a.row < b.row;
    });
    found[q] = std::min(n, k);
    std::copy_n(rows, found[q], hits + q * k);
  }
  return success();
}

}  // namespace fewbits::vectors
