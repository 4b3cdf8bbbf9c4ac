#include <algorithm>
#include <bit>

#include "vectors/state.h"

namespace fewbits::vectors {

void Index::State::finish_estimates(const std::uint8_t* block_at, float* estimates) const {
  if (options.metric != Metric::l2) return;
  const float* norm = norms(block_at);
  for (std::size_t r = 0; r < kBlockRows; ++r) estimates[r] = 2.0f * estimates[r] - norm[r];
}

void Index::State::offer_block(const float* estimates, std::size_t first,
                               const std::uint32_t* allowed, Best* best) const {
  std::uint64_t mask = kernels::above(estimates, best->threshold());
  if (mask == 0) return;
  if (rows - first < kBlockRows) mask &= (std::uint64_t{1} << (rows - first)) - 1;
  mask &= ~removed[first / 64];
  if (allowed != nullptr) {
    mask &= allowed[first / 32] |
            static_cast<std::uint64_t>(first + 32 < rows ? allowed[first / 32 + 1] : 0) << 32;
  }
  for (; mask != 0; mask &= mask - 1) {
    const int slot = std::countr_zero(mask);
    best->offer(estimates[slot], static_cast<std::uint32_t>(first) + static_cast<unsigned>(slot));
  }
}

namespace {

/// Rows that one query is scored against before the next one is: they stay in the cache.
constexpr std::size_t kTileRows = 1024;

/// estimates += (base + steps * sums) * factors, a plane at a time.
void add_plane(const std::uint32_t* sums, float step, float* partial) {
  for (std::size_t r = 0; r < kBlockRows; ++r) {
    partial[r] += step * static_cast<float>(static_cast<std::int32_t>(sums[r]));
  }
}

void add_segment(const float* partial, const std::uint16_t* factors, float* estimates) {
  for (std::size_t r = 0; r < kBlockRows; ++r) {
    estimates[r] += partial[r] * f32_from_small_f16(factors[r]);
  }
}

void only_segment(const std::uint32_t* sums, float base, float step, const float* factors,
                  float* estimates) {
  for (std::size_t r = 0; r < kBlockRows; ++r) {
    estimates[r] =
        (base + step * static_cast<float>(static_cast<std::int32_t>(sums[r]))) * factors[r];
  }
}

}  // namespace

void Index::State::scan_tables(const Queries& queries, std::size_t count,
                               const std::uint32_t* allowed, Best* best) const {
  alignas(16) std::uint32_t sums[kBlockRows];
  alignas(16) float estimates[kBlockRows];
  alignas(16) float partial[kBlockRows];
  for (std::size_t tile = 0; tile < rows; tile += kTileRows) {
    const std::size_t tile_end = std::min(rows, tile + kTileRows);
    for (std::size_t q = 0; q < count; ++q) {
      for (std::size_t first = tile; first < tile_end; first += kBlockRows) {
        const std::uint8_t* at = block(first);
        const auto look_up = [&](const Plane& plane) {
          kernels::lut_scan(at + plane.byte * kBlockRows, plane.bytes, queries.table(q, plane),
                            plane.run, sums);
        };
        if (!learned) {
          look_up(layout.segment(0).plane[0]);
          only_segment(sums, queries.base(q, 0), queries.step(q, 0, 0), factors(at), estimates);
        } else {
          std::fill_n(estimates, kBlockRows, 0.0f);
          for (std::size_t s = 0; s < layout.segments(); ++s) {
            const CodedSegment& segment = layout.segment(s);
            std::fill_n(partial, kBlockRows, queries.base(q, s));
            for (int p = 0; p < segment.planes; ++p) {
              look_up(segment.plane[p]);
              add_plane(sums, queries.step(q, s, p), partial);
            }
            add_segment(partial, half_factors(at, s), estimates);
          }
        }
        finish_estimates(at, estimates);
        offer_block(estimates, first, allowed, &best[q]);
      }
    }
  }
}

void Index::State::scan_dots(const Queries& queries, std::size_t count,
                             const std::uint32_t* allowed, Best* best) const {
  alignas(16) std::int32_t sums[4 * kBlockRows];
  alignas(16) std::int32_t computed[kBlockRows];
  alignas(16) float estimates[kBlockRows];
  const bool stored = options.metric != Metric::l2;
  for (std::size_t tile = 0; tile < rows; tile += kTileRows) {
    const std::size_t tile_end = std::min(rows, tile + kTileRows);
    for (std::size_t q = 0; q < count;) {
      const std::size_t group = count - q >= 4 ? 4 : 1;
      for (std::size_t first = tile; first < tile_end; first += kBlockRows) {
        const std::uint8_t* at = block(first);
        const std::size_t here = std::min(kBlockRows, rows - first);
        const auto* codes = reinterpret_cast<const std::int8_t*>(at);
        std::int32_t* levels_out = stored ? nullptr : computed;
        if (group == 4) {
          kernels::dot_scan4(codes, row_bytes, here, queries.dot(q), sums, levels_out);
        } else {
          kernels::dot_scan(codes, row_bytes, here, queries.dot(q), sums, levels_out);
        }
        const std::int32_t* of_row = stored ? level_sums(at) : computed;
        const float* factor = factors(at);
        for (std::size_t j = 0; j < group; ++j) {
          const float step = queries.dot_step(q + j);
          const std::int32_t* sum = sums + j * here;
          for (std::size_t r = 0; r < here; ++r) {
            const std::int32_t dot = sum[r] - Queries::kDotOffset * of_row[r];
            estimates[r] = static_cast<float>(dot) * step * factor[r];
          }
          for (std::size_t r = here; r < kBlockRows; ++r) estimates[r] = 0;
          finish_estimates(at, estimates);
          offer_block(estimates, first, allowed, &best[q + j]);
        }
      }
      q += group;
    }
  }
}

}  // namespace fewbits::vectors
